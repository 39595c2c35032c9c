package configs

import (
	_ "embed"
	"fmt"
	"math"
)

// Experiment is everything that a training run depends on besides its
// pictures: with the same seed on the same machine it gives the same model.
type Experiment struct {
	// Name is what reports call the experiment.
	Name string
	// Seed starts every random choice: initial weights, order, augmentation,
	// dropout and, where the data come unsplit, the split.
	Seed         int64
	Input        Input
	Network      []Stage
	Backbone     Backbone
	Augment      Augment
	Training     Training
	Quantization Quantization
	Decision     Decision
}

// Input is how a picture becomes the network's input. It is written into the
// model, so that the kiosk does the same.
type Input struct {
	// Size is the input's height and width in pixels.
	Size int
	// Crop is the guide box's side as a share of the picture's shorter side.
	Crop float64
	// GreyWorld switches colour correction on.
	GreyWorld bool `mapstructure:"grey_world"`
	// Corners makes a press look at the corners and the middle of the guide box too,
	// each of half its side: for patterns that repeat.
	Corners bool
	// Mean and Std make (v - Mean) / Std of a pixel value v, 0 to 255, for the
	// network. Mean is whole, so that int8 holds every v exactly.
	Mean float64
	Std  float64
}

// Backbone is what the network starts from instead of Network's stages.
type Backbone struct {
	// File is a .tflite classifier whose layers up to the classifier are taken
	// over, with its input's size and normalisation; Patterns is the built-in one,
	// "" none.
	File string
	// Digest is the file's SHA-256 in hexadecimal. Training fills it in.
	Digest string `mapstructure:"-"`
	// Rate is the learning rate of its layers, as a share of
	// Training.LearningRate; 0 keeps them as they are.
	Rate float64
	// Dropout is the share of its features dropped while training.
	Dropout float64
}

// Patterns names the built-in backbone, which has learnt from drawn patterns. A
// configuration with a network of its own starts from nothing instead.
const Patterns = "patterns"

// Stage is one stage of the network: exactly one of Conv, Residual, Depthwise,
// Dense and Mean.
type Stage struct {
	// Conv is the number of filters of a convolution + ReLU.
	Conv   int
	Kernel int
	// Residual is the number of filters of each of two 3x3 convolutions with
	// batch normalisation, past which a shortcut leads. Where the shape
	// changes, the shortcut is a 1x1 convolution.
	Residual int
	// Depthwise is the kernel of a convolution of each channel for itself,
	// + ReLU.
	Depthwise int
	// Stride is how many pixels a convolution, of a residual stage the first,
	// steps at a time: 1, which 0 means too, or 2.
	Stride int
	// Norm puts batch normalisation between convolution and ReLU.
	Norm bool
	// Pool puts a 2x2 max pool behind.
	Pool bool
	// Dense is the number of units of a fully connected layer + ReLU. The
	// last dense layer, one unit a class, is added without being named.
	Dense int
	// Mean averages each channel over the picture.
	Mean bool
	// Dropout is the share of the stage's outputs dropped while training.
	Dropout float64
}

// Augment is how training pictures are varied, anew each time they are shown.
// Of each key but Crop, 0 and false leave it out.
type Augment struct {
	// Crop is the smallest side of the random square cut from the guide box,
	// as a share of its side; 1 cuts nothing off. Aspect is how much longer
	// one side of the cut can get than the other, as a share.
	Crop   float64
	Aspect float64
	// Rotate90 turns by a random multiple of 90 degrees; Mirror flips.
	Rotate90 bool
	Mirror   bool
	// Rotate is the largest further turn, in degrees.
	Rotate float64
	// Perspective is how much nearer than its middle, as a share of the
	// distance, an edge of the cloth can be.
	Perspective float64
	// Brightness, Contrast, Colour and Saturation are the largest relative
	// changes of all channels, of their distance from mid-grey, of one
	// channel, and of the distance from a pixel's own grey.
	Brightness float64
	Contrast   float64
	Colour     float64
	Saturation float64
	// Hue is the largest turn of all colours, in degrees.
	Hue float64
	// Grey is the share of the pictures that are shown without colour, and
	// Negative of those with light and dark exchanged.
	Grey     float64
	Negative float64
	// Gamma is how far the tone curve's exponent, or its inverse, can exceed 1.
	Gamma float64
	// Blur is the largest standard deviation of a blur, in pixels of the
	// input; Noise that of a sensor's noise, as a share of full scale.
	Blur  float64
	Noise float64
	// Cutout is the longest side of a hidden rectangle, as a share.
	Cutout float64
	// JPEG is the lowest quality of compression.
	JPEG int
}

