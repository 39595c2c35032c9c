package main

import (
	"errors"
	"fmt"
	"math/rand/v2"

	ort "github.com/yalue/onnxruntime_go"
)

// onnxRuntime loads an ONNX model with one float32 input and one output.
func onnxRuntime(library, model string) (run func() error, err error) {
	ort.SetSharedLibraryPath(library)
	if err := ort.InitializeEnvironment(); err != nil {
		return nil, fmt.Errorf("loading ONNX Runtime: %w", err)
	}
	inputs, outputs, err := ort.GetInputOutputInfo(model)
	if err != nil {
		return nil, err
	}
	in, err := ort.NewEmptyTensor[float32](inputs[0].Dimensions)
	if err != nil {
		return nil, err
	}
	values := in.GetData()
	for i := range values {
		values[i] = 2*rand.Float32() - 1
	}
	out, err := ort.NewEmptyTensor[float32](outputs[0].Dimensions)
	if err != nil {
		return nil, err
	}
	options, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		options.SetIntraOpNumThreads(1),
		options.SetInterOpNumThreads(1),
		options.SetGraphOptimizationLevel(ort.GraphOptimizationLevelEnableAll),
	)
	if err != nil {
		return nil, err
	}
	session, err := ort.NewAdvancedSession(model, []string{inputs[0].Name}, []string{outputs[0].Name}, []ort.Value{in}, []ort.Value{out}, options)
	if err != nil {
		return nil, err
	}
	return session.Run, nil
}

func onnxRuntimeVersion(library string) (string, error) {
	ort.SetSharedLibraryPath(library)
	if err := ort.InitializeEnvironment(); err != nil {
		return "", fmt.Errorf("loading ONNX Runtime: %w", err)
	}
	return "ONNX Runtime " + ort.GetVersion(), nil
}
