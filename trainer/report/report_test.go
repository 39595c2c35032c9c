package report

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"

	"canting/infer"
)

// runOf is a made-up run of the paper's size over the given classes: the curves
// of a network that overfits, and a model that confuses neighbours.
func runOf(t testing.TB, classes []string, tests []int) Run {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	var epochs []Epoch
	for e := 1; e <= 100; e++ {
		x := float64(e)
		epochs = append(epochs, Epoch{
			e, 1.2*math.Exp(-x/30) + 0.05*random.Float64(), 1 - 0.5*math.Exp(-x/25) + 0.01*random.NormFloat64()/2,
			1 + 0.006*x + 0.15*random.Float64(), 0.62 - 0.2*math.Exp(-x/20) + 0.02*random.NormFloat64(),
		})
	}
	run := Run{
		Title: "Four motifs on clay",
		Parameters: []Parameter{
			{"Batch size", "16"},
			{"Epochs", "100"},
			{"Optimizer", "Adam"},
			{"Learning rate", "0.001"},
			{"Input", "128 × 128 RGB"},
			{"Seed", "1"},
		},
		Layers: []Layer{
			{"convolution 3×3 + ReLU", "126 × 126 × 16", 448},
			{"max pool 2×2", "63 × 63 × 16", 0},
			{"convolution 3×3 + ReLU", "61 × 61 × 32", 4640},
			{"max pool 2×2", "30 × 30 × 32", 0},
			{"dense", "4", 115204},
			{"softmax", "4", 0},
		},
		Model: ModelFile{"model.tflite", 128_412, "9f2c7d5e0b1a4c3f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a392817"},
	}
	var truth, float, int8 []int
	for class, n := range tests {
		run.Splits = append(run.Splits, Split{classes[class], 4 * n, n})
		for i := range n {
			predicted := class
			if random.Float64() > 0.65 {
				predicted = random.IntN(len(classes))
			}
			truth, float, int8 = append(truth, class), append(float, predicted), append(int8, predicted)
			familiarity := 1 - float64(i*i%20)/25
			run.Pictures = append(run.Pictures, Picture{
				File: fmt.Sprintf("%s/IMG_%04d.jpg", classes[class], i), Class: classes[class], Predicted: classes[predicted],
				Probability: 0.3 + 0.7*random.Float64(), Familiarity: familiarity, Unknown: familiarity < 0.5,
				Thumbnail: thumbnail(t, random), Heat: heat(i),
			})
		}
	}
	if len(float) > 0 {
		float[0] = (truth[0] + 1) % len(classes)
	}
	run.Doubt = &Doubt{Temperature: 1.3, Threshold: 0.5}
	for i := range 50 {
		run.Doubt.Things = append(run.Doubt.Things, float64(i*i%50)/60)
		run.Doubt.Unknown = append(run.Doubt.Unknown, float64(i*i%40)/50)
	}
	pressed := Evaluate(classes, truth, int8)
	run.Metrics = Metrics{classes, Evaluate(classes, truth, float), pressed, pressed, run.Figures(), 1234.5, epochs}
	return run
}

func paperRun(t testing.TB) Run {
	return runOf(t, []string{"burung_hong", "kabau_padati", "rangkiang", "rumah_gadang"}, []int{14, 10, 26, 30})
}

// heat is a bright spot, the n-th, on a map of 6x6 cells.
func heat(n int) infer.Heat {
	h := infer.Heat{Rows: 6, Columns: 6}
	x, y := n%h.Columns, n/h.Columns%h.Rows
	for i := range h.Rows * h.Columns {
		dx, dy := i%h.Columns-x, i/h.Columns-y
		h.Values = append(h.Values, 1/float32(1+dx*dx+dy*dy))
	}
	return h
}

func thumbnail(t testing.TB, random *rand.Rand) []byte {
	t.Helper()
	a, b, c := random.Float64(), random.Float64(), random.Float64()
	img := image.NewRGBA(image.Rect(0, 0, 128, 128))
	for y := range 128 {
		for x := range 128 {
			v := 0.5 + 0.5*math.Sin(float64(x)*(a+.1)/3)*math.Cos(float64(y)*(b+.1)/3)
			img.SetRGBA(x, y, color.RGBA{uint8(90 + 120*v), uint8(50 + 90*v*c), uint8(30 + 60*v*b), 255})
		}
	}
	var buffer bytes.Buffer
	if err := jpeg.Encode(&buffer, img, nil); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}
