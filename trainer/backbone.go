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

// readBackbone reads the file that an experiment's network starts from, and its
// SHA-256.
func readBackbone(path string) (b *backbone.Backbone, digest string, err error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, "", fmt.Errorf("read the backbone: %w", err)
	}
	if b, err = backbone.Read(file); err != nil {
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
	b, digest, err := readBackbone(e.Backbone.File)
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
	body, digest, err := readBackbone(from.File)
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
