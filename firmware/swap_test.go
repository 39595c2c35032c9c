package firmware

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"canting/firmware/store"
	"canting/infer/metadata"
	"canting/infer/tflite"
)

const swapPatience = 15 * time.Second

func TestConfigurationSwapsTheModel(t *testing.T) {
	t.Parallel()
	good, other := testModel(t, func(*metadata.Golden) {}), testModelOf(t, misnamed(t), 0.4, func(*metadata.Golden) {})
	digests := map[string]string{good: digestOf(t, good), other: digestOf(t, other)}
	text := func(model string) string {
		return fmt.Sprintf("model: %s\nmodels: {allow_unsigned: true}\nlanguage: en\ncamera: {source: demo, hold: 500ms}\n", model)
	}
	url, config := startKioskAt(t, text(good))
	serves := func(what, model string) state {
		t.Helper()
		s, took := waitState(t, url, what, swapPatience, func(s state) bool {
			return s.Answer != nil && s.Answer.Model == digests[model] && s.Model.SHA256 == digests[model]
		})
		t.Logf("%s took %d ms", what, took.Milliseconds())
		return s
	}
	if s := serves("the start", good); s.Model.Source != sourceFile || s.Model.Signed || !s.Model.AllowUnsigned || s.Demo != true {
		t.Errorf("the state is %+v", s)
	}
	saveInPlace(t, config, text(other))
	serves("a save in place", other)
	saveByRename(t, config, text(good))
	serves("an editor's rename", good)
	if err := os.Remove(config); err != nil {
		t.Fatal(err)
	}
	waitState(t, url, "the notice of a removed configuration", swapPatience, func(s state) bool { return s.Model.Problem != nil })
	saveInPlace(t, config, text(other))
	if s := serves("a configuration made anew", other); s.Model.Problem != nil {
		t.Errorf("the problem stays: %+v", s.Model.Problem)
	}

	// A bad configuration changes nothing, and its mending takes the notice away.
	for _, bad := range []string{"model: [", "modle: x\n", "language: jv\n", "motifs: absent.yaml\n", ""} {
		saveByRename(t, config, bad)
		s, _ := waitState(t, url, "the refusal of "+bad, swapPatience, func(s state) bool {
			return s.Model.Problem != nil && s.Model.Problem.Reason == wrongConfiguration
		})
		if s.Model.SHA256 != digests[other] || s.Language != "en" {
			t.Errorf("%q changed the kiosk to %+v", bad, s)
		}
		saveByRename(t, config, text(other))
		waitState(t, url, "the end of the notice", swapPatience, func(s state) bool { return s.Model.Problem == nil })
	}

	// Settings apply without a restart, but for those that say they cannot.
	saveByRename(t, config, strings.Replace(text(good), "language: en", "language: min\nlisten: 127.0.0.1:1\nshutter: {frames: 2}", 1))
	if s := serves("model and settings together", good); s.Language != "min" {
		t.Errorf("the language is %q", s.Language)
	}
	if _, _, body := fetch(t, "POST", url+"/api/v1/shutter"); !strings.Contains(body, `"frames":2`) {
		t.Errorf("the shutter answers %s", body)
	}
	_, _, metrics := fetch(t, "GET", url+"/metrics")
	for _, want := range []string{
		`canting_model_swaps_total{source="file"} 4`, `canting_configuration_reloads_total{result="applied"} 4`, `canting_configuration_reloads_total{result="refused"} 6`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
}

// The motifs' own file is read anew when it is saved, in whichever folder the
// configuration names.
func TestSavedMotifsApplyAtOnce(t *testing.T) {
	t.Parallel()
	seen := demoCloths(t)[0]
	pictures, _ := writeCloths(t, []cloth{seen})
	paths := []string{filepath.Join(t.TempDir(), "motifs.yaml"), filepath.Join(t.TempDir(), "others.yaml")}
	motifs := func(name string) string {
		return fmt.Sprintf("motifs:\n- label: %s\n  name: {id: %[2]s, en: %[2]s, min: %[2]s}\n  story: {id: x, en: x, min: x}\n", seen.motif, name)
	}
	model := testModel(t, nil)
	text := func(path string) string {
		return fmt.Sprintf("model: %s\nmodels: {allow_unsigned: true}\nmotifs: %s\ncamera: {source: images, path: %s}\n", model, path, pictures)
	}
	saveInPlace(t, paths[0], motifs("First"))
	url, config := startKioskAt(t, text(paths[0]))
	named := func(name string) {
		t.Helper()
		s, _ := waitState(t, url, "the name "+name, time.Minute, func(s state) bool { return s.Answer != nil && s.Answer.Name.EN == name })
		if s.Model.Problem != nil || !s.Model.Untold { // the model's other motifs have no story
			t.Errorf("%s: %+v", name, s.Model)
		}
	}
	named("First")
	saveByRename(t, paths[0], motifs("Second"))
	named("Second")
	saveInPlace(t, paths[0], motifs("Third"))
	named("Third")
	saveInPlace(t, paths[0], "motifs: [")
	s, _ := waitState(t, url, "the refusal of broken motifs", time.Minute, func(s state) bool { return s.Model.Problem != nil })
	if s.Model.Problem.Reason != wrongConfiguration || s.Answer == nil || s.Answer.Name.EN != "Third" {
		t.Errorf("with broken motifs: %+v, %+v", s.Model.Problem, s.Answer)
	}
	saveByRename(t, paths[0], motifs("Fourth"))
	named("Fourth")

	// Another file, broken at first, is followed from then on.
	saveInPlace(t, paths[1], "motifs: [")
	saveByRename(t, config, text(paths[1]))
	waitState(t, url, "the refusal of the other motifs", time.Minute, func(s state) bool { return s.Model.Problem != nil })
	saveInPlace(t, paths[1], motifs("Fifth"))
	named("Fifth")
}

// Every model that is not fit to serve is refused with a reason of its own,
// and the one before it serves on.
func TestEachRefusalHasItsReason(t *testing.T) {
	t.Parallel()
	ours, theirs := newSigner(t), newSigner(t)
	good := testModel(t, func(*metadata.Golden) {})
	ours.sign(t, good, 5)
	folder := t.TempDir()
	kept := filepath.Join(folder, "models")
	// The kiosk's store has seen version 5.
	policy, err := store.NewPolicy([]string{ours.public}, false, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	models, err := store.Open(kept, policy)
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.Install(readFile(t, good), readFile(t, good+signatureSuffix), "")
	if err == nil {
		err = models.Confirm(m)
	}
	if err != nil {
		t.Fatal(err)
	}
	models.Close()

	variant := func(name string, file []byte) string {
		path := filepath.Join(folder, name+".tflite")
		writeFile(t, path, file)
		return path
	}
	whole := readFile(t, good)
	signed := func(name string, file []byte) string {
		path := variant(name, file)
		ours.sign(t, path, 6)
		return path
	}
	truncated, altered, cutUnsigned := signed("truncated", whole), signed("altered", whole), signed("cut", whole[:len(whole)/2])
	writeFile(t, truncated, whole[:len(whole)*2/3])
	writeFile(t, altered, bytes.Replace(whole, []byte(`"threshold":0.4`), []byte(`"threshold":0.1`), 1))
	stranger := variant("stranger", whole)
	theirs.sign(t, stranger, 6)
	older := variant("older", whole)
	ours.sign(t, older, 4)
	wrong := readFile(t, testModelOf(t, misnamed(t), 0.4, func(g *metadata.Golden) { g.Output[0] ^= 1 }))
	large := readFile(t, testModelOf(t, misnamed(t), 0.4, nil))

	text := func(model, limits string) string {
		return fmt.Sprintf("model: %s\nmodels: {keys: [%s], store: %s%s}\ncamera: {source: demo}\n", model, ours.public, kept, limits)
	}
	url, config := startKioskAt(t, text(good, ""))
	s, _ := waitState(t, url, "a live label", swapPatience, labelled)
	if s.Model.Problem != nil || !s.Model.Signed || s.Model.Version != 5 || s.Model.AllowUnsigned {
		t.Fatalf("the good model: %+v", s.Model)
	}
	for _, c := range []struct {
		model, limits string
		want          store.Reason
	}{
		{truncated, "", store.Truncated},
		{cutUnsigned, "", store.Truncated},
		{altered, "", store.Altered},
		{variant("unsigned", large), "", store.Unsigned},
		{stranger, "", store.WrongKey},
		{older, "", store.Older},
		{filepath.Join(folder, "absent.tflite"), "", store.Unread},
		{"0123abcd", "", store.Unread},
		{signed("golden", wrong), "", wrongGolden},
		{signed("grey", greyModel(t)), "", wrongInput},
		{signed("large", append(large, make([]byte, 1<<20)...)), ", max_file_mib: 1", store.TooLarge},
		{signed("hungry", padded(t, large)), ", memory_mib: 1", tooHungry},
	} {
		saveByRename(t, config, text(c.model, c.limits))
		s, _ := waitState(t, url, string(c.want)+" of "+filepath.Base(c.model), swapPatience, func(s state) bool {
			return s.Model.Problem != nil && s.Model.Problem.Reason == c.want
		})
		if s.Model.SHA256 != m.Digest || s.Model.Problem.What == "" {
			t.Errorf("%s: the state is %+v", c.want, s.Model)
		}
		if _, _, metrics := fetch(t, "GET", url+"/metrics"); !strings.Contains(metrics, fmt.Sprintf("canting_model_refusals_total{reason=%q} ", c.want)) {
			t.Errorf("/metrics does not count %s", c.want)
		}
		saveByRename(t, config, text(good, ""))
		waitState(t, url, "the end of the notice", swapPatience, func(s state) bool { return s.Model.Problem == nil })
	}
	if status, _, body := fetch(t, "POST", url+"/api/v1/shutter"); status != http.StatusOK || !strings.Contains(body, m.Digest) {
		t.Errorf("after all that the shutter answers %d %s", status, body)
	}
}

func parsed(t testing.TB, file []byte) *tflite.Model {
	t.Helper()
	m, err := tflite.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// padded is a model of more than 1 MiB.
func padded(t testing.TB, file []byte) []byte {
	t.Helper()
	m := parsed(t, file)
	about, err := metadata.Parse(m.Canting)
	if err != nil {
		t.Fatal(err)
	}
	about.Provenance.Config = strings.Repeat("#", 1<<20)
	if m.Canting, err = json.Marshal(about); err != nil {
		t.Fatal(err)
	}
	if file, err = m.Encode(); err != nil {
		t.Fatal(err)
	}
	return file
}

// greyModel takes one channel.
func greyModel(t testing.TB) []byte {
	t.Helper()
	quant := tflite.Quantization{Scale: []float32{1. / 256}, ZeroPoint: []int64{-128}}
	m := tflite.Model{
		Tensors: []tflite.Tensor{
			{Name: "picture", Type: tflite.Int8, Shape: []int{1, 2, 2, 1}, Quant: quant},
			{Name: "flat", Type: tflite.Int8, Shape: []int{1, 4}, Quant: quant},
			{Name: "probabilities", Type: tflite.Int8, Shape: []int{1, 4}, Quant: quant},
		},
		Operators: []tflite.Operator{
			{Code: tflite.Reshape, Inputs: []int{0}, Outputs: []int{1}, Options: tflite.ReshapeOptions{}},
			{Code: tflite.Softmax, Inputs: []int{1}, Outputs: []int{2}, Options: tflite.SoftmaxOptions{Beta: 1}},
		},
		Inputs: []int{0}, Outputs: []int{2},
	}
	file, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// Swaps as fast as they go, in the midst of frames and presses: no frame is
// dropped, and whatever is answered is what the model that it names says of the
// frame that it names. CANTING_SWAPS sets their number. A swap can make the live
// loop drop a frame by work or by waiting. This test counts the work, by the
// processor's time of the loop's thread, which other programs do not stretch;
// TestSwapsNeverMakeTheLoopWait counts the waiting.
func TestSwapsDropNoFrame(t *testing.T) {
	swaps := 100
	if text := os.Getenv("CANTING_SWAPS"); text != "" {
		var err error
		if swaps, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	ours := newSigner(t)
	models := []string{testModel(t, func(*metadata.Golden) {}), testModelOf(t, misnamed(t), 0.4, func(*metadata.Golden) {})}
	for i, path := range models {
		ours.sign(t, path, i)
	}
	b := newBench(t, models[0], fmt.Sprintf("models: {keys: [%s]}\nlive: {smoothing: 0s}\nshutter: {frames: 1, budget: 10s}\ncamera: {source: demo}\n", ours.public))
	b.swapper.trial.frames, b.swapper.trial.slowest = 1, time.Minute // the machine may be busy
	want := expect(t, models, b.camera.frames)
	if len(want.live) != 2 {
		t.Fatal("the two models are one")
	}
	check := func(what string, want map[string][]answer, a answer) {
		t.Helper()
		w := want[a.Model][a.Frame%uint64(len(b.camera.frames))]
		if len(want[a.Model]) == 0 || a.Label != w.Label || a.Confidence != w.Confidence || !slices.Equal(a.Scores, w.Scores) {
			t.Errorf("%s of frame %d is %+v, the model %.8s says %+v", what, a.Frame, a, a.Model, w)
		}
	}

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	clock, stopClock := context.WithCancel(ctx)
	var loop, others sync.WaitGroup
	loop.Go(func() {
		runtime.LockOSThread() // whose work the camera counts
		b.kiosk.run(ctx)
	})
	others.Go(func() { b.camera.run(clock, frameTime) })
	verdicts, byModel := 0, map[string]int{}
	others.Go(func() {
		for ; clock.Err() == nil; time.Sleep(3 * frameTime) {
			v, err := b.kiosk.press(ctx)
			if err != nil {
				if clock.Err() == nil {
					t.Errorf("a press failed: %v", err)
				}
				continue
			}
			check("the verdict", want.pressed, v.answer)
			verdicts++
			byModel[v.Model]++
		}
	})
	live := 0
	others.Go(func() {
		for clock.Err() == nil {
			now, changed := b.kiosk.state.get()
			if now.Answer != nil {
				check("the live label", want.live, *now.Answer)
				live++
			}
			select {
			case <-changed:
			case <-clock.Done():
			}
		}
	})
	began := time.Now()
	for i := range swaps {
		b.model.Store(&models[(i+1)%2])
		b.swapper.reload(ctx)
		if p := b.kiosk.problem.Load(); p != nil {
			t.Fatalf("swap %d: %+v", i, p)
		}
	}
	took := time.Since(began)
	stopClock()
	others.Wait()
	stop()
	loop.Wait()
	b.kiosk.close()
	frames, missed, dropped := int(b.camera.shown.Load()), b.camera.missed, b.camera.dropped
	t.Logf("%d swaps in %.1f s (%.1f ms each), %d frames shown, %d missed while the machine did something else, %d dropped, %d verdicts (%v), %d live labels checked",
		swaps, took.Seconds(), took.Seconds()*1000/float64(swaps), frames, missed-dropped, dropped, verdicts, slices.Collect(maps.Values(byModel)), live)
	if dropped > 0 {
		t.Errorf("%d frames were dropped by the live loop's own work", dropped)
	}
	if done := metricValue(t, b.kiosk.metrics, "canting_model_swaps_total"); int(done) != swaps {
		t.Errorf("%v of %d swaps were made", done, swaps)
	}
	if verdicts < frames/16 || live < frames/4 || len(byModel) != 2 {
		t.Error("too little was checked to mean anything")
	}
}

// Where work takes no time and only waiting does, every single frame is
// classified, however many swaps there are.
func TestSwapsNeverMakeTheLoopWait(t *testing.T) {
	models := []string{testModel(t, func(*metadata.Golden) {}), testModelOf(t, misnamed(t), 0.4, func(*metadata.Golden) {})}
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, models[0], "models: {allow_unsigned: true}\ncamera: {source: demo}\n")
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { b.kiosk.run(ctx) })
		running.Go(func() { b.camera.run(ctx, frameTime) })
		const swaps = 50
		for i := range swaps {
			b.model.Store(&models[(i+1)%2])
			b.swapper.reload(ctx)
		}
		stop()
		running.Wait()
		b.kiosk.close()
		shown, done := b.camera.shown.Load(), metricValue(t, b.kiosk.metrics, "canting_model_swaps_total")
		classified := uint64(metricValue(t, b.kiosk.metrics, "canting_frames_total"))
		t.Logf("%v swaps, %d frames shown, %d classified", done, shown, classified)
		// The last may come as the kiosk stops.
		if b.camera.missed > 0 || classified+1 < shown || done != swaps || shown < swaps*uint64(b.swapper.trial.frames)/2 {
			t.Errorf("%v swaps, %d of %d frames classified, %d missed", done, classified, shown, b.camera.missed)
		}
	})
}

// A model that panics within its first minute is replaced on the very frame by
// the one before it, in the kiosk and in the store.
func TestFailingModelIsTakenBack(t *testing.T) {
	kept := filepath.Join(t.TempDir(), "models")
	models := []string{testModel(t, nil), testModelOf(t, misnamed(t), 0.4, nil)}
	digests := []string{digestOf(t, models[0]), digestOf(t, models[1])}
	activate := func(s *store.Store, path string) {
		t.Helper()
		m, err := s.Install(readFile(t, path), nil, "")
		if err == nil {
			_, err = s.Activate(m.Digest)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	policy, err := store.NewPolicy(nil, true, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(kept, policy)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	activate(s, models[0])
	b := newBench(t, "", fmt.Sprintf("models: {store: %s, allow_unsigned: true, max_file_mib: 1}\ncamera: {source: demo}\n", kept))
	changed := make(chan struct{})
	b.swapper.changed = changed
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{}, 3)
	for _, f := range []func(context.Context){
		b.kiosk.run, b.swapper.run, func(ctx context.Context) { b.camera.run(ctx, 10*time.Millisecond) },
	} {
		go func() { f(ctx); ended <- struct{}{} }()
	}
	defer func() {
		stop()
		for range 3 {
			<-ended
		}
		b.kiosk.close()
	}()
	wait := func(what string, wanted func(state) bool) {
		t.Helper()
		for began := time.Now(); ; time.Sleep(time.Millisecond) {
			now, _ := b.kiosk.state.get()
			if wanted(now) {
				return
			}
			if time.Since(began) > swapPatience {
				t.Fatalf("%s did not happen; the state is %+v", what, now)
			}
		}
	}
	serves := func(i int) func(state) bool {
		return func(s state) bool { return s.Answer != nil && s.Answer.Model == digests[i] }
	}
	wait("the start", serves(0))
	activate(s, models[1])
	changed <- struct{}{}
	wait("the swap", serves(1))

	// The new model's own pointer becomes nil: the next frame panics, and the model before answers it.
	b.kiosk.betweenFrames(ctx, func() {
		b.kiosk.serving.Load().preprocessor = nil
		for b.camera.newest.Load().Seq == b.kiosk.frame.Seq {
			time.Sleep(time.Millisecond)
		}
		if seen := b.kiosk.turn(); seen == nil || b.kiosk.answer.Model != digests[0] {
			t.Errorf("the frame that the new model panicked on was answered with %+v", b.kiosk.answer)
		}
	})
	wait("the rollback", func(s state) bool { return serves(0)(s) && s.Model.Problem != nil })
	now, _ := b.kiosk.state.get()
	if p := now.Model.Problem; p.Reason != rolledBack || !strings.Contains(p.What, "panic") {
		t.Errorf("the problem is %+v", p)
	}
	if n := metricValue(t, b.kiosk.metrics, "canting_model_rollbacks_total"); n != 1 {
		t.Errorf("%v rollbacks are counted", n)
	}
	m, _, err := s.Serving()
	if err != nil || m.Digest != digests[0] {
		t.Errorf("the store's current model is %.8s (%v), want %.8s", m.Digest, err, digests[0])
	}
	// It is not tried again by itself, and the notice stays.
	activate(s, models[1])
	changed <- struct{}{}
	wait("the refusal", func(s state) bool { return s.Model.Problem != nil && s.Model.Problem.Reason == failed })
	if m, _, err := s.Serving(); err != nil || m.Digest != digests[0] {
		t.Errorf("the store's current model is %.8s (%v), want %.8s", m.Digest, err, digests[0])
	}
}
