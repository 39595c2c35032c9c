package trainer

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"canting/capture"
	"canting/configs"
	"canting/infer/metadata"
	"canting/infer/tflite"
	"canting/trainer/picture"
	"canting/trainer/quantize"

	"gorgonia.org/tensor"
)

// export quantizes the trained network and writes the model file's bytes, with
// its labels, preprocessing, provenance and golden pairs.
func (f *fit) export(d *data, metrics map[string]float64) ([]byte, error) {
	model, card, err := f.quantized(d.classes, metrics)
	if err != nil {
		return nil, err
	}
	file, err := encode(model, card)
	if err != nil {
		return nil, err
	}
	c, err := newClassifier(file)
	if err != nil {
		return nil, fmt.Errorf("read the written model back: %w", err)
	}
	if d.trust != nil {
		if c, err = c.trusted(model, &card, d.trust, d.lesson(f.train, f.experiment)); err != nil {
			return nil, fmt.Errorf("tell the model how far to trust it: %w", err)
		}
		if card.Doubt == nil {
			d.warn("The network has no features to learn doubt from, or more than a model can carry, so only a low confidence makes an answer unknown.")
		}
	}
	if card.Golden, err = c.golden(f.train, len(d.classes)); err != nil {
		return nil, fmt.Errorf("compute the golden pairs: %w", err)
	}
	if card.Training, err = c.training(f.test); err != nil {
		return nil, fmt.Errorf("answer the test pictures: %w", err)
	}
	return encode(model, card)
}

// quantized is the network as an int8 model, and what it tells of itself before it
// has answered anything.
func (f *fit) quantized(labels []string, metrics map[string]float64) (*tflite.Model, metadata.Canting, error) {
	calibration, err := f.calibration()
	if err != nil {
		return nil, metadata.Canting{}, err
	}
	model, err := quantize.Model(f.net, f.experiment.Input.Size, quantize.Pixels(f.experiment.Input.Mean, f.experiment.Input.Std), calibration)
	if err != nil {
		return nil, metadata.Canting{}, fmt.Errorf("quantize: %w", err)
	}
	model.Description = f.experiment.Name
	model.Labels = labels
	card := metadata.Default()
	card.Preprocessing = newPreprocessing(f.experiment.Input)
	card.Threshold = f.experiment.Decision.Threshold
	card.Provenance = f.provenance(metrics)
	return model, card, nil
}

func (f *fit) provenance(metrics map[string]float64) metadata.Provenance {
	return metadata.Provenance{
		Tool: "canting-trainer", DataSet: f.digest(), Config: experimentJSON(f.experiment),
		Seed: f.experiment.Seed, Pictures: len(f.train), Metrics: metrics,
	}
}

func experimentJSON(e *configs.Experiment) string {
	b, err := json.Marshal(e)
	if err != nil {
		panic(err) // validated numbers and texts
	}
	return string(b)
}

func encode(model *tflite.Model, card metadata.Canting) ([]byte, error) {
	text, err := json.Marshal(card)
	if err != nil {
		return nil, fmt.Errorf("encode the model's metadata: %w", err)
	}
	model.Canting = text
	file, err := model.Encode()
	if err != nil {
		return nil, fmt.Errorf("write the model: %w", err)
	}
	return file, nil
}

// calibration is the training pictures that the activations' ranges come from,
// spread evenly over the set, in batches.
func (f *fit) calibration() ([]*tensor.Dense, error) {
	var batches []*tensor.Dense
	for c := range slices.Chunk(spread(f.train, f.experiment.Quantization.Calibration), measureBatch) {
		x, err := exact(c, f.experiment.Input)
		if err != nil {
			return nil, err
		}
		batches = append(batches, x)
	}
	return batches, nil
}

// spread is at most n of the pictures, evenly from all over the set.
func spread(all []picture.Picture, n int) []picture.Picture {
	chosen := make([]picture.Picture, min(n, len(all)))
	for i := range chosen {
		chosen[i] = all[i*len(all)/len(chosen)]
	}
	return chosen
}

// goldenQuality is the JPEG quality of golden pictures, which only need to decode to
// the same bytes everywhere: at 85 they took an eighth of the demonstration's model.
const goldenQuality = 50

// goldenCount bounds the golden pairs: a few show as well as many that a kiosk computes
// what the trainer did, and each makes the model larger by some 10 kB.
const goldenCount = 8

// golden asks the model itself for its answers to a picture each of the first motifs.
func (c *classifier) golden(train []picture.Picture, classes int) ([]metadata.Golden, error) {
	var pairs []metadata.Golden
	for label := range min(classes, goldenCount) {
		i := slices.IndexFunc(train, func(p picture.Picture) bool { return p.Label == label })
		jpeg, err := train[i].JPEG(goldenQuality)
		if err != nil {
			return nil, err
		}
		frame, err := capture.Decode(jpeg)
		if err != nil {
			return nil, err
		}
		if err := c.run(frame); err != nil {
			return nil, err
		}
		input := sha256.Sum256(c.session.Input())
		pairs = append(pairs, metadata.Golden{
			Picture: jpeg, Input: hex.EncodeToString(input[:]), Output: slices.Clone(c.session.Output()),
		})
	}
	return pairs, nil
}

// training is how the model answers the pictures held out, nil if there are
// none.
func (c *classifier) training(test []picture.Picture) (*metadata.Training, error) {
	if len(test) == 0 {
		return nil, nil
	}
	t := metadata.NewTraining()
	for _, p := range test {
		says, err := c.judge(p)
		if err != nil {
			return nil, err
		}
		t.Add(float64(says.Confidence), says.Unknown, p.Brightness)
	}
	return t, nil
}
