package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"reflect"
	"slices"

	"canting/infer"

	"github.com/sbinet/npyio"
)

// runTensors runs the model over the tensors in one .npy file and writes what it
// answers to another, stacked along the first dimension.
func runTensors(m *infer.Model, s *infer.Session, input, output string) error {
	data, err := readTensors(input, m.Input())
	if err != nil {
		return fmt.Errorf("reading %s: %w", input, err)
	}
	var answers []byte
	for len(data) > 0 {
		data = data[copy(s.Input(), data):]
		if err := s.Run(); err != nil {
			return err
		}
		answers = append(answers, s.Output()...)
	}
	if err := writeTensors(output, m.Output(), answers); err != nil {
		return fmt.Errorf("writing %s: %w", output, err)
	}
	return nil
}

// readTensors returns the raw bytes of a whole number of tensors.
func readTensors(name string, want infer.TensorInfo) (data []byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// npyio panics on some malformed headers.
	defer func() {
		if r := recover(); r != nil {
			data, err = nil, fmt.Errorf("it is not a .npy file: %v", r)
		}
	}()
	r, err := npyio.NewReader(bufio.NewReader(f))
	if err != nil {
		return nil, err
	}
	shape := r.Header.Descr.Shape
	if err := fits(shape, want.Shape); err != nil {
		return nil, err
	}
	if r.Header.Descr.Fortran {
		return nil, fmt.Errorf("it is in Fortran order, C order is read")
	}
	size, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if n := product(shape); int64(n) > size.Size() {
		return nil, fmt.Errorf("it claims %d elements in %d bytes", n, size.Size())
	}
	return rawElements(r, want.Type)
}

// fits checks that a shape is that of a tensor or of a stack of them.
func fits(shape, want []int) error {
	if len(shape) != len(want) || len(shape) == 0 || shape[0]%want[0] != 0 || !slices.Equal(shape[1:], want[1:]) {
		return fmt.Errorf("its shape is %v, the model's input is %v; more of them are stacked along the first dimension", shape, want)
	}
	return nil
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func rawElements(r *npyio.Reader, elementType string) ([]byte, error) {
	switch elementType {
	case "uint8":
		var v []uint8
		err := r.Read(&v)
		return v, err
	case "int8":
		var v []int8
		err := r.Read(&v)
		out := make([]byte, len(v))
		for i := range v {
			out[i] = byte(v[i])
		}
		return out, err
	}
	var v []float32
	err := r.Read(&v)
	out := make([]byte, 0, 4*len(v))
	for _, x := range v {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
	}
	return out, err
}

func writeTensors(name string, info infer.TensorInfo, data []byte) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := writeElements(f, info, data); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

var elementTypes = map[string]reflect.Type{
	"int8": reflect.TypeFor[int8](), "uint8": reflect.TypeFor[uint8](), "float32": reflect.TypeFor[float32](),
}

// writeElements writes raw tensors. npyio takes the shape from the type, so the
// bytes are decoded into a slice of arrays of arrays.
func writeElements(f io.Writer, info infer.TensorInfo, data []byte) error {
	t := elementTypes[info.Type]
	for _, d := range slices.Backward(info.Shape[1:]) {
		t = reflect.ArrayOf(d, t)
	}
	n := len(data) / int(t.Size())
	stack := reflect.MakeSlice(reflect.SliceOf(t), n, n).Interface()
	if _, err := binary.Decode(data, binary.LittleEndian, stack); err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	if err := npyio.Write(w, stack); err != nil {
		return err
	}
	return w.Flush()
}
