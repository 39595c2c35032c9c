package configs

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// What make experiments measures beside the default recipe is that but for what the
// file's name says.
func TestRecipesOfTheExperiments(t *testing.T) {
	for file, change := range map[string]func(*Experiment){
		"from-nothing":  func(e *Experiment) { e.Backbone.File, e.Training.Epochs, e.Decision.Folds = "", 120, 0 },
		"without-doubt": func(e *Experiment) { e.Decision.Folds = 0 },
		"linear": func(e *Experiment) {
			e.Backbone.Rate, e.Backbone.Dropout, e.Decision.Folds = 0, 0, 0
			e.Training.Epochs, e.Training.LearningRate = 20, 0.04
		},
		"seven-convolutions": func(e *Experiment) {
			e.Backbone.File, e.Network, e.Training.Epochs, e.Decision.Folds = "", sevenConvolutions(), 150, 0
		},
	} {
		got, err := LoadExperiment(filepath.Join("../scripts/experiments", file+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		want := DefaultExperiment()
		change(want)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %+v", file, got)
		}
	}
}

// sevenConvolutions are normalised, of 3x3, and halve the picture four times.
func sevenConvolutions() (network []Stage) {
	for i, filters := range []int{16, 32, 64, 96, 128, 128, 128} {
		network = append(network, Stage{Conv: filters, Kernel: 3, Norm: true, Pool: i < 4})
	}
	return append(network, Stage{Mean: true, Dropout: 0.2})
}

func TestPaperExperimentIsThePapers(t *testing.T) {
	e := PaperExperiment()
	tr := e.Training
	if tr.Batch != 16 || tr.Epochs != 100 || tr.Optimizer != "adam" || tr.LearningRate != 0.001 || tr.Schedule != "constant" {
		t.Errorf("table 3 says batch 16, 100 epochs, Adam, 0.001; paper.yaml has %+v", tr)
	}
	if len(e.Network) != 5 || e.Network[0].Conv != 16 || e.Network[4].Dense != 64 || e.Network[0].Norm {
		t.Errorf("network is %+v", e.Network)
	}
	if e.Augment != (Augment{Crop: e.Augment.Crop, Rotate90: true, Mirror: true}) {
		t.Errorf("the paper crops, turns by 90 degrees and mirrors; paper.yaml has %+v", e.Augment)
	}
}

// TestNetworkOfItsOwnStartsFromNothing: the built-in backbone has another network.
func TestNetworkOfItsOwnStartsFromNothing(t *testing.T) {
	for text, want := range map[string]string{
		"name: Mine\n":                                        Patterns,
		"network: [{mean: true}]\n":                           "",
		"backbone: {file: \"\"}\n":                            "",
		"backbone: {file: a.tflite}\n":                        "a.tflite",
		"backbone: {file: patterns, rate: 0.5}\n":             Patterns,
		"backbone: {file: a.tflite}\nnetwork: [{dense: 4}]\n": "a.tflite",
	} {
		e, err := parseExperiment("mine.yaml", []byte(text))
		if err != nil || e.Backbone.File != want {
			t.Errorf("%q starts from %q (%v), want %q", text, e.Backbone.File, err, want)
		}
		if len(e.Network) == 0 {
			t.Errorf("%q has no network to fall back to", text)
		}
	}
	if e := PretrainExperiment(); e.Backbone.File != "" || len(e.Network) != len(DefaultExperiment().Network) {
		t.Errorf("pretraining starts from %q with %d stages, want nothing and the default network", e.Backbone.File, len(e.Network))
	}
	if e := PaperExperiment(); e.Backbone.File != "" {
		t.Errorf("the paper's experiment starts from %q", e.Backbone.File)
	}
}

func TestExperimentLeavesTheRestToTheDefault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine.yaml")
	if err := os.WriteFile(path, []byte("training: {epochs: 7}\nnetwork: [{conv: 8, kernel: 3}, {dense: 4}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := LoadExperiment(path)
	if err != nil {
		t.Fatal(err)
	}
	want := DefaultExperiment()
	if e.Training.Epochs != 7 || e.Training.Batch != want.Training.Batch || e.Augment != want.Augment {
		t.Errorf("got %+v", e)
	}
	if len(e.Network) != 2 || e.Network[0] != (Stage{Conv: 8, Kernel: 3}) || e.Network[1] != (Stage{Dense: 4}) {
		t.Errorf("the network is mixed with the default one: %+v", e.Network)
	}
}

func TestExperimentMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"training:\n  epoch: 5\n":                            "mine.yaml:2: training.epoch is not a setting",
		"training:\n  epochs: many\n":                        "mine.yaml:2: training.epochs is many, it must be a whole number",
		"training:\n  epochs: 1.5\n":                         "mine.yaml:2: training.epochs is 1.5, it must be a whole number",
		"training:\n  epochs: 0\n":                           "mine.yaml:2: training.epochs is 0; it must be between 1 and 100000",
		"network: []\n":                                      "network has 0 stages",
		"training: {optimizer: sgd}\n":                       "the only one there is is adam",
		"training: {learning_rate: .nan}\n":                  "training.learning_rate is NaN",
		"training: {average: 1}\n":                           "training.average is 1; it must be between 0 and 0.99999",
		"training: {mixup: 0.01}\n":                          "training.mixup is 0.01; it must be 0 or between 0.1 and 10",
		"training: {cutmix: .nan}\n":                         "training.cutmix is NaN",
		"training: {warmup: -1}\n":                           "training.warmup is -1",
		"network: [{conv: 4, kernel: 2}]\n":                  "kernel 2",
		"network: [{conv: 4, kernel: 3, dense: 2}]\n":        "exactly one of",
		"network: [{mean: true}, {mean: true}]\n":            "only dense stages can stand",
		"network:\n- {dense: 4}\n- {dense: 4, pool: true}\n": "mine.yaml:3: network[1] has stride or pool",
		"network: [{dense: 4, kernel: 3}]\n":                 "network[0] has kernel",
		"network: [{residual: 4, norm: true}]\n":             "network[0] has norm",
		"network: [{conv: 4, kernel: 3, stride: 3}]\n":       "stride 3",
		"network: [{depthwise: 4}]\n":                        "kernel 4",
		"network: [{conv: 4, kernel: 3, depthwise: 3}]\n":    "exactly one of",
		"network: [{residual: 5000}]\n":                      "1 to 4096 filters",
		"input: {size: 8}\nnetwork: [{residual: 1, stride: 2, pool: true}, {depthwise: 3, stride: 2, pool: true}]\n": "nothing is left",

		"input: {size: 8}\nnetwork: [{conv: 1, kernel: 1, pool: true}, {conv: 1, kernel: 1, pool: true}, {conv: 1, kernel: 1, pool: true}, {conv: 1, kernel: 1, pool: true}]\n": "nothing is left",
	} {
		_, err := parseExperiment("mine.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v, want %q in it", text, err, want)
		}
	}
}
