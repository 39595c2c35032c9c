package trainer

import (
	"context"
	"fmt"
	"math"

	"canting/configs"
	"canting/trainer/picture"
	"canting/trainer/report"
)

// curveSteps are all photographs and the three times that they are halved.
const curveSteps = 4

// Curve measures how the experiment does with fewer photographs: the
// cross-validation of Crossval, whose trainings get an eighth, a quarter, half
// and all of each motif's photographs, each part within the next. It writes
// curve.json, curve.png and curve.html to o.Out and can be gone on with.
func Curve(ctx context.Context, e *configs.Experiment, dir string, o CrossvalOptions) (*report.Curve, error) {
	v, err := newValidation(ctx, e, dir, o)
	if err != nil {
		return nil, err
	}
	curve := &report.Curve{Title: e.Name, Classes: v.classes, Folds: o.Folds}
	trainings := curveSteps * len(o.Seeds) * o.Folds
	done := 0
	for step := range curveSteps {
		share := math.Pow(2, float64(step+1-curveSteps))
		point := report.CurvePoint{Photographs: map[string]float64{}}
		for _, seed := range o.Seeds {
			folds := v.deal(seed)
			for fold := range o.Folds {
				train, held := split(v.pictures, folds, fold)
				train = v.part(train, share, seed, fold)
				answers, err := v.fold(ctx, seed, fold, train, held, fmt.Sprintf("%s/share-%.3f", o.Out, share), [2]int{done, trainings})
				if err != nil {
					return nil, fmt.Errorf("%.1f %% of the photographs, seed %d, fold %d of %d: %w", 100*share, seed, fold+1, o.Folds, err)
				}
				done++
				for _, p := range train {
					point.Photographs[v.classes[p.Label]] += 1 / float64(len(o.Seeds)*o.Folds)
				}
				point.Evaluations = append(point.Evaluations, count(v.classes, answers.Held, Held.pressed))
			}
		}
		curve.Points = append(curve.Points, point)
	}
	curve.Conclude()
	return curve, curve.Write(o.Out)
}

// part takes a share of each motif's pictures, at least one; a smaller share is
// within a larger one.
func (v *validation) part(train []picture.Picture, share float64, seed int64, fold int) []picture.Picture {
	var part []picture.Picture
	order := stream(seed, streamFolds, uint64(fold)).Perm(len(train))
	for label := range v.classes {
		var of []picture.Picture
		for _, i := range order {
			if train[i].Label == label {
				of = append(of, train[i])
			}
		}
		part = append(part, of[:int(math.Ceil(share*float64(len(of))))]...)
	}
	return part
}
