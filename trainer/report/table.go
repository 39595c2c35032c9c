package report

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// table is rows of cells for a terminal, the first row being the head.
type table [][]string

func (t *table) add(cells ...any) {
	row := make([]string, len(cells))
	for i, c := range cells {
		row[i] = printable(fmt.Sprint(c))
	}
	*t = append(*t, row)
}

// beside joins two tables row by row with a rule between them; the shorter one is
// padded.
func beside(left, right table) table {
	joined := make(table, max(len(left), len(right)))
	for i := range joined {
		joined[i] = append(left.row(i), "|")
		joined[i] = append(joined[i], right.row(i)...)
	}
	return joined
}

// row is a copy of row i, blank beyond the last.
func (t table) row(i int) []string {
	cells := make([]string, len(t[0]))
	if i < len(t) {
		copy(cells, t[i])
	}
	return cells
}

// write sets words to the left of their column and figures to the right.
func (t table) write(b *bytes.Buffer) {
	widths := make([]int, len(t[0]))
	for _, row := range t {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range t {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if t.hasFigures(i) {
				cell = pad + cell
			} else {
				cell += pad
			}
			line.WriteString("  " + cell)
		}
		fmt.Fprintln(b, strings.TrimRight(line.String(), " "))
	}
}

// hasFigures reports whether the column's first cell below the head is a figure.
func (t table) hasFigures(column int) bool {
	return len(t) > 1 && strings.ContainsAny(t[1][column][:min(1, len(t[1][column]))], "0123456789")
}

// printable makes a label safe for a terminal, which would obey its control characters, and
// for a plot, which has no glyph for them.
func printable(label string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, label)
}
