package firmware

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"golang.org/x/sync/errgroup"

	"canting/capture"
	"canting/capture/faultycamera"
)

// TestSoak runs the program, with its real camera process, under everything that
// a gallery may do to it at once: camera faults, swaps, refused models, presses
// and viewers, at random times. CANTING_SOAK is for how long; `make soak` runs it.
func TestSoak(t *testing.T) {
	t.Parallel()
	duration := 20 * time.Second
	if asked := os.Getenv("CANTING_SOAK"); asked != "" {
		var err error
		if duration, err = time.ParseDuration(asked); err != nil {
			t.Fatalf("CANTING_SOAK: %v", err)
		}
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("%v of everything at once, seed %d", duration, seed)
	s := newSoak(t)
	s.run(duration/10, seed) // until memory has taken its shape
	s.happened = newHappened()
	before := s.measure()
	s.run(duration, seed+1)
	s.print(before, s.measure())
}

// The bounds of a camera's loss and return, and what a loaded machine may add
// before the soak fails. The figures that it prints are without it.
const (
	lostWithin = 2 * time.Second
	backWithin = 10 * time.Second
	slowness   = 5
)

// soak is a kiosk under test and what has happened to it.
type soak struct {
	t       *testing.T
	gallery gallery
	slots   [2]string
	bad     []byte
	url     string
	pid     int
	script  faultycamera.Script

	mu    sync.Mutex
	fault faultycamera.Fault
	since time.Time // of the fault
	happened
}

// happened is what has happened, by its name.
type happened struct {
	count   map[string]int
	lasted  map[string][]time.Duration
	refused map[string]int
}

func newHappened() happened {
	return happened{map[string]int{}, map[string][]time.Duration{}, map[string]int{}}
}

func newSoak(t *testing.T) *soak {
	s := &soak{t: t, gallery: newGallery(t), script: faultycamera.Script(filepath.Join(t.TempDir(), "script")), happened: newHappened()}
	config := fmt.Sprintf("models: {store: models, keys: [%s]}\ncurator: {secret_file: secret}\ncamera: {source: v4l2}\nshutter: {hold: 2s}\n", s.gallery.ours.public)
	saveInPlace(t, s.gallery.config, config)
	writeFile(t, filepath.Join(filepath.Dir(s.gallery.config), "secret"), []byte(testSecret))
	for i, path := range s.gallery.models {
		s.slots[i] = s.gallery.do(t, "install", path).SHA256
	}
	s.gallery.do(t, "activate", s.slots[0])
	s.bad = readFile(t, s.gallery.models[0])
	s.bad[len(s.bad)/2] ^= 1
	log := &lockedBuffer{}
	url, command := launchLogging(t, s.gallery.config, log, faultycamera.Variable+"="+string(s.script))
	s.url, s.pid = url, command.Process.Pid
	t.Cleanup(func() {
		stopProgram(t, command)
		if t.Failed() {
			t.Log(log.String())
		}
	})
	s.recover()
	return s
}

// run lets everything happen at once, and leaves the kiosk at rest.
func (s *soak) run(duration time.Duration, seed uint64) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), duration)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	for i, part := range []func(context.Context, *rand.Rand) error{s.faults, s.swaps, s.presses, s.watch, s.viewers} {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		group.Go(func() error { return part(ctx, random) })
	}
	if err := group.Wait(); err != nil {
		s.t.Error(err)
	}
	s.recover()
}

// recover ends the fault and waits until the kiosk is at rest.
func (s *soak) recover() {
	s.t.Helper()
	if err := s.play(faultycamera.None); err != nil {
		s.t.Fatal(err)
	}
	waitState(s.t, s.url, "the live picture", time.Minute, labelled)
	http.DefaultClient.CloseIdleConnections()
	time.Sleep(3 * time.Second) // the last swap's model is let go of
}

func (s *soak) play(f faultycamera.Fault) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.since = f, time.Now()
	return s.script.Play(f)
}

func (s *soak) note(what string, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count[what]++
	s.lasted[what] = append(s.lasted[what], took)
}

// pause waits for between least and most; it tells whether the soak goes on.
func pause(ctx context.Context, random *rand.Rand, least, most time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(least + time.Duration(random.Int64N(int64(most-least)))):
		return true
	}
}