// Training is the optimisation.
type Training struct {
	Batch        int
	Epochs       int
	Optimizer    string
	LearningRate float64 `mapstructure:"learning_rate"`
	// Schedule is constant or cosine, which falls to zero over the epochs.
	Schedule string
	// Warmup is the number of epochs in which the learning rate first rises
	// from zero, evenly.
	Warmup float64
	// WeightDecay is decoupled from the gradient (AdamW).
	WeightDecay float64 `mapstructure:"weight_decay"`
	// Average is the share that what the weights were before keeps in their
	// running mean with each step. The model is made of the mean; 0 makes it
	// of the last weights.
	Average float64
	// LabelSmoothing spreads that share of the target over all classes.
	LabelSmoothing float64 `mapstructure:"label_smoothing"`
	// Mixup and CutMix mix half of the pictures with another one, by a
	// weighted sum and by pasting a rectangle in. The share of each is drawn
	// from Beta(a, a) for the value a; 0 mixes none.
	Mixup  float64
	CutMix float64
	// Outliers is how many pictures of what is no motif each mini-batch has more,
	// as a share of it: the network learns to be unsure of them.
	Outliers float64
	// Balance shows every class equally often, whatever its size.
	Balance bool
	// Views is how often an epoch shows each picture, each time varied anew.
	Views int
	// TestShare is the share of each class set aside for the test where the
	// data are not split into train and test already.
	TestShare float64 `mapstructure:"test_share"`
}

// Quantization is the step from float to int8.
type Quantization struct {
	// Calibration is the number of training pictures that the activations'
	// ranges are taken from.
	Calibration int
}

// Decision is what the model's answer is held to.
type Decision struct {
	// Folds is how many models more are trained, each without another part of the
	// training pictures, to learn from their answers to those how far the model's
	// may be trusted. 0 trusts its confidence as it is.
	Folds int
	// Accept is the share of the motifs' pictures held out that are to be named;
	// the rest is the price of telling what is none of them.
	Accept float64
	// Threshold is the least confidence of a named motif where Folds is 0.
	Threshold float64
}

//go:embed paper.yaml
var paperYAML []byte

//go:embed pretrain.yaml
var pretrainYAML []byte

//go:embed trainer.yaml
var trainerYAML []byte

// DefaultExperiment is configs/trainer.yaml, what a gallery trains with.
func DefaultExperiment() *Experiment {
	var e Experiment
	if err := load("trainer.yaml", trainerYAML, &e); err != nil {
		panic(err) // embedded, and held valid by a test
	}
	return &e
}

// PaperExperiment is configs/paper.yaml, the experiment of Azmi, Defit and
// Sumijan.
func PaperExperiment() *Experiment { return builtIn("paper.yaml", paperYAML) }

// PretrainExperiment is configs/pretrain.yaml, how the backbone that a gallery's
// training starts from is made.
func PretrainExperiment() *Experiment { return builtIn("pretrain.yaml", pretrainYAML) }

func builtIn(name string, text []byte) *Experiment {
	e, err := parseExperiment(name, text)
	if err != nil {
		panic(err) // embedded, and held valid by a test
	}
	return e
}

