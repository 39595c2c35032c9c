package firmware

import (
	"bytes"
	"log/slog"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"canting/capture"
	"canting/firmware/demo"
	"canting/infer/metadata"
)

// litCloths are the demonstration's own cloths, their light changed by a factor.
func litCloths(t testing.TB, light float64) (frames []capture.Frame) {
	t.Helper()
	for _, c := range demoCloths(t) {
		frame, err := capture.Decode(c.file)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range frame.BGR {
			frame.BGR[i] = byte(min(light*float64(v), 255))
		}
		frames = append(frames, frame)
	}
	return frames
}

// photographs are of batik that the demonstration's model has never seen.
func photographs(t testing.TB) (frames []capture.Frame) {
	t.Helper()
	paths, err := filepath.Glob("../../shared/data/batik400/test/*/*")
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Skip("../shared/data/batik400 is absent: no foreign photographs are shown")
	}
	for _, path := range paths {
		frame, err := capture.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, frame)
	}
	return frames
}

// plain is a wall.
func plain() capture.Frame {
	return capture.Frame{Width: 640, Height: 480, BGR: bytes.Repeat([]byte{150}, 640*480*3)}
}

// The cloths that a model was made for raise no warning, however often they
// come; another light and other cloths do.
func TestDriftWarnsOfOtherPicturesOnly(t *testing.T) {
	c, err := newClassifier(demo.Model(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	for what, of := range map[string]struct {
		frames func(testing.TB) []capture.Frame
		want   []string
	}{
		"the demonstration's cloths": {func(t testing.TB) []capture.Frame { return litCloths(t, 1) }, nil},
		"the same in the dark":       {func(t testing.TB) []capture.Frame { return litCloths(t, 0.3) }, []string{"brightness"}},
		"the same in glaring light":  {func(t testing.TB) []capture.Frame { return litCloths(t, 2) }, []string{"brightness"}},
		"other batik":                {photographs, []string{"confidence", "unknown"}},
	} {
		t.Run(what, func(t *testing.T) {
			var log bytes.Buffer
			d := newDrift(c, slog.New(slog.NewTextHandler(&log, nil)))
			var shown []shot
			for _, frame := range append(of.frames(t), plain()) {
				s, err := see(c, frame)
				if err != nil {
					t.Fatal(err)
				}
				shown = append(shown, *s)
			}
			for i := range 3 * driftWindow {
				d.press(shown[i%len(shown)])
				if report := d.report.Load(); (report.presses < leastPresses) != (report.figures == nil) {
					t.Fatalf("after %d presses the report is %+v", i+1, report)
				}
			}
			report := d.report.Load()
			var warned []string
			for _, f := range report.figures {
				if f.warns {
					warned = append(warned, f.name)
				}
			}
			t.Logf("%d presses against %d pictures: %+v", report.presses, report.pictures, report.figures)
			if !slices.Equal(warned, of.want) || report.presses != driftWindow || report.warns() != (of.want != nil) {
				t.Errorf("warned of %v, want %v", warned, of.want)
			}
			if lines := strings.Count(log.String(), "level=WARN"); (lines > 0) != (of.want != nil) || lines > len(of.want) {
				t.Errorf("the log is\n%s", log.String())
			}
		})
	}
}

// Samples of one population part by chance alone; they must not warn, nor must
// a change for the better.
func TestDriftAllowsForChance(t *testing.T) {
	trained := metadata.NewTraining()
	for i := range 40 {
		trained.Add(0.5+float64(i)/80, i < 2, 100+float64(i))
	}
	few := metadata.NewTraining()
	for i := range leastPresses {
		few.Add(0.5+float64(i%20)/80, i < 6, 100+float64(i%5)) // the lower half only
	}
	better := metadata.NewTraining()
	for range driftWindow {
		better.Add(0.99, false, 120)
	}
	for what, shown := range map[string]*metadata.Training{"chance": few, "a change for the better": better} {
		for _, f := range compare(trained, shown) {
			if f.name == "unknown" && f.warns || what != "chance" && f.warns || math.IsNaN(f.psi) || math.IsInf(f.psi, 0) {
				t.Errorf("%s: %+v", what, f)
			}
		}
	}
}

// Presses that show no cloth count for nothing.
func TestDriftLeavesOutWhatIsNoCloth(t *testing.T) {
	c, err := newClassifier(demo.Model(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	d := newDrift(c, slog.New(slog.DiscardHandler))
	wall, err := see(c, plain())
	if err != nil {
		t.Fatal(err)
	}
	cloth, err := see(c, litCloths(t, 1)[0])
	if err != nil {
		t.Fatal(err)
	}
	d.press(*wall)
	d.press(*cloth)
	if report := d.report.Load(); report.presses != 1 {
		t.Errorf("a wall and a cloth are %d presses", report.presses)
	}
}

// Without the model's own figures there is nothing to compare with.
func TestDriftWithoutFiguresIsSilent(t *testing.T) {
	c, err := newClassifier(readFile(t, testModel(t, nil)), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	d := newDrift(c, slog.New(slog.DiscardHandler))
	for range driftWindow {
		d.add(judged{0.1, true, 3})
	}
	if report := d.report.Load(); report.pictures != 0 || report.figures != nil || report.warns() {
		t.Errorf("the report is %+v", report)
	}
}

// The largest figures that a model's file may carry are compared without
// overflow, on a 32-bit board too.
func TestDriftAgainstTheLargestFigures(t *testing.T) {
	trained := metadata.NewTraining()
	trained.Confidence[9], trained.Brightness[7] = 1<<24, 1<<24
	shown := metadata.NewTraining()
	for range leastPresses {
		shown.Add(0.95, false, 120)
	}
	for _, f := range compare(trained, shown) {
		if !(f.psi >= 0 && f.psi < 2) {
			t.Errorf("%+v", f)
		}
	}
}
