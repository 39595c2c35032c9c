package main

/*
#cgo LDFLAGS: -ldnnl
#cgo CXXFLAGS: -O2 -std=c++17
#include "onednn.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"math"
	"os"
	"unsafe"

	"canting/infer/tflite"
)

// oneDNN builds the chain of oneDNN's primitives that computes a .tflite file's
// operators. The chain is the fastest that oneDNN has for such a network, not
// the exact one: zero points are left out (tensors behind a ReLU are u8, others
// s8), and so are the softmax and changes of type.
func oneDNN(model string) (run func() error, err error) {
	file, err := os.ReadFile(model)
	if err != nil {
		return nil, err
	}
	m, err := tflite.Parse(file)
	if err != nil {
		return nil, err
	}
	c := &chain{net: C.onednn_new(), model: m, of: map[int]C.int{}}
	if c.net == nil {
		return nil, errors.New(C.GoString(C.onednn_error()))
	}
	if c.of[m.Inputs[0]], err = result(C.onednn_input(c.net, c.tensorType(m.Inputs[0], false))); err != nil {
		return nil, err
	}
	for i, op := range m.Operators {
		if c.of[op.Outputs[0]], err = c.operator(op); err != nil {
			return nil, fmt.Errorf("oneDNN, operator %d (%s): %w", i, op.Code, err)
		}
	}
	return func() error {
		_, err := result(C.onednn_run(c.net))
		return err
	}, nil
}

func oneDNNVersion() string { return "oneDNN " + C.GoString(C.onednn_version()) }

// chain maps the file's tensors to oneDNN's.
type chain struct {
	net   *C.onednn_net
	model *tflite.Model
	of    map[int]C.int
}

func result(n C.int) (C.int, error) {
	if n < 0 {
		return n, errors.New(C.GoString(C.onednn_error()))
	}
	return n, nil
}

func (c *chain) operator(op tflite.Operator) (C.int, error) {
	x, out := c.of[op.Inputs[0]], op.Outputs[0]
	switch o := op.Options.(type) {
	case tflite.Conv2DOptions:
		w := c.window(op, weightSize(c.model, op), [2]int{o.StrideH, o.StrideW}, o.Padding)
		return c.convolution(op, w, o.Activation, 0)
	case tflite.DepthwiseConv2DOptions:
		w := c.window(op, weightSize(c.model, op), [2]int{o.StrideH, o.StrideW}, o.Padding)
		return c.convolution(op, w, o.Activation, 1)
	case tflite.FullyConnectedOptions:
		weights, scales := c.weights(op)
		return result(C.onednn_dense(c.net, x, c.tensorType(out, o.Activation != tflite.ActNone), weights, scales, activation(o.Activation)))
	case tflite.Pool2DOptions:
		w := c.window(op, [2]int{o.FilterH, o.FilterW}, [2]int{o.StrideH, o.StrideW}, o.Padding)
		return c.pool(op, w, op.Code == tflite.MaxPool2D)
	case tflite.AddOptions:
		if o.Activation == tflite.ActNone || o.Activation == tflite.ActRelu {
			return result(C.onednn_add(c.net, x, c.of[op.Inputs[1]], c.tensorType(out, o.Activation != tflite.ActNone)))
		}
		return 0, fmt.Errorf("the fused %v is not measured", o.Activation)
	}
	switch op.Code {
	case tflite.Mean:
		in := c.model.Tensors[op.Inputs[0]].Shape
		return c.pool(op, C.onednn_window{kernel_h: C.int(in[1]), kernel_w: C.int(in[2]), stride_h: 1, stride_w: 1}, false)
	case tflite.Reshape, tflite.Softmax, tflite.Quantize:
		return x, nil
	}
	return 0, errors.New("it is not measured")
}

func (c *chain) convolution(op tflite.Operator, w C.onednn_window, a tflite.Activation, depthwise C.int) (C.int, error) {
	weights, scales := c.weights(op)
	return result(C.onednn_convolution(c.net, c.of[op.Inputs[0]], c.tensorType(op.Outputs[0], a != tflite.ActNone), w, depthwise, weights, scales, activation(a)))
}

func (c *chain) pool(op tflite.Operator, w C.onednn_window, maximum bool) (C.int, error) {
	flag := C.int(0)
	if maximum {
		flag = 1
	}
	return result(C.onednn_pool(c.net, c.of[op.Inputs[0]], c.tensorType(op.Outputs[0], false), w, flag))
}

// tensorType describes a tensor; one of less than 4 dimensions is a pixel.
func (c *chain) tensorType(t int, unsigned bool) C.onednn_type {
	tensor := &c.model.Tensors[t]
	h, w, ch := picture(tensor.Shape)
	out := C.onednn_type{h: C.int(h), w: C.int(w), c: C.int(ch), scale: C.float(tensor.Quant.Scale[0])}
	if unsigned {
		out.is_unsigned = 1
	}
	return out
}

func picture(shape []int) (h, w, c int) {
	if len(shape) == 4 {
		return shape[1], shape[2], shape[3]
	}
	return 1, 1, shape[len(shape)-1]
}

// weights points into Go's memory, which oneDNN copies before it returns.
func (c *chain) weights(op tflite.Operator) (*C.schar, *C.float) {
	w := &c.model.Tensors[op.Inputs[1]]
	scales := w.Quant.Scale
	if outputs := c.tensorType(op.Outputs[0], false).c; len(scales) == 1 {
		scales = make([]float32, outputs)
		for i := range scales {
			scales[i] = w.Quant.Scale[0]
		}
	}
	return (*C.schar)(unsafe.Pointer(&w.Data[0])), (*C.float)(unsafe.Pointer(&scales[0]))
}

func activation(a tflite.Activation) C.onednn_activation {
	switch a {
	case tflite.ActRelu:
		return C.onednn_activation{clip: 1, ceiling: C.float(math.Inf(1))}
	case tflite.ActRelu6:
		return C.onednn_activation{clip: 1, ceiling: 6}
	}
	return C.onednn_activation{}
}

func weightSize(m *tflite.Model, op tflite.Operator) [2]int {
	shape := m.Tensors[op.Inputs[1]].Shape
	return [2]int{shape[1], shape[2]}
}

// window works the padding out as TensorFlow does: an odd pixel goes behind.
func (c *chain) window(op tflite.Operator, kernel, stride [2]int, padding tflite.Padding) C.onednn_window {
	inH, inW, _ := picture(c.model.Tensors[op.Inputs[0]].Shape)
	outH, outW, _ := picture(c.model.Tensors[op.Outputs[0]].Shape)
	w := C.onednn_window{kernel_h: C.int(kernel[0]), kernel_w: C.int(kernel[1]), stride_h: C.int(stride[0]), stride_w: C.int(stride[1])}
	if padding == tflite.Same {
		h := max((outH-1)*stride[0]+kernel[0]-inH, 0)
		v := max((outW-1)*stride[1]+kernel[1]-inW, 0)
		w.top, w.bottom, w.left, w.right = C.int(h/2), C.int(h-h/2), C.int(v/2), C.int(v-v/2)
	}
	return w
}