// LoadExperiment reads an experiment's YAML file. A key that it leaves out has
// the value of configs/trainer.yaml.
func LoadExperiment(path string) (*Experiment, error) {
	text, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return parseExperiment(path, text)
}

func parseExperiment(name string, text []byte) (*Experiment, error) {
	e := DefaultExperiment()
	stages := e.Network
	// A list is decoded over the one that is there, element by element.
	e.Network = nil
	if err := load(name, text, &withNetwork{Experiment: e, stages: stages}); err != nil {
		return nil, err
	}
	return e, nil
}

// withNetwork fills the stages in before they are validated.
type withNetwork struct {
	*Experiment `mapstructure:",squash"`
	stages      []Stage
}

func (w *withNetwork) Validate() error {
	switch {
	case w.Network == nil:
		w.Network = w.stages
	case w.Backbone.File == Patterns:
		w.Backbone.File = ""
	}
	return w.Experiment.Validate()
}

// Validate reports every value that no training run could use.
func (e *Experiment) Validate() error {
	var p problems
	if e.Backbone.File == "" {
		e.validateNetwork(&p)
	}
	if e.Input.Mean != math.Trunc(e.Input.Mean) {
		p.add("input.mean", "is %v; it must be a whole number", e.Input.Mean)
	}
	if o := e.Training.Optimizer; o != "adam" {
		p.add("training.optimizer", "is %q; the only one there is is adam", o)
	}
	if s := e.Training.Schedule; s != "constant" && s != "cosine" {
		p.add("training.schedule", "is %q; write constant or cosine", s)
	}
	for key, a := range map[string]float64{"training.mixup": e.Training.Mixup, "training.cutmix": e.Training.CutMix} {
		// Below 0.1 draws from Beta(a, a) run out of float64's range.
		if a != 0 && !(a >= 0.1 && a <= 10) {
			p.add(key, "is %v; it must be 0 or between 0.1 and 10", a)
		}
	}
	for _, r := range []struct {
		key           string
		value, lo, hi float64
	}{
		{"input.size", float64(e.Input.Size), 8, 512},
		{"input.crop", e.Input.Crop, 0.05, 1},
		{"input.mean", e.Input.Mean, 0, 255},
		{"input.std", e.Input.Std, 0.001, 1000},
		{"backbone.rate", e.Backbone.Rate, 0, 10},
		{"backbone.dropout", e.Backbone.Dropout, 0, 0.95},
		{"augment.crop", e.Augment.Crop, 0.05, 1},
		{"augment.rotate", e.Augment.Rotate, 0, 180},
		{"augment.aspect", e.Augment.Aspect, 0, 1},
		{"augment.perspective", e.Augment.Perspective, 0, 0.45},
		{"augment.saturation", e.Augment.Saturation, 0, 1},
		{"augment.hue", e.Augment.Hue, 0, 180},
		{"augment.grey", e.Augment.Grey, 0, 1},
		{"augment.negative", e.Augment.Negative, 0, 1},
		{"augment.gamma", e.Augment.Gamma, 0, 3},
		{"augment.blur", e.Augment.Blur, 0, 10},
		{"augment.noise", e.Augment.Noise, 0, 0.5},
		{"augment.cutout", e.Augment.Cutout, 0, 1},
		{"augment.jpeg", float64(e.Augment.JPEG), 0, 100},
		{"augment.brightness", e.Augment.Brightness, 0, 1},
		{"augment.contrast", e.Augment.Contrast, 0, 1},
		{"augment.colour", e.Augment.Colour, 0, 1},
		{"training.batch", float64(e.Training.Batch), 1, 1024},
		{"training.epochs", float64(e.Training.Epochs), 1, 100000},
		{"training.learning_rate", e.Training.LearningRate, 1e-9, 1},
		{"training.views", float64(e.Training.Views), 1, 1000},
		{"training.warmup", e.Training.Warmup, 0, 100000},
		{"training.average", e.Training.Average, 0, 0.99999},
		{"training.weight_decay", e.Training.WeightDecay, 0, 1},
		{"training.label_smoothing", e.Training.LabelSmoothing, 0, 0.9},
		{"training.test_share", e.Training.TestShare, 0.01, 0.9},
		{"quantization.calibration", float64(e.Quantization.Calibration), 1, 100000},
		{"training.outliers", e.Training.Outliers, 0, 4},
		{"decision.folds", float64(e.Decision.Folds), 0, 20},
		{"decision.accept", e.Decision.Accept, 0.5, 1},
		{"decision.threshold", e.Decision.Threshold, 0, 1},
	} {
		if !(r.value >= r.lo && r.value <= r.hi) {
			p.add(r.key, "is %v; it must be between %v and %v", r.value, r.lo, r.hi)
		}
	}
	if e.Decision.Folds == 1 {
		p.add("decision.folds", "is 1; it must be 0, or from 2 on, for each model is trained on the other folds")
	}
	return p.err()
}

