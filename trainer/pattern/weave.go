package pattern

import "math"

// weaves are cloths seen so near that their threads show. A draft tells at
// which crossings the warp lies above, as weavers write it.
func weaves() []Family {
	var all []Family
	for _, w := range []struct {
		name  string
		draft []string
	}{
		{"plain weave", []string{"#.", ".#"}},
		{"twill of 1 and 2", []string{"#..", ".#.", "..#"}},
		{"twill of 2 and 2", []string{"##..", ".##.", "..##", "#..#"}},
		{"twill of 3 and 1", []string{"###.", ".###", "#.##", "##.#"}},
		{"satin of 5", []string{"#....", "...#.", ".#...", "....#", "..#.."}},
		{"hopsack", []string{"##..", "##..", "..##", "..##"}},
		{"bird's eye", []string{"#...#.", ".#.#..", "..#...", ".#.#..", "#...#.", ".....#"}},
		{"broken twill", []string{"##..", ".##.", "#..#", "..##"}},
		{"huckaback", []string{"#.#.#", ".#...", "#.#.#", "...#.", "#.#.#"}},
	} {
		all = append(all, repeated(w.name, 9, 22, weave(w.draft)))
	}
	return append(all, repeated("tartan", 10, 30, tartan))
}

// weave draws threads, one a period, that sink where they pass below.
func weave(draft []string) func(dice) field {
	return func(d dice) field {
		thick := d.from(0.36, 0.47)
		return func(x, y float64) (float64, int) {
			u, v, column, row := cell(x, y)
			if raised(draft, column, row) {
				return max(math.Abs(u)-thick, math.Abs(v)-0.62), 0
			}
			return max(math.Abs(v)-thick, math.Abs(u)-0.62), 1
		}
	}
}

func raised(draft []string, column, row int) bool {
	line := draft[((row%len(draft))+len(draft))%len(draft)]
	return line[((column%len(line))+len(line))%len(line)] == '#'
}

// tartan is a twill whose threads change colour in a symmetric order.
func tartan(d dice) field {
	sett := make([]int, 0, 24)
	for len(sett) < 18 {
		colour := d.IntN(4)
		for range 1 + d.IntN(6) {
			sett = append(sett, colour)
		}
	}
	colour := func(i int) int {
		i = ((i % (2 * len(sett))) + 2*len(sett)) % (2 * len(sett))
		return sett[min(i, 2*len(sett)-1-i)]
	}
	draft := []string{"##..", ".##.", "..##", "#..#"}
	return func(x, y float64) (float64, int) {
		_, _, column, row := cell(x, y)
		if raised(draft, column, row) {
			return -1, colour(column)
		}
		return -1, colour(row)
	}
}
