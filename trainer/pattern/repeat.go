package pattern

import "math"

// repeats are motifs on lattices: what the motif is and how the cloth repeats
// it make the family.
func repeats() []Family {
	var all []Family
	for _, group := range []struct {
		motifs  []motif
		layouts []layout
	}{
		{symmetric, []layout{{"grid", grid}, {"drop", halfDrop}, {"frames", frames}, {"rings", rings}, {"chequered", chequered}}},
		{leaning, []layout{{"grid", grid}, {"mirrored", mirrored}, {"turned", quarterTurns}, {"glide", glide}}},
	} {
		for _, m := range group.motifs {
			for _, l := range group.layouts {
				all = append(all, repeated(m.name+" "+l.name, 2.5, 7, func(d dice) field { return l.repeat(m.draw(d)) }))
			}
		}
	}
	return all
}

type layout struct {
	name   string
	repeat func(field) field
}

// cell is where in its square of the unit lattice a place lies, from -0.5 to
// 0.5, and which square it is.
func cell(x, y float64) (u, v float64, column, row int) {
	i, j := math.Floor(x+0.5), math.Floor(y+0.5)
	return x - i, y - j, int(i), int(j)
}

func grid(m field) field {
	return func(x, y float64) (float64, int) {
		u, v, _, _ := cell(x, y)
		return m(u, v)
	}
}

func halfDrop(m field) field {
	return func(x, y float64) (float64, int) {
		_, _, _, row := cell(x, y)
		u, v, _, _ := cell(x+0.5*float64(row&1), y)
		return m(u, v)
	}
}

// frames set each motif in a square of bars.
func frames(m field) field {
	return func(x, y float64) (float64, int) {
		u, v, _, _ := cell(x, y)
		e, part := m(1.15*u, 1.15*v)
		if bar := 0.46 - max(math.Abs(u), math.Abs(v)); bar < e {
			return bar, 3
		}
		return e, part
	}
}

// rings set each motif in a circle.
func rings(m field) field {
	return func(x, y float64) (float64, int) {
		u, v, _, _ := cell(x, y)
		e, part := m(1.3*u, 1.3*v)
		if ring := math.Abs(length(u, v)-0.44) - 0.04; ring < e {
			return ring, 3
		}
		return e, part
	}
}

// chequered draws every second motif as a hole in a filled square.
func chequered(m field) field {
	return func(x, y float64) (float64, int) {
		u, v, column, row := cell(x, y)
		e, part := m(u, v)
		if (column+row)&1 == 0 {
			return e, part
		}
		return max(-e, max(math.Abs(u), math.Abs(v))-0.5), 3
	}
}

func mirrored(m field) field {
	return func(x, y float64) (float64, int) {
		u, v, column, row := cell(x, y)
		return m(u*float64(1-2*(column&1)), v*float64(1-2*(row&1)))
	}
}

// quarterTurns turns each motif by 90 degrees against its neighbours, around
// the corner that four of them share.
func quarterTurns(m field) field {
	return func(x, y float64) (float64, int) {
		u, v, column, row := cell(x, y)
		switch 2*(row&1) + column&1 {
		case 1:
			u, v = v, -u
		case 3:
			u, v = -u, -v
		case 2:
			u, v = -v, u
		}
		return m(u, v)
	}
}

// glide shifts every second row by half and mirrors it.
func glide(m field) field {
	return func(x, y float64) (float64, int) {
		_, _, _, row := cell(x, y)
		u, v, _, _ := cell(x+0.5*float64(row&1), y)
		return m(u*float64(1-2*(row&1)), v)
	}
}
