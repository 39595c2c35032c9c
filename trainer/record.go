package trainer

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"canting/trainer/nn"
	"canting/trainer/picture"
	"canting/trainer/report"

	"github.com/google/renameio/v2"
)

// RecordName is the record's file name in a run's folder.
const RecordName = "run.json"

// Record is what a training or cross-validation depended on and what it found,
// so that two can be compared.
type Record struct {
	Command       string             `json:"command"`
	DataSet       string             `json:"data_set_sha256"`
	Configuration json.RawMessage    `json:"configuration"` // configs.Experiment, whole
	Folds         int                `json:"folds,omitempty"`
	Seeds         []int64            `json:"seeds"`
	Model         string             `json:"model_sha256,omitempty"`
	Program       Program            `json:"program"`
	Machine       Machine            `json:"machine"`
	Figures       map[string]float64 `json:"figures"` // by name, 0 to 1
	Seconds       float64            `json:"seconds"`
	Epochs        int                `json:"epochs,omitempty"` // that a training came to
	Warnings      []string           `json:"warnings,omitempty"`
	Answers       []Answer           `json:"answers"`
}

// Program is what computed a run.
type Program struct {
	Canting  string `json:"canting"`
	Revision string `json:"revision,omitempty"` // of the source, with + where it was changed
	Go       string `json:"go"`
	OpenCV   string `json:"opencv"`
	OpenBLAS string `json:"openblas"`
}

// Machine is where a run was computed.
type Machine struct {
	Architecture string `json:"architecture"`
	Cores        int    `json:"cores"`
}

// Answer is what a picture that was not trained on is called: by the int8 model
// as a visitor's press asks it, and by the float network.
type Answer struct {
	File string `json:"file"`
	// Content is a digest of the decoded picture, which has it wherever it lies.
	Content string `json:"content_sha256"`
	Seed    int64  `json:"seed"`
	Class   string `json:"class"`
	Press   string `json:"press"`
	Float   string `json:"float"`
}

// ReadRecord reads the record in a run's folder.
func ReadRecord(dir string) (*Record, error) {
	path := filepath.Join(dir, RecordName)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read a run's record: %w", err)
	}
	var r Record
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("%s is no record of a run: %w", path, err)
	}
	return &r, nil
}

func (r Record) write(dir string) error {
	return keepJSON(r, "the run's record", filepath.Join(dir, RecordName))
}

func keepJSON(v any, what, path string) error {
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", what, err)
	}
	if err := renameio.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("keep %s: %w", what, err)
	}
	return nil
}

// record describes a training; floats are the float network's answers to the
// test pictures.
func (f *fit) record(j Job, run *report.Run, floats []int) Record {
	r := Record{
		Command: "train", DataSet: f.digest(), Configuration: json.RawMessage(experimentJSON(f.experiment)),
		Seeds: []int64{f.experiment.Seed}, Model: run.Model.Digest, Program: program(), Machine: machine(),
		Figures: figures(run.Metrics), Seconds: run.Metrics.Seconds, Epochs: len(f.history), Warnings: run.Warnings,
	}
	for i, p := range run.Pictures {
		r.Answers = append(r.Answers, Answer{
			File: below(j.Data, f.test[i].Path), Content: hex.EncodeToString(f.test[i].Content[:]), Seed: f.experiment.Seed,
			Class: p.Class, Press: p.Predicted, Float: run.Metrics.Classes[floats[i]],
		})
	}
	return r
}

// figures are a training's; what was not measured is left out.
func figures(m report.Metrics) map[string]float64 {
	all := map[string]float64{
		"press accuracy": m.Int8Press.Accuracy, "press macro recall": m.Int8Press.MacroRecall,
		"int8 accuracy": m.Int8.Accuracy, "int8 macro recall": m.Int8.MacroRecall,
		"float accuracy": m.Float.Accuracy, "float macro recall": m.Float.MacroRecall,
		"calibration error": m.Doubt.CalibrationError,
		"named":             m.Doubt.Accepted, "named, unknown": m.Doubt.UnknownAccepted, "named, no cloth": m.Doubt.ThingsAccepted,
	}
	for class, count := range m.Int8Press.PerClass {
		all["press recall, "+class] = count.Recall()
	}
	maps.DeleteFunc(all, func(_ string, v float64) bool { return math.IsNaN(v) })
	return all
}

// record describes a cross-validation.
func (v *validation) record(result *CrossvalResult) (Record, error) {
	r := Record{
		Command: "crossval", DataSet: dataDigest([][]picture.Picture{v.pictures}, v.unknown), Configuration: json.RawMessage(experimentJSON(v.experiment)),
		Folds: result.Folds, Seeds: result.Seeds, Program: program(), Machine: machine(), Seconds: result.Seconds,
	}
	of, err := result.Report()
	if err != nil {
		return Record{}, err
	}
	r.Figures = map[string]float64{
		"press accuracy": of.Kiosk.Accuracy.Mean, "press macro recall": of.Kiosk.MacroRecall.Mean,
		"int8 accuracy": of.Int8.Accuracy.Mean, "int8 macro recall": of.Int8.MacroRecall.Mean,
		"float accuracy": of.Float.Accuracy.Mean, "float macro recall": of.Float.MacroRecall.Mean,
		"calibration error": of.Calibration.Error,
	}
	for class, recall := range of.Kiosk.Recall {
		r.Figures["press recall, "+class] = recall.Mean
	}
	contents := map[string]string{}
	for _, p := range v.pictures {
		contents[below(v.dir, p.Path)] = hex.EncodeToString(p.Content[:])
	}
	for _, h := range result.Held {
		r.Answers = append(r.Answers, Answer{
			File: h.File, Content: contents[h.File], Seed: h.Seed, Class: v.classes[h.Label], Press: v.classes[top(h.press())], Float: v.classes[top(h.FloatLogits)],
		})
	}
	return r, nil
}

// below is a path below dir, with slashes.
func below(dir, path string) string {
	if short, err := filepath.Rel(dir, path); err == nil {
		path = short
	}
	return filepath.ToSlash(path)
}

func program() Program {
	p := Program{Canting: "(devel)", Go: runtime.Version(), OpenCV: picture.OpenCV(), OpenBLAS: nn.BLAS()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return p
	}
	if info.Main.Version != "" {
		p.Canting = info.Main.Version
	}
	changed := ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			p.Revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "+"
		}
	}
	p.Revision += changed
	return p
}

func machine() Machine { return Machine{runtime.GOOS + "/" + runtime.GOARCH, runtime.NumCPU()} }