func (e *Experiment) validateNetwork(p *problems) {
	if len(e.Network) == 0 || len(e.Network) > 100 {
		p.add("network", "has %d stages; between 1 and 100 are possible", len(e.Network))
		return
	}
	side, flat := e.Input.Size, false
	for i, s := range e.Network {
		key := fmt.Sprintf("network[%d]", i)
		if fault := s.fault(flat); fault != "" {
			p.add(key, "%s", fault)
			return
		}
		flat = flat || s.Dense > 0 || s.Mean
		if s.Stride == 2 {
			side = (side + 1) / 2
		}
		if s.Pool {
			side /= 2
		}
		if side == 0 {
			p.add(key, "pools a picture of which nothing is left: use fewer pools or an input.size above %d", e.Input.Size)
			return
		}
	}
}

// fault says what is wrong with a stage, "" for nothing; flat tells that a
// dense or mean stage came before.
func (s Stage) fault(flat bool) string {
	kinds := 0
	for _, is := range []bool{s.Conv != 0, s.Residual != 0, s.Depthwise != 0, s.Dense != 0, s.Mean} {
		if is {
			kinds++
		}
	}
	switch {
	case kinds != 1:
		return "must have exactly one of conv: FILTERS, residual: FILTERS, depthwise: KERNEL, dense: UNITS and mean: true"
	case flat && s.Dense == 0:
		return "comes after a dense or mean stage, where only dense stages can stand"
	case s.Dense < 0 || s.Dense > 65536:
		return "has an impossible size: dense takes 1 to 65536 units"
	case !(s.Dropout >= 0 && s.Dropout < 1):
		return fmt.Sprintf("has dropout %v; it must be at least 0 and below 1", s.Dropout)
	}
	return s.convolutionFault()
}

// convolutionFault says what is wrong with the keys of conv, residual and
// depthwise stages.
func (s Stage) convolutionFault() string {
	kernel := s.Kernel + s.Depthwise
	switch {
	case s.Conv < 0 || s.Conv > 4096 || s.Residual < 0 || s.Residual > 4096:
		return "has an impossible size: conv and residual take 1 to 4096 filters"
	case s.Conv == 0 && s.Kernel != 0:
		return "has kernel, which belongs to a conv stage"
	case (s.Conv > 0 || s.Depthwise != 0) && (kernel < 1 || kernel > 11 || kernel%2 == 0):
		return fmt.Sprintf("has kernel %d; a convolution needs an odd one from 1 to 11", kernel)
	case s.Stride < 0 || s.Stride > 2:
		return fmt.Sprintf("has stride %d; it can be 1 or 2", s.Stride)
	case s.Norm && s.Conv == 0 && s.Depthwise == 0:
		return "has norm, which belongs to a conv or depthwise stage"
	case (s.Stride != 0 || s.Pool) && s.Conv == 0 && s.Residual == 0 && s.Depthwise == 0:
		return "has stride or pool, which belong to a conv, residual or depthwise stage"
	}
	return ""
}
