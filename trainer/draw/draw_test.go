package draw

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"image/jpeg"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// small is a set that is quick to draw.
var small = Options{Seed: 3, Counts: map[string]int{"rumah_gadang": 3, "rangkiang": 2, "kabau_padati": 2, "burung_hong": 2}, TestShare: 0.34, Size: 160}

// drawn writes a set and returns the hash of every file by its path in the set.
func drawn(t *testing.T, o Options) map[string][32]byte {
	t.Helper()
	dir := t.TempDir()
	if err := Write(context.Background(), dir, o, nil); err != nil {
		t.Fatal(err)
	}
	hashes := make(map[string][32]byte)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		hashes[strings.TrimPrefix(path, dir)] = sha256.Sum256(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return hashes
}

func TestSameSeedSameFiles(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	alone := drawn(t, small)
	runtime.GOMAXPROCS(2)
	if together := drawn(t, small); !maps.Equal(alone, together) {
		t.Error("the same seed drew other files on two processors than on one")
	}
}

func TestSeedsDiffer(t *testing.T) {
	other := small
	other.Seed++
	ours := drawn(t, small)
	for path, hash := range drawn(t, other) {
		if ours[path] == hash {
			t.Errorf("%s is the same for seeds %d and %d", path, small.Seed, other.Seed)
		}
	}
}

// A larger set keeps the pictures of a smaller one, which the index alone decides.
func TestPicturesDoNotDependOnTheCount(t *testing.T) {
	few, many := small.files(""), func() []file {
		o := small
		o.Counts = map[string]int{"rumah_gadang": 9, "rangkiang": 9, "kabau_padati": 9, "burung_hong": 9}
		return o.files("")
	}()
	for _, f := range few {
		if !slices.ContainsFunc(many, func(g file) bool { return g.picture == f.picture }) {
			t.Errorf("%v is missing from the larger set", f.picture)
		}
	}
}

func TestSplitIsThePapers(t *testing.T) {
	got := make(map[string]int)
	for _, f := range (Options{}).withDefaults().files("out") {
		got[filepath.Dir(f.path)]++
	}
	want := map[string]int{
		"out/train/rumah_gadang": 120, "out/train/rangkiang": 104, "out/train/kabau_padati": 40, "out/train/burung_hong": 56,
		"out/test/rumah_gadang": 30, "out/test/rangkiang": 26, "out/test/kabau_padati": 10, "out/test/burung_hong": 14,
	}
	if !maps.Equal(got, want) {
		t.Errorf("the split is %v, want the paper's %v", got, want)
	}
}

// The whole set is drawn small: what it tests does not depend on the size.
func TestPaperSetIsWholeAndWithoutDoubles(t *testing.T) {
	dir := t.TempDir()
	var calls, last atomic.Int64
	err := Write(context.Background(), dir, Options{Seed: 1, Size: minSize}, func(done, total int) {
		calls.Add(1)
		if done == total {
			last.Store(int64(total))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if calls.Load() != 400 || last.Load() != 400 {
		t.Errorf("progress was told %d times and ended at %d, want 400 and 400", calls.Load(), last.Load())
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*", "*.jpg"))
	if err != nil || len(paths) != 400 {
		t.Fatalf("%d pictures were written (%v), want 400", len(paths), err)
	}
	seen := make(map[[32]byte]string)
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := jpeg.Decode(bytes.NewReader(content))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if size := picture.Bounds().Size(); size.X != minSize || size.Y != minSize*3/4 {
			t.Errorf("%s is %v, want %dx%d", path, size, minSize, minSize*3/4)
		}
		var pixels bytes.Buffer
		if err := jpeg.Encode(&pixels, picture, nil); err != nil {
			t.Fatal(err)
		}
		hash := sha256.Sum256(pixels.Bytes())
		if other, double := seen[hash]; double {
			t.Errorf("%s is the same picture as %s", path, other)
		}
		seen[hash] = path
	}
}

func TestOptionsOutOfRange(t *testing.T) {
	for name, test := range map[string]struct {
		options Options
		says    string
	}{
		"unknown motif":  {Options{Counts: map[string]int{"parang": 3}}, `no motif is named "parang"`},
		"negative count": {Options{Counts: map[string]int{"rangkiang": -1}}, "-1 pictures of rangkiang"},
		"huge count":     {Options{Counts: map[string]int{"rangkiang": maxCount + 1}}, "give 0 to 100000"},
		"nothing":        {Options{Counts: map[string]int{}}, "no picture was asked for"},
		"all test":       {Options{TestShare: 1}, "test share is 1"},
		"negative share": {Options{TestShare: -0.1}, "test share is -0.1"},
		"no number":      {Options{TestShare: math.NaN()}, "test share is NaN"},
		"tiny":           {Options{Size: 8}, "width is 8"},
		"huge":           {Options{Size: 1 << 20}, "width is 1048576"},
		"not 4:3":        {Options{Size: 201}, "multiple of 4"},
	} {
		dir := t.TempDir()
		err := Write(context.Background(), dir, test.options, nil)
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: the error is %v, want one that says %q", name, err, test.says)
		}
		if entries, _ := os.ReadDir(dir); len(entries) > 0 {
			t.Errorf("%s: refused options left %v behind", name, entries)
		}
	}
}

func TestSetsDoNotMix(t *testing.T) {
	dir := t.TempDir()
	one := Options{Counts: map[string]int{"rangkiang": 1}, Size: minSize}
	if err := Write(context.Background(), dir, one, nil); err != nil {
		t.Fatal(err)
	}
	if err := Write(context.Background(), dir, one, nil); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("drawing into a full folder gave %v, want a refusal", err)
	}
}

func TestCancelStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	dir := t.TempDir()
	err := Write(ctx, dir, Options{Size: minSize}, func(done, _ int) {
		if done == 5 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "stopped after ") {
		t.Errorf("the error is %v, want one that says where it stopped and is context.Canceled", err)
	}
	paths, _ := filepath.Glob(filepath.Join(dir, "*", "*", "*.jpg"))
	if len(paths) < 5 || len(paths) > 5+2*runtime.GOMAXPROCS(0) {
		t.Errorf("%d pictures were written after cancelling at 5", len(paths))
	}
}

func TestShowcase(t *testing.T) {
	frames, err := Showcase(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, frame := range frames {
		if frame.Motif != Motifs[i] {
			t.Errorf("frame %d shows %s, want %s", i, frame.Motif, Motifs[i])
		}
		config, err := jpeg.DecodeConfig(bytes.NewReader(frame.JPEG))
		if err != nil || config.Width != 640 || config.Height != 480 {
			t.Errorf("frame %d is %dx%d (%v), want 640x480", i, config.Width, config.Height, err)
		}
		if len(frame.JPEG) > 80<<10 {
			t.Errorf("frame %d takes %d bytes, too many to embed", i, len(frame.JPEG))
		}
	}
	again, err := Showcase(1, 1)
	if err != nil || !bytes.Equal(frames[0].JPEG, again[0].JPEG) {
		t.Errorf("the same seed gave another frame (%v)", err)
	}
	for _, n := range []int{0, -1, maxShowcase + 1} {
		if _, err := Showcase(1, n); err == nil {
			t.Errorf("%d frames of each motif were drawn without an error", n)
		}
	}
}
