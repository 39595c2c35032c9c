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
	for step := range curveSteps {
		point, err := v.point(ctx, step)
		if err != nil {
			return nil, err
		}
		curve.Points = append(curve.Points, point)
	}
	curve.Conclude()
	return curve, curve.Write(o.Out)
}

// point trains with the photographs halved as often as steps follow. Each is shown so
// many times more often that all networks take about as many steps: what tells the
// points apart is the photographs, not the time of the training.
func (v *validation) point(ctx context.Context, step int) (report.CurvePoint, error) {
	fewer := 1 << (curveSteps - 1 - step)
	share := 1 / float64(fewer)
	same := *v
	e := *v.experiment
	e.Training.Views *= fewer
	same.experiment = &e
	point := report.CurvePoint{Photographs: map[string]float64{}}
	trainings := len(v.Seeds) * v.Folds
	done := step * trainings
	for _, seed := range v.Seeds {
		folds := v.deal(seed)
		for fold := range v.Folds {
			train, held := split(v.pictures, folds, fold)
			train = v.part(train, share, seed, fold)
			answers, err := same.fold(ctx, seed, fold, train, held, fmt.Sprintf("%s/share-%.3f", v.Out, share), [2]int{done, curveSteps * trainings})
			if err != nil {
				return report.CurvePoint{}, fmt.Errorf("%.1f %% of the photographs, seed %d, fold %d of %d: %w", 100*share, seed, fold+1, v.Folds, err)
			}
			done++
			for _, p := range train {
				point.Photographs[v.classes[p.Label]] += 1 / float64(trainings)
			}
			point.Evaluations = append(point.Evaluations, count(v.classes, answers.Held, Held.pressed))
		}
	}
	return point, nil
}

// part takes a share of each motif's pictures, rounded, at least one; a smaller share
// is within a larger one.
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
		part = append(part, of[:max(int(math.Round(share*float64(len(of)))), 1)]...)
	}
	return part
}
