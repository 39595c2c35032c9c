package firmware

import (
	"encoding/binary"
	"encoding/json"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"canting/capture"
	"canting/firmware/demo"
	"canting/infer/metadata"
	"canting/infer/tflite"
)

// The test model is a real one whose answers are known: ridge regression on the
// demonstration's cloths, averaged to cells x cells, quantized to int8.
const (
	testSide  = 64
	testPool  = 4
	testCells = testSide / testPool
	testDims  = testCells * testCells * 3
)

// testPreprocessing scales the guide box to 0..1.
var testPreprocessing = metadata.Preprocessing{Crop: 0.9, Std: [3]float64{255, 255, 255}}

// cloth is one of the demonstration's pictures.
type cloth struct {
	name, motif string
	file        []byte
}

// demoCloths reads the embedded cloths, whose names are n-MOTIF.jpg.
func demoCloths(t testing.TB) []cloth {
	t.Helper()
	names, err := fs.Glob(demo.Cloths(), "*.jpg")
	if err != nil || len(names) < 4 {
		t.Fatalf("the demonstration has %d cloths (%v), want at least 4", len(names), err)
	}
	var cloths []cloth
	for _, name := range names {
		file, err := fs.ReadFile(demo.Cloths(), name)
		if err != nil {
			t.Fatal(err)
		}
		_, motif, _ := strings.Cut(strings.TrimSuffix(name, ".jpg"), "-")
		cloths = append(cloths, cloth{name, motif, file})
	}
	return cloths
}

// testModel writes the model and returns its path. golden, if any, changes the
// golden pair that it then carries.
func testModel(t testing.TB, golden func(*metadata.Golden)) string {
	t.Helper()
	return testModelThatDoubts(t, 0.4, golden)
}

// testModelThatDoubts answers unknown below the threshold.
func testModelThatDoubts(t testing.TB, threshold float64, golden func(*metadata.Golden)) string {
	t.Helper()
	return testModelOf(t, demoCloths(t), threshold, golden)
}

