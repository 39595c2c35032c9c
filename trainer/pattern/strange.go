package pattern

import "slices"

// Strange are the families that no gallery would have a motif of: what stones,
// plants, formulas and walls look like. Batik's and all other repeats of figures are
// left out, as is whatever is woven, dyed or printed somewhere.
func Strange() []Family {
	var all []Family
	for _, some := range [][]Family{tilings(), cellular(), noises(), fractals(), curves()} {
		all = append(all, some...)
	}
	return slices.DeleteFunc(all, func(f Family) bool { return slices.Contains(worn, f.Name) })
}

var worn = []string{
	"checks", "argyle", "waves in rows", "overlapping circles", "hemp leaves", "arcs at random", "houndstooth", "chevrons", "stripes",
	"scallops", "ogees", "dots strewn", "petals strewn", "ikat", "kolam", "vines",
}
