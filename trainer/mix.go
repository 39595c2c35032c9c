package trainer

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// mix replaces each second picture of a batch, by the toss of a coin, by its
// mixture with another one of the batch, and its target by the same mixture of
// the two targets. mixup and cutmix are the parameters of how much of each; if
// both are above 0, either kind is as likely.
func (b *batch) mix(mixup, cutmix float64, rng *rand.Rand) {
	if mixup == 0 && cutmix == 0 {
		return
	}
	x, targets := b.x.Data().([]float32), b.targets.Data().([]float32)
	size := b.x.Shape()[1]
	pixels, classes := size*size*3, b.targets.Shape()[1]
	fromX, fromTargets, fromLabels := slices.Clone(x), slices.Clone(targets), slices.Clone(b.labels)
	for i, other := range rng.Perm(len(b.labels)) {
		if rng.IntN(2) == 0 {
			continue
		}
		to, from := x[i*pixels:(i+1)*pixels], fromX[other*pixels:(other+1)*pixels]
		var kept float64
		if paste := cutmix > 0 && (mixup == 0 || rng.IntN(2) == 0); paste {
			kept = pasteInto(to, from, size, distuv.Beta{Alpha: cutmix, Beta: cutmix, Src: rng}.Rand(), rng)
		} else {
			kept = distuv.Beta{Alpha: mixup, Beta: mixup, Src: rng}.Rand()
			blend(to, from, kept)
		}
		blend(targets[i*classes:(i+1)*classes], fromTargets[other*classes:(other+1)*classes], kept)
		if kept < 0.5 {
			b.labels[i] = fromLabels[other]
		}
	}
}

// blend makes dst the sum of kept of itself and the rest of src (mixup: Zhang et
// al., 2018, section 2).
func blend(dst, src []float32, kept float64) {
	for i, v := range src {
		dst[i] = v + float32(kept)*(dst[i]-v)
	}
}

// pasteInto copies a rectangle of src to the same place of dst, which keeps the
// share of its area, and returns the share that it does keep: what lies outside
// is not pasted (CutMix: Yun et al., 2019, equation 2).
func pasteInto(dst, src []float32, size int, share float64, rng *rand.Rand) (kept float64) {
	half := math.Sqrt(1-share) * float64(size) / 2
	span := func() (lo, hi int) {
		centre := rng.Float64() * float64(size)
		return int(math.Round(max(centre-half, 0))), int(math.Round(min(centre+half, float64(size))))
	}
	left, right := span()
	top, bottom := span()
	for y := top; y < bottom; y++ {
		row := y * size * 3
		copy(dst[row+left*3:row+right*3], src[row+left*3:row+right*3])
	}
	return 1 - float64((right-left)*(bottom-top))/float64(size*size)
}
