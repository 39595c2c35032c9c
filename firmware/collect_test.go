package firmware

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/jpeg"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"canting/capture"
	"canting/configs"
)

// testCollector runs a collector whose log the test reads.
func testCollector(t testing.TB) (c *collector, log *lockedBuffer, start func(configs.Collect)) {
	t.Helper()
	log = &lockedBuffer{}
	b := newBench(t, "", "camera: {source: demo}\nmodels: {allow_unsigned: true}\n")
	b.kiosk.close()
	c = newCollector(b.kiosk.metrics, slog.New(slog.NewTextHandler(log, nil)))
	return c, log, func(to configs.Collect) {
		ctx, stop := context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() { c.run(ctx, to) })
		t.Cleanup(func() { stop(); running.Wait() })
	}
}

// keepOne offers a picture and waits for what becomes of it.
func keepOne(t testing.TB, c *collector, to configs.Collect, label string, frame capture.Frame) kept {
	t.Helper()
	done := make(chan kept, 1)
	if !c.offer(collected{to, label, frame, done}) {
		t.Fatal("the queue is full")
	}
	return <-done
}

func frameOf(t testing.TB, c cloth) capture.Frame {
	t.Helper()
	frame, err := capture.Decode(c.file)
	if err != nil {
		t.Fatal(err)
	}
	frame.Seq, frame.At = 1, time.Now()
	return frame
}

