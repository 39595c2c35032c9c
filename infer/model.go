// Package infer loads an int8 .tflite classifier and runs it: the file becomes
// a plan of operators with packed weights, and a session runs the plan over one
// arena without allocating.
package infer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"canting/infer/kernel"
	"canting/infer/kernel/generic"
	"canting/infer/metadata"
	"canting/infer/tflite"
)

// Options choose how a model is run; they never change its results.
type Options struct {
	// Kernel names the instruction set, "" for the best one. The environment
	// variable CANTING_KERNEL goes before it.
	Kernel string
	// Threads is the number of threads of a session; below 1 means 1.
	Threads int
}

// TensorInfo describes the model's input or output as the file has it.
type TensorInfo struct {
	Name string
	// Type is "int8", "uint8" or "float32".
	Type  string
	Shape []int
	// Scale and ZeroPoint map an integer q to Scale*(q-ZeroPoint); Scale is 0
	// for float32.
	Scale     float32
	ZeroPoint int
}

// Model is a loaded model. It is read-only and may be used by several sessions
// at once.
type Model struct {
	digest        string
	labels        []string
	canting       metadata.Canting
	hasMetadata   bool
	input, output TensorInfo
	kernel        string
	threads       int
	softmax       bool
	plan          *plan
}

// Load parses, verifies, plans and packs a model. The file is untrusted: an
// error names the place of what is wrong with it.
func Load(file []byte, opts Options) (*Model, error) {
	set, err := kernel.Select(opts.Kernel)
	if err != nil {
		return nil, err
	}
	parsed, err := tflite.Parse(file)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(file)
	m := &Model{
		digest: hex.EncodeToString(sum[:]), hasMetadata: parsed.Canting != nil, kernel: set.Name, threads: max(opts.Threads, 1),
	}
	if m.plan, err = newPlan(parsed, len(file), set.Kernels); err != nil {
		return nil, fmt.Errorf("the model can't be run: %w", err)
	}
	m.input, m.output = tensorInfo(&parsed.Tensors[parsed.Inputs[0]]), tensorInfo(&parsed.Tensors[parsed.Outputs[0]])
	if m.canting, err = Card(parsed); err != nil {
		return nil, err
	}
	m.softmax = endsInSoftmax(parsed)
	if m.labels, err = labels(parsed.Labels, elements(m.output.Shape)); err != nil {
		return nil, err
	}
	if err := m.checkDoubt(); err != nil {
		return nil, err
	}
	return m, nil
}

func tensorInfo(t *tflite.Tensor) TensorInfo {
	info := TensorInfo{Name: t.Name, Type: t.Type.String(), Shape: slices.Clone(t.Shape)}
	if len(info.Shape) > 0 && info.Shape[0] == -1 {
		info.Shape[0] = 1
	}
	if t.Type != tflite.Float32 && len(t.Quant.Scale) > 0 {
		info.Scale, info.ZeroPoint = t.Quant.Scale[0], int(t.Quant.ZeroPoint[0])
	}
	return info
}

// Card is what a file's metadata buffer "canting" says, and without one what is
// assumed of a file with one input.
func Card(m *tflite.Model) (metadata.Canting, error) {
	if m.Canting != nil {
		return metadata.Parse(m.Canting)
	}
	card := metadata.Default()
	card.Preprocessing = assumedPreprocessing(card.Preprocessing, tensorInfo(&m.Tensors[m.Inputs[0]]))
	return card, nil
}

// assumedPreprocessing makes every value v of a channel, 0 to 255, the element v
// of a uint8 input and v-128 of an int8 one, whatever range of real numbers the
// model was trained on; a float32 input does not tell its range.
func assumedPreprocessing(p metadata.Preprocessing, in TensorInfo) metadata.Preprocessing {
	zero := float64(in.ZeroPoint)
	switch in.Type {
	case "int8":
		zero += 128
	case "uint8":
	default:
		return p
	}
	for c := range 3 {
		p.Mean[c], p.Std[c] = zero, 1/float64(in.Scale)
	}
	return p
}

func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// labels returns one label for each output element, invented when there are
// none and made unique.
func labels(list []string, outputs int) ([]string, error) {
	if len(list) == 0 {
		list = make([]string, outputs)
		for i := range list {
			list[i] = fmt.Sprintf("class %d", i)
		}
	}
	if len(list) != outputs {
		return nil, fmt.Errorf("the model has %d labels for %d outputs", len(list), outputs)
	}
	return unique(list), nil
}

// unique appends to labels that are repeated their indices, so that what is
// kept by label keeps them apart.
func unique(list []string) []string {
	times := map[string]int{}
	for _, label := range list {
		times[label]++
	}
	distinct := slices.Clone(list)
	for i, label := range list {
		if times[label] == 1 {
			continue
		}
		// Two that were appended to end in different numbers, so only the
		// file's own labels can be in the way.
		for times[distinct[i]] > 0 {
			distinct[i] += " " + strconv.Itoa(i)
		}
	}
	return distinct
}

// endsInSoftmax looks for SOFTMAX, or for LOGISTIC whose outputs are
// probabilities too, behind the operators that only carry the output on.
func endsInSoftmax(m *tflite.Model) bool {
	t := m.Outputs[0]
	for _, op := range slices.Backward(m.Operators) {
		if op.Outputs[0] != t {
			continue
		}
		switch op.Code {
		case tflite.Softmax, tflite.Logistic:
			return true
		case tflite.Quantize, tflite.Dequantize, tflite.Reshape:
			t = op.Inputs[0]
		default:
			return false
		}
	}
	return false
}

// Digest is the SHA-256 of the file in hexadecimal.
func (m *Model) Digest() string { return m.digest }

// Labels name the output's elements; "class 0" and so on when the file has none.
// No two are equal: those that the file repeats end in their indices, as "crane
// 135" and "crane 518" do in ImageNet's list.
func (m *Model) Labels() []string { return slices.Clone(m.labels) }

// Metadata is what the file's metadata buffer "canting" says. Without it they
// are the defaults, with a Preprocessing that hands a quantized input the bytes of
// the picture: v as v for uint8 and as v-128 for int8.
func (m *Model) Metadata() metadata.Canting { return m.canting }

// HasMetadata tells whether the file has the metadata buffer.
func (m *Model) HasMetadata() bool { return m.hasMetadata }

// Input describes the input tensor.
func (m *Model) Input() TensorInfo { return m.input }

// Output describes the output tensor.
func (m *Model) Output() TensorInfo { return m.output }

// Kernel names the instruction set in use.
func (m *Model) Kernel() string { return m.kernel }

// MACs is the number of multiplications of one inference's convolutions and
// fully connected layers.
func (m *Model) MACs() int64 { return m.plan.macs }

// ArenaBytes is the memory of one session.
func (m *Model) ArenaBytes() int { return m.plan.arena + m.threads*align(m.plan.scratch) }

// Steps describes the plan's operators in the order in which they run.
func (m *Model) Steps() []Step {
	steps := make([]Step, len(m.plan.steps))
	for i := range steps {
		steps[i] = m.plan.steps[i].Step
		steps[i].Kernel = m.kernelOf(m.plan.steps[i].operator)
	}
	return steps
}

// kernelOf names the set whose operator it is, by the package of its type.
func (m *Model) kernelOf(o generic.Operator) string {
	t := reflect.TypeOf(o)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.PkgPath() == reflect.TypeFor[generic.Kernels]().PkgPath() {
		return "generic"
	}
	return m.kernel
}
