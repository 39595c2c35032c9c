package trainer

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"canting/trainer/dataset"
	"canting/trainer/picture"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// assignFolds deals samples out to k folds so that each has the same share of
// every class and the members of a group stay together: the largest groups
// first, each to the fold with the fewest samples of its class. It returns each
// sample's fold, from 0; rng decides between equals.
func assignFolds(samples []dataset.Sample, groups [][]int, k int, rng *rand.Rand) []int {
	order := slices.Clone(groups)
	rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	slices.SortStableFunc(order, func(a, b []int) int { return cmp.Compare(len(b), len(a)) })
	type place struct{ label, fold int }
	held, totals := map[place]int{}, make([]int, k)
	folds := make([]int, len(samples))
	for _, group := range order {
		label, to := samples[group[0]].Label, 0
		for f := range k {
			if c := held[place{label, f}] - held[place{label, to}]; c < 0 || c == 0 && totals[f] < totals[to] {
				to = f
			}
		}
		for _, i := range group {
			folds[i] = to
			held[place{samples[i].Label, to}]++
			totals[to]++
		}
	}
	return folds
}

// split divides pictures into those of a fold and the others.
func split(pictures []picture.Picture, folds []int, fold int) (train, held []picture.Picture) {
	for i, p := range pictures {
		if folds[i] == fold {
			held = append(held, p)
		} else {
			train = append(train, p)
		}
	}
	return train, held
}

func samplesOf(pictures []picture.Picture) []dataset.Sample {
	all := make([]dataset.Sample, len(pictures))
	for i, p := range pictures {
		all[i] = p.Sample
	}
	return all
}

// alike is the least correlation of two thumbnails of one picture.
const alike = 0.93

// groups puts pictures that must not be told apart by a test into one group
// each: those in one folder below their motif's, which are of one cloth, and
// those that show the same picture: the same file, or one that was saved again,
// resized, brightened or slightly cut, which its grey thumbnail still correlates
// with. Every picture is in exactly one group; groups and members are in order.
func groups(pictures []picture.Picture) [][]int {
	small := thumbnails(pictures)
	together := func(i, j int) bool {
		cloth := pictures[i].Cloth
		return cloth != "" && cloth == pictures[j].Cloth || floats.Dot(small[i], small[j]) >= alike
	}
	first := make([]int, len(pictures)) // of the picture's group
	for i := range pictures {
		first[i] = i
		for j := range i {
			if first[i] != first[j] && together(i, j) {
				join(first[:i+1], first[i], first[j])
			}
		}
	}
	members := make([][]int, len(pictures))
	for i, f := range first {
		members[f] = append(members[f], i)
	}
	return slices.DeleteFunc(members, func(group []int) bool { return len(group) == 0 })
}

// thumbnails are the pictures' standardised ones.
func thumbnails(pictures []picture.Picture) [][]float64 {
	all := make([][]float64, len(pictures))
	for i, p := range pictures {
		all[i] = standardised(p.Thumbnail)
	}
	return all
}

// join makes one group of the two that begin at a and b.
func join(first []int, a, b int) {
	for i, f := range first {
		if f == a || f == b {
			first[i] = min(a, b)
		}
	}
}

// standardised is an RGB picture's grey values with mean 0 and length 1, so
// that the product of two is their correlation.
func standardised(rgb []byte) []float64 {
	grey := make([]float64, len(rgb)/3)
	for i := range grey {
		grey[i] = float64(rgb[3*i]) + float64(rgb[3*i+1]) + float64(rgb[3*i+2])
	}
	floats.AddConst(-stat.Mean(grey, nil), grey)
	if length := floats.Norm(grey, 2); length > 0 {
		floats.Scale(1/length, grey)
	}
	return grey
}