// get reads the state; a soak that is over is no error.
func (s *soak) get(ctx context.Context) (now state, err error) {
	request, err := http.NewRequestWithContext(ctx, "GET", s.url+"/api/v1/state", nil)
	if err != nil {
		return now, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return now, err
	}
	defer response.Body.Close()
	return now, json.NewDecoder(response.Body).Decode(&now)
}

// until waits for a state and returns how long it took. It gives up with an
// error after patience, and without one when the soak is over.
func (s *soak) until(ctx context.Context, what string, patience time.Duration, holds func(state) bool) (took time.Duration, err error) {
	began := time.Now()
	for ctx.Err() == nil {
		now, err := s.get(ctx)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			return 0, fmt.Errorf("%s: %w", what, err)
		}
		if holds(now) {
			return time.Since(began), nil
		}
		if time.Since(began) > patience {
			return 0, fmt.Errorf("%s did not happen within %v; the state is %+v", what, patience, now)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return 0, nil
}

// faults breaks the camera and mends it.
func (s *soak) faults(ctx context.Context, random *rand.Rand) error {
	for pause(ctx, random, time.Second, 5*time.Second) {
		f := faultycamera.Faults[random.IntN(len(faultycamera.Faults))]
		if err := s.play(f); err != nil {
			return err
		}
		if f.Loses() {
			took, err := s.until(ctx, "the loss by "+string(f), slowness*lostWithin, func(now state) bool {
				return now.Camera.State == string(capture.Lost) && now.Answer == nil
			})
			if err != nil {
				return err
			}
			s.note("lost", took)
		}
		s.note("fault "+string(f), 0)
		pause(ctx, random, time.Second, 6*time.Second)
		if err := s.play(faultycamera.None); err != nil {
			return err
		}
		took, err := s.until(ctx, "the return from "+string(f), slowness*backWithin, func(now state) bool {
			return now.Camera.State == string(capture.Live) && now.Answer != nil
		})
		if err != nil {
			return err
		}
		if f.Loses() {
			s.note("back", took)
		}
	}
	return nil
}

// watch looks for labels of a camera that gives no pictures.
func (s *soak) watch(ctx context.Context, random *rand.Rand) error {
	for pause(ctx, random, 20*time.Millisecond, 60*time.Millisecond) {
		now, err := s.get(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		s.mu.Lock()
		stale := s.fault.Loses() && s.fault != faultycamera.Leaking && time.Since(s.since) > lostWithin && now.Answer != nil
		if stale {
			s.count["stale labels"]++
		}
		if stale && time.Since(s.since) > slowness*lostWithin {
			err = fmt.Errorf("%v after %s there is still a label: %+v", time.Since(s.since), s.fault, now)
		}
		s.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// swaps changes models and offers bad ones, as a curator does.
func (s *soak) swaps(ctx context.Context, random *rand.Rand) error {
	for serving := 0; pause(ctx, random, time.Second, 4*time.Second); {
		if random.IntN(4) == 0 {
			body, kind := form(s.t, "model", string(s.bad), "signature", string(readFile(s.t, s.gallery.models[0]+signatureSuffix)))
			a := askCurator(s.t, "POST", s.url+"/api/v1/models", "Bearer "+testSecret, body, "Content-Type", kind)
			if a.status == http.StatusOK {
				return fmt.Errorf("an altered model was taken: %+v", a)
			}
			s.mu.Lock()
			s.refused[string(a.Reason)]++
			s.mu.Unlock()
			continue
		}
		serving = 1 - serving
		if a := askCurator(s.t, "POST", s.url+"/api/v1/models/"+s.slots[serving]+"/activate", "Bearer "+testSecret, nil); a.status != http.StatusOK {
			return fmt.Errorf("activate: %+v", a)
		}
		took, err := s.until(ctx, "a swap", time.Minute, func(now state) bool { return now.Model.SHA256 == s.slots[serving] })
		if err != nil {
			return err
		}
		s.note("swap", took)
	}
	return nil
}

// presses presses the shutter. Without a camera it may be answered by an error;
// a verdict is always one of a model of ours.
func (s *soak) presses(ctx context.Context, random *rand.Rand) error {
	for pause(ctx, random, 200*time.Millisecond, 2*time.Second) {
		request, err := http.NewRequestWithContext(ctx, "POST", s.url+"/api/v1/shutter", nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		var v verdict
		err = json.NewDecoder(response.Body).Decode(&v)
		response.Body.Close()
		switch {
		case response.StatusCode == http.StatusServiceUnavailable:
			s.note("press without a camera", 0)
		case response.StatusCode != http.StatusOK || err != nil || !slices.Contains(s.slots[:], v.Model):
			return fmt.Errorf("a press was answered with %s, %+v, %w", response.Status, v, err)
		default:
			s.note("verdict", time.Duration(v.TookMS*float64(time.Millisecond)))
		}
	}
	return nil
}

// viewers come and go, up to ten at once. A third of them stall.
func (s *soak) viewers(ctx context.Context, random *rand.Rand) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(10)
	for pause(ctx, random, 50*time.Millisecond, 400*time.Millisecond) {
		path, stall := []string{"/stream.mjpg", "/api/v1/events"}[random.IntN(2)], random.IntN(3) == 0
		stay := time.Second + time.Duration(random.Int64N(int64(8*time.Second)))
		group.Go(func() error { return s.view(ctx, path, stay, stall) })
	}
	return group.Wait()
}

func (s *soak) view(ctx context.Context, path string, stay time.Duration, stall bool) error {
	ctx, cancel := context.WithTimeout(ctx, stay)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, "GET", s.url+path, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		if ctx.Err() != nil { // it leaves before the first picture, which a lost camera does not give
			return nil
		}
		return fmt.Errorf("a viewer of %s: %w", path, err)
	}
	defer response.Body.Close()
	if stall {
		<-ctx.Done()
	}
	io.Copy(io.Discard, response.Body) // until it leaves or, having stalled, is dropped
	s.note("viewer", 0)
	return nil
}

// held is what the kiosk's process holds.
type held struct {
	goroutines, files, children int
	memory                      float64 // MiB, resident
	frames                      float64
}

func (s *soak) measure() (h held) {
	s.t.Helper()
	_, _, text := fetch(s.t, "GET", s.url+"/metrics")
	value := func(name string) float64 {
		for line := range strings.Lines(text) {
			if number, ok := strings.CutPrefix(line, name+" "); ok {
				v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
				if err != nil {
					s.t.Fatal(err)
				}
				return v
			}
		}
		s.t.Fatalf("/metrics lacks %s", name)
		return 0
	}
	return held{
		goroutines: int(value("go_goroutines")),
		files:      int(value("process_open_fds")),
		children:   len(children(s.t, s.pid)),
		memory:     value("process_resident_memory_bytes") / (1 << 20),
		frames:     value("canting_frames_total"),
	}
}

// print writes the figures as a table for the README.
func (s *soak) print(before, after held) {
	var text bytes.Buffer
	w := tabwriter.NewWriter(&text, 0, 0, 1, ' ', 0)
	row := func(what, format string, values ...any) {
		fmt.Fprintf(w, "| %s\t| %s\t|\n", what, fmt.Sprintf(format, values...))
	}
	faults := 0
	for what, n := range s.count {
		if strings.HasPrefix(what, "fault ") {
			faults += n
		}
	}
	row("camera faults", "%d, of %d kinds", faults, len(faultycamera.Faults))
	row("to \"camera lost\"", "%s", spread(s.lasted["lost"]))
	row("back after the fault's end", "%s", spread(s.lasted["back"]))
	row("states with a label more than 2 s into a loss", "%d", s.count["stale labels"])
	row("model swaps", "%d, %s", s.count["swap"], spread(s.lasted["swap"]))
	row("altered models refused", "%v", s.refused)
	row("verdicts", "%d, %s", s.count["verdict"], spread(s.lasted["verdict"]))
	row("presses without a camera, told so", "%d", s.count["press without a camera"])
	row("viewers that came and went", "%d", s.count["viewer"])
	row("frames classified", "%.0f", after.frames-before.frames)
	row("goroutines before, after", "%d, %d", before.goroutines, after.goroutines)
	row("open files before, after", "%d, %d", before.files, after.files)
	row("camera processes before, after", "%d, %d", before.children, after.children)
	row("memory of the parent before, after", "%.1f, %.1f MiB", before.memory, after.memory)
	w.Flush()
	s.t.Logf("the figures:\n%s", &text)
}

// spread is the median and the largest of some times.
func spread(all []time.Duration) string {
	if len(all) == 0 {
		return "none"
	}
	slices.Sort(all)
	return fmt.Sprintf("median %.2f s, at most %.2f s", all[len(all)/2].Seconds(), all[len(all)-1].Seconds())
}
