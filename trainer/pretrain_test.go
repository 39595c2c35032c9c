package trainer

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"canting/configs"
	"canting/infer"
	"canting/trainer/backbone"
	"canting/trainer/pattern"
)

// brief is a pretraining that learns nothing, soon.
func brief() *configs.Experiment {
	e := configs.PretrainExperiment()
	e.Input.Size = 16
	e.Network = []configs.Stage{{Conv: 4, Kernel: 3, Norm: true, Pool: true}, {Residual: 6}, {Mean: true}}
	e.Training.Epochs, e.Training.Views = 2, 1
	e.Backbone.File = configs.Patterns // as a recipe says that leaves it out
	return e
}

// TestPretrain: drawn patterns give a classifier of their families, which another
// training starts from.
func TestPretrain(t *testing.T) {
	out := t.TempDir()
	if _, err := Pretrain(t.Context(), Job{Out: out, Experiment: brief(), Show: &watcher{}}); err != nil {
		t.Fatal(err)
	}
	model, err := infer.Load(backboneBytes(t, out), infer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if labels, families := model.Labels(), pattern.Families(); len(labels) != len(families) || labels[7] != families[7].Name {
		t.Errorf("the backbone has %d labels, not the %d families", len(labels), len(families))
	}
	e := small()
	e.Training.Epochs = 1
	e.Backbone = configs.Backbone{File: filepath.Join(out, BackboneName), Rate: 1}
	if run, _ := train(t, Job{Data: cloths(t, 6, 2), Out: t.TempDir(), Experiment: e}); len(run.Metrics.Classes) != 3 {
		t.Errorf("trained to tell apart %v", run.Metrics.Classes)
	}
}

// TestPretrainResumes: broken off and gone on with, it gives the same backbone.
func TestPretrainResumes(t *testing.T) {
	whole, broken := t.TempDir(), t.TempDir()
	if _, err := Pretrain(t.Context(), Job{Out: whole, Experiment: brief(), Show: &watcher{}}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stop := &watcher{interrupt: func(epoch, batch int) {
		if epoch == 2 && batch == 2 {
			cancel()
		}
	}}
	if _, err := Pretrain(ctx, Job{Out: broken, Experiment: brief(), Show: stop}); err == nil || !strings.Contains(err.Error(), "--resume") {
		t.Fatalf("stopped in its second epoch it says %v", err)
	}
	if _, err := Pretrain(t.Context(), Job{Out: broken, Experiment: brief(), Show: &watcher{}, Resume: true}); err != nil {
		t.Fatal(err)
	}
	if string(backboneBytes(t, whole)) != string(backboneBytes(t, broken)) {
		t.Error("a pretraining that was broken off gives another backbone")
	}
	show := &watcher{}
	if _, err := Pretrain(t.Context(), Job{Out: broken, Experiment: brief(), Show: show}); err != nil || !strings.Contains(strings.Join(show.warnings, "\n"), "holds a training already") {
		t.Errorf("one that replaces another says %q, %v", show.warnings, err)
	}
}

func backboneBytes(t *testing.T, dir string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, BackboneName))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestDemonstrationIsOfItsRecipe: who changes configs/cloths.yaml or the default network
// has to train the demonstration again. It stands for the size of the recipe's models.
func TestDemonstrationIsOfItsRecipe(t *testing.T) {
	file, err := os.ReadFile("../firmware/demo/demo.tflite")
	if err != nil {
		t.Fatal(err)
	}
	model, err := infer.Load(file, infer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := configs.LoadExperiment("../configs/cloths.yaml")
	if err == nil {
		e, err = withBackbone(e)
	}
	if err != nil {
		t.Fatal(err)
	}
	if of := model.Metadata().Provenance; of.Config != experimentJSON(e) {
		t.Errorf("the demonstration was trained by another recipe (make demo-model trains it again):\n%s\n%s", of.Config, experimentJSON(e))
	}
	if model.MACs() >= 60e6 || len(file) >= 1e6 {
		t.Errorf("a model of the default recipe takes %d multiplications and %d bytes", model.MACs(), len(file))
	}
}

// TestBuiltInBackboneIsOfItsRecipe: who changes configs/pretrain.yaml, the default
// network or the families has to make the backbone again.
func TestBuiltInBackboneIsOfItsRecipe(t *testing.T) {
	model, err := infer.Load(backbone.Patterns, infer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	of := model.Metadata().Provenance
	if want := experimentJSON(configs.PretrainExperiment()); of.Config != want {
		t.Errorf("the built-in backbone was made by another recipe (make backbone makes it again):\n%s\n%s", of.Config, want)
	}
	for i, f := range pattern.Families() {
		if labels := model.Labels(); i >= len(labels) || labels[i] != f.Name {
			t.Fatalf("the built-in backbone does not know the family %q", f.Name)
		}
	}
	if accuracy := of.Metrics["test_accuracy_float"]; accuracy < 0.6 {
		t.Errorf("it names %v of the families' patterns", accuracy)
	}
}
