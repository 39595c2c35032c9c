// Package networks names the four networks of the benchmarks and finds their files.
package networks

import (
	"fmt"
	"os"
)

// Network is one of the four. Its files are relative to the repository's root.
type Network struct {
	Name string
	// TFLite is what this engine runs; ONNX is the same architecture with random
	// weights, for a peer that reads no .tflite.
	TFLite, ONNX string
}

var all = []Network{
	{"paper96", "build/bench/paper96.tflite", "../shared/peers/models/paper96.qdq_u8s8.onnx"},
	{"resnet8", "../shared/models/mlcommons-tiny/pretrainedResnet_quant.tflite", "../shared/peers/models/resnet8.qdq_u8s8.onnx"},
	{"vww96", "../shared/models/mlcommons-tiny/vww_96_int8.tflite", "../shared/peers/models/vww96.qdq_u8s8.onnx"},
	{"mbv2_224", "../shared/models/google-coral/tf2_mobilenet_v2_1.0_224_ptq.tflite", "../shared/peers/models/mbv2_224.qdq_u8s8.onnx"},
}

// Present returns the networks whose files are here, and says on standard error
// which are not.
func Present() []Network {
	var present []Network
	for _, n := range all {
		if err := n.missing(); err != nil {
			fmt.Fprintf(os.Stderr, "%s is left out: %v\n", n.Name, err)
			continue
		}
		present = append(present, n)
	}
	return present
}

func (n Network) missing() error {
	for _, name := range []string{n.TFLite, n.ONNX} {
		if _, err := os.Stat(name); err != nil {
			return err
		}
	}
	return nil
}
