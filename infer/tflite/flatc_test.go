package tflite

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// asJSON reads a FlatBuffer with the FlatBuffers compiler, an independent reader.
func asJSON(t *testing.T, schema string, file []byte, into any) {
	t.Helper()
	flatc, err := exec.LookPath("flatc")
	if err != nil {
		t.Skip("flatc is not installed (Debian's flatbuffers-compiler): written files are not read by it")
	}
	dir := t.TempDir()
	binary := filepath.Join(dir, "file.bin")
	if err := os.WriteFile(binary, file, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(flatc, "--json", "--strict-json", "--raw-binary", "-o", dir, schema, "--", binary).CombinedOutput()
	if err != nil {
		t.Fatalf("flatc: %v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "file.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

func TestFlatcReadsWhatIsWritten(t *testing.T) {
	m := sample(t)
	file, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Version int
		Codes   []struct {
			Deprecated int `json:"deprecated_builtin_code"`
			Builtin    int `json:"builtin_code"`
			Version    int
		} `json:"operator_codes"`
		Subgraphs []struct {
			Tensors []struct {
				Name         string
				Shape        []int
				Type, Buffer int
				Quantization struct {
					Scale []float32
					Zero  []int64 `json:"zero_point"`
				}
			}
			Operators []struct {
				Code    int    `json:"opcode_index"`
				Options string `json:"builtin_options_type"`
			}
		}
		Buffers  []struct{ Data []int }
		Metadata []struct {
			Name   string
			Buffer int
		}
	}
	asJSON(t, "schema.fbs", file, &got)
	if got.Version != 3 || len(got.Subgraphs) != 1 || len(got.Metadata) != 2 {
		t.Fatalf("%+v", got)
	}
	w, want := got.Subgraphs[0].Tensors[1], m.Tensors[1]
	if w.Name != want.Name || !slices.Equal(w.Shape, want.Shape) || Type(w.Type) != want.Type ||
		!slices.Equal(w.Quantization.Scale, want.Quant.Scale) || !slices.Equal(got.Buffers[w.Buffer].Data, []int{1, 2, 3, 4, 5, 6}) {
		t.Errorf("the weights are %+v", w)
	}
	for i, op := range got.Subgraphs[0].Operators {
		c := got.Codes[op.Code]
		if Code(c.Builtin) != m.Operators[i].Code || c.Deprecated != c.Builtin {
			t.Errorf("operator %d is %+v, want %v", i, c, m.Operators[i].Code)
		}
		if (op.Options == "") != (m.Operators[i].Options == nil) {
			t.Errorf("operator %d has the options %q", i, op.Options)
		}
	}
	checkStandardMetadata(t, bytesOf(got.Buffers[got.Metadata[0].Buffer].Data))
}

func bytesOf(list []int) []byte {
	var out []byte
	for _, v := range list {
		out = append(out, byte(v))
	}
	return out
}

func checkStandardMetadata(t *testing.T, buffer []byte) {
	t.Helper()
	type tensor struct {
		Name  string
		Units []struct {
			Type    string `json:"options_type"`
			Options struct{ Mean, Std []float64 }
		} `json:"process_units"`
		Stats struct{ Min, Max []float64 }
		Files []struct {
			Name string
			Type int
		} `json:"associated_files"`
	}
	var got struct {
		Subgraphs []struct {
			Inputs  []tensor `json:"input_tensor_metadata"`
			Outputs []tensor `json:"output_tensor_metadata"`
		} `json:"subgraph_metadata"`
	}
	asJSON(t, "standardmetadata.fbs", buffer, &got)
	in, out := got.Subgraphs[0].Inputs[0], got.Subgraphs[0].Outputs[0]
	if len(in.Units) != 1 || in.Units[0].Type != "NormalizationOptions" || in.Units[0].Options.Mean[2] != 127.5 || in.Units[0].Options.Std[2] != 255 {
		t.Errorf("the input's normalisation is %+v", in.Units)
	}
	if !slices.Equal(in.Stats.Min, []float64{-0.5, -0.5, -0.5}) || !slices.Equal(in.Stats.Max, []float64{0.5, 0.5, 0.5}) {
		t.Errorf("the input's range is %+v", in.Stats)
	}
	if len(out.Files) != 1 || out.Files[0].Name != "labels.txt" || out.Files[0].Type != axisLabels {
		t.Errorf("the output's files are %+v", out.Files)
	}
}
