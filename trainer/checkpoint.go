package trainer

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"canting/configs"
	"canting/trainer/picture"
	"canting/trainer/report"

	"github.com/google/renameio/v2"
)

// checkpointName is the file in the output folder that --resume goes on from.
const checkpointName = "checkpoint.gob"

// checkpoint is a fit after a whole epoch. Random choices are not in it: they
// follow from the seed and the epoch's number.
type checkpoint struct {
	// Experiment and Data are digests of what the fit depends on.
	Experiment, Data string
	History          []report.Epoch
	Network, Mean    [][]float32
	Kept             [][]float32
	KeptLoss         float64
	Moments          [][]float32
	Steps            int
}

func (f *fit) save(dir string) error {
	c := checkpoint{
		Experiment: experimentDigest(f.experiment), Data: f.digest(),
		History: f.history, Network: f.net.State(), Mean: f.mean, Kept: f.kept, KeptLoss: f.keptLoss,
		Moments: f.adam.State(), Steps: f.adam.Steps(),
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(c); err != nil {
		return fmt.Errorf("encode the checkpoint: %w", err)
	}
	if err := renameio.WriteFile(filepath.Join(dir, checkpointName), b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("keep a checkpoint to resume from: %w", err)
	}
	return nil
}

// resume goes on from dir's checkpoint; without one it starts at the beginning.
func (f *fit) resume(dir string) error {
	path := filepath.Join(dir, checkpointName)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	var c checkpoint
	if err := gob.NewDecoder(bytes.NewReader(b)).Decode(&c); err != nil {
		return fmt.Errorf("resume: %s is damaged (%w): remove it to start again", path, err)
	}
	switch {
	case c.Experiment != experimentDigest(f.experiment):
		return fmt.Errorf("resume: %s belongs to a training with another configuration: use that one, or another --out folder", path)
	case c.Data != f.digest() && c.Data == sets{train: f.train, test: f.test}.digest():
		return fmt.Errorf("resume: %s belongs to a training without the pictures in the folder unknown, which are trained on now: use another --out folder, or train anew without --resume", path)
	case c.Data != f.digest():
		return fmt.Errorf("resume: %s belongs to a training on other pictures: put those back, or use another --out folder", path)
	case !fits(f.net.State(), c.Network) || !fits(f.net.State(), c.Kept) || !fits(f.mean, c.Mean) || !fits(f.adam.State(), c.Moments):
		return fmt.Errorf("resume: %s was written by another version of this program: remove it to start again", path)
	}
	restore(f.net.State(), c.Network)
	restore(f.adam.State(), c.Moments)
	f.adam.Resume(c.Steps)
	f.history, f.mean, f.kept, f.keptLoss = c.History, c.Mean, c.Kept, c.KeptLoss
	return nil
}

func hasCheckpoint(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, checkpointName))
	return err == nil
}

// replaces warns of a training that does not go on with the one in dir.
func replaces(dir string) string {
	return dir + " holds a training already, which this one replaces after its first epoch; --resume would go on with it."
}

func fits(a, b [][]float32) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if len(a[i]) != len(b[i]) {
			return false
		}
	}
	return true
}

// experimentDigest leaves the number of epochs out, so that a finished
// training with a constant learning rate can be resumed for more.
func experimentDigest(e *configs.Experiment) string {
	same := *e
	if same.Training.Schedule == "constant" {
		same.Training.Epochs = 0
	}
	b, err := json.Marshal(same)
	if err != nil {
		panic(err) // validated numbers and texts
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// dataDigest is of the decoded pictures, their labels and their split. Unknown ones count
// where there are any, so that a set without them has the digest that it had before they
// were trained on.
func dataDigest(known [][]picture.Picture, unknown ...[]picture.Picture) string {
	sets := known
	if len(slices.Concat(unknown...)) > 0 {
		sets = slices.Concat(known, unknown)
	}
	h := sha256.New()
	for _, set := range sets {
		fmt.Fprintln(h, len(set))
		for _, p := range set {
			fmt.Fprintln(h, p.Label, p.Content)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
