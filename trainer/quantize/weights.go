package quantize

import (
	"encoding/binary"
	"fmt"
	"math"

	"canting/infer/tflite"

	"gonum.org/v1/gonum/mat"
)

// weights adds an operator's weights, int8 and symmetric for each output
// channel, and its bias, int32 at the product of input and weight scale.
func (b *builder) weights(name string, op *operator, inputs []*mat.SymDense, x tflite.Tensor) (w, bias int, err error) {
	outputs, fan := len(op.bias), op.fan()
	biases := make([]byte, 0, 4*outputs)
	scales, biasScales := make([]float32, outputs), make([]float32, outputs)
	for ch := range outputs {
		scales[ch] = weightScale(op.weights[ch*fan:(ch+1)*fan], op.bias[ch], x.Quant.Scale[0])
		biasScales[ch] = scales[ch] * x.Quant.Scale[0]
		if !(scales[ch] > 0) || math.IsInf(float64(scales[ch]), 0) {
			return 0, 0, fmt.Errorf("%s: output channel %d has weights that are not finite: the training has diverged; try a lower learning rate", name, ch)
		}
		q := math.RoundToEven(op.bias[ch] / float64(biasScales[ch]))
		biases = binary.LittleEndian.AppendUint32(biases, uint32(int32(q)))
	}
	rounded, err := round(op.weights, scales, inputs)
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", name, err)
	}
	zeros := make([]int64, outputs)
	w = b.tensor(op.kernels(name, rounded, tflite.Quantization{Scale: scales, ZeroPoint: zeros}))
	bias = b.tensor(tflite.Tensor{
		Name: name + "/bias", Type: tflite.Int32, Shape: []int{outputs}, Data: biases,
		Quant: tflite.Quantization{Scale: biasScales, ZeroPoint: zeros},
	})
	return w, bias, nil
}

// weightScale is the scale at which the largest weight of a channel becomes
// 127, or a larger one where the bias would otherwise leave a quarter of int32.
func weightScale(row []float32, bias float64, inputScale float32) float32 {
	most := 0.0
	for _, v := range row {
		most = max(most, math.Abs(float64(v)))
	}
	floor := math.Abs(bias) / float64(inputScale) / (1 << 29)
	return float32(max(most/127, floor, 1e-12))
}

// kernels are an operator's rounded weights as a .tflite file lays them out.
func (o *operator) kernels(name string, rounded []int8, q tflite.Quantization) tflite.Tensor {
	outputs, fan := len(o.bias), o.fan()
	shape := []int{outputs, fan}
	switch o.kind {
	case convolution:
		shape = []int{outputs, o.kernel, o.kernel, fan / (o.kernel * o.kernel)}
	case depthwise:
		shape, q.Axis, rounded = []int{1, o.kernel, o.kernel, outputs}, 3, transpose(rounded, fan)
	}
	data := make([]byte, len(rounded))
	for i, v := range rounded {
		data[i] = byte(v)
	}
	return tflite.Tensor{Name: name + "/weights", Type: tflite.Int8, Shape: shape, Data: data, Quant: q}
}
