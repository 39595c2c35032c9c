package trainer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"

	"canting/configs"
	"canting/trainer/backbone"
	"canting/trainer/nn"
)

// readBackbone reads what a network starts from, and the SHA-256 of its file. The
// built-in one is made for pictures of size pixels a side, others keep their own.
func readBackbone(path string, size int) (b *backbone.Backbone, digest string, err error) {
	file := backbone.Patterns
	if path != configs.Patterns {
		size = 0
		if file, err = os.ReadFile(path); err != nil {
			return nil, "", fmt.Errorf("read the backbone: %w", err)
		}
	}
	if b, err = backbone.Read(file, size); err != nil {
		return nil, "", fmt.Errorf("the backbone %s: %w", path, err)
	}
	sum := sha256.Sum256(file)
	return b, hex.EncodeToString(sum[:]), nil
}

// withBackbone is the experiment with the input that its backbone, if it has
// one, was trained on. A file that does not tell its normalisation leaves the
// experiment's.
func withBackbone(e *configs.Experiment) (*configs.Experiment, error) {
	if e.Backbone.File == "" {
		return e, nil
	}
	b, digest, err := readBackbone(e.Backbone.File, e.Input.Size)
	if err != nil {
		return nil, err
	}
	adopted := *e
	adopted.Network = nil
	adopted.Backbone.Digest = digest
	adopted.Input.Size = b.Size
	if b.Std > 0 {
		adopted.Input.Mean, adopted.Input.Std = b.Mean, b.Std
	}
	if err := adopted.Validate(); err != nil {
		return nil, fmt.Errorf("the backbone %s: %w", e.Backbone.File, err)
	}
	return &adopted, nil
}

// takeOver adds the backbone's layers, which learn at their own rate, and the
// dropout before the last layer.
func (b *networkBuilder) takeOver(from configs.Backbone) error {
	body, digest, err := readBackbone(from.File, b.shape[0])
	if err != nil {
		return err
	}
	if digest != from.Digest {
		return fmt.Errorf("the backbone %s has changed since the training began", from.File)
	}
	if body.Size != b.shape[0] {
		return fmt.Errorf("the backbone %s takes pictures of %d pixels a side, the experiment has %d", from.File, body.Size, b.shape[0])
	}
	b.add(body.Layers...)
	for _, l := range body.Layers {
		for _, p := range l.Params() {
			p.Rate = from.Rate
		}
	}
	if from.Dropout > 0 {
		b.add(nn.NewDropout(b.shape, from.Dropout))
	}
	return nil
}

// renormalise lets what was taken over train with normalisation, which its file has
// folded into the weights. It takes its figures from some of the pictures.
func (f *fit) renormalise() error {
	if b := f.experiment.Backbone; b.File == "" || b.Rate == 0 {
		return nil
	}
	const enough = 64
	x, err := exact(spread(f.train, enough), f.experiment.Input)
	if err != nil {
		return err
	}
	f.net.Renormalise(x)
	return nil
}