// testModelOf knows these cloths.
func testModelOf(t testing.TB, cloths []cloth, threshold float64, golden func(*metadata.Golden)) string {
	t.Helper()
	labels := []string{}
	for _, c := range cloths {
		if !slices.Contains(labels, c.motif) {
			labels = append(labels, c.motif)
		}
	}
	canting := metadata.Canting{Schema: metadata.Schema, Preprocessing: testPreprocessing, Temperature: 1, Threshold: threshold}
	weights, bias := regress(t, cloths, labels)
	file := encodeTestModel(t, labels, weights, bias, canting)
	if golden != nil {
		c, err := newClassifier(file, 1)
		if err != nil {
			t.Fatal(err)
		}
		frame, err := capture.Decode(cloths[0].file)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.classify(frame); err != nil {
			t.Fatal(err)
		}
		pair := metadata.Golden{Picture: cloths[0].file, Output: append([]byte(nil), c.session.Output()...)}
		golden(&pair)
		canting.Golden = []metadata.Golden{pair}
		file = encodeTestModel(t, labels, weights, bias, canting)
	}
	path := filepath.Join(t.TempDir(), "model.tflite")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// silentModel is the test model without Canting's metadata.
func silentModel(t testing.TB) (path string) {
	t.Helper()
	path = testModel(t, nil)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	model, err := tflite.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	model.Canting = nil
	if file, err = model.Encode(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// regress solves (X Xt + lambda I) A = Y, so that the weights Xt A give each
// cloth a logit of 12 for its own motif and 0 for the others.
func regress(t testing.TB, cloths []cloth, labels []string) (weights, bias *mat.Dense) {
	t.Helper()
	n := len(cloths)
	x, y := mat.NewDense(n, testDims+1, nil), mat.NewDense(n, len(labels), nil)
	p, err := capture.NewPreprocessor(testPreprocessing, capture.InputSpec{Width: testSide, Height: testSide, Type: "int8", Scale: 1. / 255, ZeroPoint: -128})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range cloths {
		frame, err := capture.Decode(c.file)
		if err != nil {
			t.Fatal(err)
		}
		rgb, err := p.Pixels(frame)
		if err != nil {
			t.Fatal(err)
		}
		row := x.RawRowView(i)
		for j, v := range rgb {
			px, channel := j/3, j%3
			cell := (px/testSide/testPool)*testCells + px%testSide/testPool
			row[cell*3+channel] += float64(v) / 255 / (testPool * testPool)
		}
		row[testDims] = 1
		for k, label := range labels {
			if label == c.motif {
				y.Set(i, k, 12)
			}
		}
	}
	var gram, a, w mat.Dense
	gram.Mul(x, x.T())
	for i := range n {
		gram.Set(i, i, gram.At(i, i)+0.01)
	}
	if err := a.Solve(&gram, y); err != nil {
		t.Fatal(err)
	}
	w.Mul(x.T(), &a) // (testDims+1) x labels
	return mat.DenseCopyOf(w.Slice(0, testDims, 0, len(labels))), mat.DenseCopyOf(w.Slice(testDims, testDims+1, 0, len(labels)))
}

func encodeTestModel(t testing.TB, labels []string, weights, bias *mat.Dense, canting metadata.Canting) []byte {
	t.Helper()
	const inputScale = float32(1. / 255)
	k := len(labels)
	w, b := make([]byte, k*testDims), make([]byte, 4*k)
	scales, biasScales, zeros := make([]float32, k), make([]float32, k), make([]int64, k)
	for c := range k {
		column := mat.Col(nil, c, weights)
		largest := 0.
		for _, v := range column {
			largest = max(largest, math.Abs(v))
		}
		scales[c] = float32(largest / 127)
		biasScales[c] = scales[c] * inputScale
		for i, v := range column {
			w[c*testDims+i] = byte(int8(math.RoundToEven(v / float64(scales[c]))))
		}
		binary.LittleEndian.PutUint32(b[4*c:], uint32(int32(math.RoundToEven(bias.At(0, c)/float64(biasScales[c])))))
	}
	about, err := json.Marshal(canting)
	if err != nil {
		t.Fatal(err)
	}
	one := func(scale float32, zero int64) tflite.Quantization {
		return tflite.Quantization{Scale: []float32{scale}, ZeroPoint: []int64{zero}}
	}
	model := tflite.Model{
		Tensors: []tflite.Tensor{
			{Name: "picture", Type: tflite.Int8, Shape: []int{1, testSide, testSide, 3}, Quant: one(inputScale, -128)},
			{Name: "cells", Type: tflite.Int8, Shape: []int{1, testCells, testCells, 3}, Quant: one(inputScale, -128)},
			{Name: "weights", Type: tflite.Int8, Shape: []int{k, testDims}, Quant: tflite.Quantization{Scale: scales, ZeroPoint: zeros}, Data: w},
			{Name: "bias", Type: tflite.Int32, Shape: []int{k}, Quant: tflite.Quantization{Scale: biasScales, ZeroPoint: zeros}, Data: b},
			{Name: "logits", Type: tflite.Int8, Shape: []int{1, k}, Quant: one(24./255, -43)}, // -8 to 16
			{Name: "probabilities", Type: tflite.Int8, Shape: []int{1, k}, Quant: one(1./256, -128)},
		},
		Operators: []tflite.Operator{
			{
				Code: tflite.AveragePool2D, Inputs: []int{0}, Outputs: []int{1},
				Options: tflite.Pool2DOptions{Padding: tflite.Valid, StrideW: testPool, StrideH: testPool, FilterW: testPool, FilterH: testPool},
			},
			{Code: tflite.FullyConnected, Inputs: []int{1, 2, 3}, Outputs: []int{4}, Options: tflite.FullyConnectedOptions{}},
			{Code: tflite.Softmax, Inputs: []int{4}, Outputs: []int{5}, Options: tflite.SoftmaxOptions{Beta: 1}},
		},
		Inputs: []int{0}, Outputs: []int{5}, Labels: labels, Canting: about,
	}
	file, err := model.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return file
}