// pictures are the files below a folder.
func pictures(t testing.TB, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// The verdicts' pictures lie in folders that the trainer reads, and only while
// the curator wants it.
func TestCollectedPicturesAreReadyForTheTrainer(t *testing.T) {
	t.Parallel()
	model := testModel(t, nil)
	folder := filepath.Join(t.TempDir(), "kept", "pictures")
	text := fmt.Sprintf("model: %s\nmodels: {allow_unsigned: true}\ncamera: {source: demo, hold: 200ms}\n", model)
	url, config := startKioskAt(t, text)
	waitState(t, url, "a live label", time.Minute, labelled)
	press := func() (v verdict) {
		t.Helper()
		_, _, body := fetch(t, "POST", url+"/api/v1/shutter")
		if err := json.Unmarshal([]byte(body), &v); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		return v
	}
	press()
	if _, err := os.Stat(folder); err == nil || stateOf(t, url).Collecting {
		t.Error("pictures are kept unasked")
	}
	saveByRename(t, config, text+"collect: {folder: "+folder+"}\n")
	waitState(t, url, "the notice that pictures are kept", time.Minute, func(s state) bool { return s.Collecting })
	want := map[string]int{}
	for len(want) < 2 || want[unknownLabel] > 0 && len(want) < 3 {
		v := press()
		label := v.Label
		if v.Unknown {
			label = unknownLabel
		}
		want[label]++
		kept := 0
		for _, n := range want {
			kept += n
		}
		until(t, "the picture on the disk", func() bool {
			files := slices.DeleteFunc(pictures(t, folder), func(file string) bool { return strings.HasSuffix(file, pendingSuffix) })
			return len(files) == kept
		})
	}
	for _, file := range pictures(t, folder) {
		want[filepath.Base(filepath.Dir(file))]--
		picture, err := jpeg.DecodeConfig(bytes.NewReader(readFile(t, file)))
		if err != nil || picture.Width != 640 || !collectedName.MatchString(filepath.Base(file)) {
			t.Errorf("%s: %+v, %v", file, picture, err)
		}
	}
	for label, n := range want {
		if n != 0 {
			t.Errorf("%d pictures of %s are missing", n, label)
		}
	}
	saveByRename(t, config, text)
	waitState(t, url, "the notice's end", time.Minute, func(s state) bool { return !s.Collecting })
	before := len(pictures(t, folder))
	press()
	if n := len(pictures(t, folder)); n != before {
		t.Errorf("%d pictures were kept after it was switched off", n-before)
	}

	if err := os.RemoveAll(filepath.Join(folder, unknownLabel)); err != nil { // a person sorts these
		t.Fatal(err)
	}
	trainer := filepath.Join(t.TempDir(), "canting-trainer")
	if out, err := exec.Command("go", "build", "-o", trainer, "canting/trainer/cmd/canting-trainer").CombinedOutput(); err != nil {
		t.Fatalf("build the trainer: %v: %s", err, out)
	}
	out, err := exec.Command(trainer, "evaluate", "--model", model, "--data", folder, "--json").Output()
	if err != nil {
		t.Fatalf("the trainer does not read the folder: %v: %s", err, out)
	}
	var found struct {
		PerClass map[string]struct{ Correct, Wrong int } `json:"per_class"`
	}
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, n := range found.PerClass {
		seen += n.Correct + n.Wrong
	}
	if files := len(pictures(t, folder)); seen != files || seen == 0 {
		t.Errorf("the trainer sees %d of %d pictures: %s", seen, files, out)
	}
}

// The folder never holds more than it may: the oldest pictures go, and nothing
// that the kiosk did not write.
func TestCollectionIsCappedOldestFirst(t *testing.T) {
	t.Parallel()
	c, _, start := testCollector(t)
	to := configs.Collect{Folder: t.TempDir(), MaxMiB: 1}
	cloths := demoCloths(t)
	size := func() (sum int64) {
		for _, file := range pictures(t, to.Folder) {
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			if collectedName.MatchString(filepath.Base(file)) {
				sum += info.Size()
			}
		}
		return sum
	}
	// What an earlier run with a larger limit left.
	for _, name := range []string{"a", "b"} {
		if err := os.Mkdir(filepath.Join(to.Folder, name), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	old := filepath.Join(to.Folder, "b", "20200101T000000.000Z-00000000.jpg")
	younger := filepath.Join(to.Folder, "a", "20200102T000000.000Z-00000000.jpg")
	half := filepath.Join(to.Folder, "a", "20200103T000000.000Z-00000000.jpg"+pendingSuffix)
	curators := filepath.Join(to.Folder, "a", "IMG_0001.jpg")
	for _, path := range []string{old, younger, half, curators} {
		writeFile(t, path, make([]byte, 600<<10))
	}
	start(to)
	var newest string
	for i := range 12 {
		frame := frameOf(t, cloths[i%len(cloths)])
		frame.At = frame.At.Add(time.Duration(i) * time.Second)
		k := keepOne(t, c, to, cloths[i%len(cloths)].motif, frame)
		if k.err != nil {
			t.Fatal(k.err)
		}
		newest = filepath.Join(to.Folder, k.file)
		if sum := size(); sum > 1<<20 {
			t.Errorf("after picture %d the folder has %d bytes", i, sum)
		}
		if i == 0 {
			files := pictures(t, to.Folder)
			if slices.Contains(files, old) || !slices.Contains(files, younger) || slices.Contains(files, half) {
				t.Errorf("after the start the folder holds %v", files)
			}
		}
	}
	files := pictures(t, to.Folder)
	if slices.Contains(files, younger) || !slices.Contains(files, curators) || !slices.Contains(files, newest) || len(files) < 4 {
		t.Errorf("at the end the folder holds %v", files)
	}
}

// A label from a hostile model or request names no place but its own folder.
func TestHostileLabelsDoNotLeaveTheFolder(t *testing.T) {
	t.Parallel()
	c, _, start := testCollector(t)
	above := t.TempDir()
	to := configs.Collect{Folder: filepath.Join(above, "kept"), MaxMiB: 1}
	start(to)
	frame := frameOf(t, demoCloths(t)[0])
	for _, label := range []string{
		"", ".", "..", "../out", "/etc", "a/b", `a\b`, ".hidden", "a\x00b", "a\nb", "\xff", strings.Repeat("x", 129), "train", "test",
	} {
		if k := keepOne(t, c, to, label, frame); k.err == nil {
			t.Errorf("%q was kept as %s", label, k.file)
		}
	}
	// Nor does a link that somebody put there.
	if err := os.MkdirAll(to.Folder, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(above, filepath.Join(to.Folder, "linked")); err != nil {
		t.Fatal(err)
	}
	if k := keepOne(t, c, to, "linked", frame); k.err == nil {
		t.Errorf("a link was followed to %s", k.file)
	}
	if entries, err := os.ReadDir(above); err != nil || len(entries) != 1 {
		t.Errorf("beside the folder there is %v (%v)", entries, err)
	}
	if k := keepOne(t, c, to, "kain <b>& cloth", frame); k.err != nil {
		t.Errorf("a label with odd characters: %v", k.err)
	}
	if n := metricOf(t, c, collectFailed); n != 15 {
		t.Errorf("%v failures are counted", n)
	}
}

func metricOf(t testing.TB, c *collector, result string) float64 {
	t.Helper()
	return testutil.ToFloat64(c.counter.WithLabelValues(result))
}

// A full disk is a line in the log: nothing half is left, and the next picture
// that fits is kept.
func TestFullDiskOnlyLosesPictures(t *testing.T) {
	t.Parallel()
	c, log, start := testCollector(t)
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=64k"); err != nil {
		if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
			t.Skip("no small disk may be mounted here, so a full one is not tried: run as root")
		}
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Unmount(folder, 0) })
	to := configs.Collect{Folder: folder, MaxMiB: 1}
	start(to)
	frame := frameOf(t, demoCloths(t)[0])
	for range 3 {
		if k := keepOne(t, c, to, "kawung", frame); !errors.Is(k.err, syscall.ENOSPC) {
			t.Fatalf("kept on a full disk: %+v", k)
		}
	}
	if files := pictures(t, folder); len(files) != 0 {
		t.Errorf("half a picture is left: %v", files)
	}
	if !strings.Contains(log.String(), "no space left") {
		t.Errorf("the log is %s", log.String())
	}
	small := half(half(frame))
	small.At = time.Now()
	if k := keepOne(t, c, to, "kawung", small); k.err != nil {
		t.Errorf("a picture that fits: %v", k.err)
	}
}

// Whoever offers a picture never waits for the disk.
func TestOfferingAPictureNeverBlocks(t *testing.T) {
	t.Parallel()
	c, _, _ := testCollector(t) // which does not run
	p := collected{to: configs.Collect{Folder: t.TempDir(), MaxMiB: 1}, label: "kawung", frame: frameOf(t, demoCloths(t)[0])}
	taken := 0
	for range 10 * collectQueue {
		if c.offer(p) {
			taken++
		}
	}
	if dropped := metricOf(t, c, collectDropped); taken != collectQueue || dropped != 9*collectQueue {
		t.Errorf("%d pictures were taken and %v dropped", taken, dropped)
	}
	if c.offer(collected{label: "kawung", frame: p.frame}) {
		t.Error("a picture was taken that nobody asked for")
	}
}

// The curator keeps what the camera sees under a label of their own.
func TestCuratorCollectsUnderALabel(t *testing.T) {
	t.Parallel()
	g, url, _, _ := curatedKiosk(t, "")
	waitState(t, url, "a live label", time.Minute, labelled)
	collect := func(label string) asked {
		return askCurator(t, "POST", url+"/api/v1/collect/"+label, "Bearer "+testSecret, nil)
	}
	if a := collect("kawung"); a.status != http.StatusConflict || a.Reason != "off" {
		t.Errorf("without a folder: %d %+v", a.status, a.refusedAnswer)
	}
	folder := filepath.Join(t.TempDir(), "kept")
	saveByRename(t, g.config, string(readFile(t, g.config))+"collect: {folder: "+folder+"}\n")
	waitState(t, url, "the notice that pictures are kept", time.Minute, func(s state) bool { return s.Collecting })
	if a := collect("batik%20tulis"); a.status != http.StatusOK {
		t.Errorf("%d %+v", a.status, a.refusedAnswer)
	}
	if files := pictures(t, folder); len(files) != 1 || filepath.Base(filepath.Dir(files[0])) != "batik tulis" {
		t.Errorf("the folder holds %v", files)
	}
	for _, label := range []string{"..%2Fout", "%2e%2e", "train", ".git", "a%00b"} {
		if a := collect(label); a.status == http.StatusOK {
			t.Errorf("%s: %d", label, a.status)
		}
	}
	if a := askCurator(t, "POST", url+"/api/v1/collect/kawung", "", nil); a.status != http.StatusUnauthorized {
		t.Errorf("without the secret: %d", a.status)
	}
	if files := pictures(t, folder); len(files) != 1 {
		t.Errorf("the folder holds %v", files)
	}
}
