package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
)

// paperClass is a motif's rows in tables 2 and 6 of the paper.
type paperClass struct {
	split  Split
	result ClassCount
}

// The figures of Azmi, Defit and Sumijan, "Implementasi Convolutional Neural
// Network (CNN) Untuk Klasifikasi Batik Tanah Liat Sumatera Barat".
var (
	paperClasses = []paperClass{ // tables 2 and 6, in the order of table 6
		{Split{"Burung Hong", 56, 14}, ClassCount{13, 1}},
		{Split{"Kabau Padati", 40, 10}, ClassCount{1, 9}},
		{Split{"Rangkiang", 104, 26}, ClassCount{16, 10}},
		{Split{"Rumah Gadang", 120, 30}, ClassCount{20, 10}},
	}
	paperParameters = []Parameter{ // table 3
		{"Batch size", "16"}, {"Epochs", "100"}, {"Optimizer", "Adam"}, {"Learning rate", "0.001"},
	}
	paperEpochs = []Epoch{ // tables 4 and 5
		{1, 0.8324, 0.6812, 1.2574, 0.4625},
		{2, 0.9348, 0.5906, 1.0571, 0.5250},
		{3, 0.8081, 0.7031, 1.2156, 0.4750},
		{4, 0.7563, 0.6875, 1.0682, 0.4625},
		{5, 0.7522, 0.7281, 1.2376, 0.4625},
		{100, 0.0429, 0.9875, 1.7973, 0.6250},
	}
)

// PaperTables writes tables 2 to 6 of the paper for the run, each beside the
// paper's own figures. Classes are paired by name, or else by size when there are
// as many as the paper has; otherwise the paper's rows stand apart. Which, is said
// first.
func PaperTables(w io.Writer, r Run) error {
	var b bytes.Buffer
	pairs := pairClasses(r)
	fmt.Fprintln(&b, pairs.said)

	fmt.Fprintln(&b, "\nTable 2. Pictures")
	pairs.writeBeside(&b, splitTable("Class", inOrder(r.Splits, r.Metrics.Classes)), splitTable("Paper's class", pairs.splits()))
	fmt.Fprintln(&b, "\nTable 3. Parameters")
	parameterTable(r.Parameters).write(&b)

	epochs := milestones(r.Metrics.Epochs)
	fmt.Fprintln(&b, "\nTable 4. Training pictures, the first five epochs and the last")
	beside(epochTable("Epoch", epochs, onTrain), epochTable("Paper's epoch", paperEpochs, onTrain)).write(&b)
	fmt.Fprintln(&b, "\nTable 5. Test pictures, the same epochs")
	beside(epochTable("Epoch", epochs, onTest), epochTable("Paper's epoch", paperEpochs, onTest)).write(&b)

	fmt.Fprintln(&b, "\nTable 6. Predictions on the test pictures, int8 model")
	pairs.writeBeside(&b, resultTable("Class", r.Metrics.Classes, r.Metrics.Int8),
		resultTable("Paper's class", pairs.names(), pairs.evaluation()))
	writeAccuracies(&b, r)
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("writing the paper's tables: %w", err)
	}
	return nil
}

// writeAccuracies writes formula (1) with its numbers, for the run and the paper.
func writeAccuracies(b *bytes.Buffer, r Run) {
	paper := pairing{classes: paperClasses}
	fmt.Fprintln(b, "\nAccuracy = correct predictions / all predictions (formula 1), with its 95 % interval")
	t := table{{"", "", "", "", ""}}
	for _, row := range []struct {
		whose      string
		classes    []string
		evaluation Evaluation
	}{
		{"this run, int8", r.Metrics.Classes, r.Metrics.Int8},
		{"this run, float", r.Metrics.Classes, r.Metrics.Float},
		{"the paper", paper.names(), paper.evaluation()},
	} {
		e := row.evaluation
		lo, hi := Interval(e.Correct(), e.Total())
		t.add(row.whose, fmt.Sprintf("(%s) / %d", sum(row.classes, e), e.Total()),
			fmt.Sprintf("= %d / %d", e.Correct(), e.Total()), "= "+percent(e.Accuracy),
			fmt.Sprintf("[%s, %s]", percent(lo), percent(hi)))
	}
	t[1:].write(b)
	if n := len(r.Metrics.Epochs); n > 0 {
		last := r.Metrics.Epochs[n-1]
		fmt.Fprintf(b, "Training pictures after the last epoch: this run %.2f %%, the paper 98.75 %%.\n", 100*last.Accuracy)
	}
}

// pairing is the paper's classes as they stand beside the run's.
type pairing struct {
	classes []paperClass // in the run's order, or in the paper's own when apart
	apart   bool
	said    string // how the classes were paired
}

func pairClasses(r Run) pairing {
	classes := r.Metrics.Classes
	if len(classes) != len(paperClasses) {
		return pairing{classes: paperClasses, apart: true, said: fmt.Sprintf(
			"This run has %d classes and the paper has %d: the paper's rows stand apart.", len(classes), len(paperClasses))}
	}
	var named []paperClass
	for _, c := range classes {
		i := slices.IndexFunc(paperClasses, func(p paperClass) bool { return letters(p.split.Class) == letters(c) })
		if i < 0 {
			return pairBySize(r)
		}
		named = append(named, paperClasses[i])
	}
	return pairing{classes: named, said: "The classes are the paper's motifs and are paired by name."}
}

// pairBySize pairs the largest class with the paper's largest, and so on down.
func pairBySize(r Run) pairing {
	sizes := map[string]int{}
	for _, s := range r.Splits {
		sizes[s.Class] = s.Total()
	}
	order := slices.Clone(r.Metrics.Classes)
	slices.SortStableFunc(order, func(a, b string) int { return cmp.Compare(sizes[b], sizes[a]) })
	papers := slices.Clone(paperClasses)
	slices.SortFunc(papers, func(a, b paperClass) int { return cmp.Compare(b.split.Total(), a.split.Total()) })

	said := "These are not the paper's motifs. Classes are paired by size, the largest with the largest (equal\n" +
		"sizes in the run's order), so the rows compare tasks of like size, not the same cloths:"
	for i, c := range order {
		said += fmt.Sprintf("\n  %s (%d pictures) with %s (%d)",
			printable(c), sizes[c], papers[i].split.Class, papers[i].split.Total())
	}
	paired := make([]paperClass, len(order))
	for i, c := range r.Metrics.Classes {
		paired[i] = papers[slices.Index(order, c)]
	}
	return pairing{classes: paired, said: said}
}

func (p pairing) names() []string {
	names := make([]string, len(p.classes))
	for i, c := range p.classes {
		names[i] = c.split.Class
	}
	return names
}

func (p pairing) splits() []Split {
	splits := make([]Split, len(p.classes))
	for i, c := range p.classes {
		splits[i] = c.split
	}
	return splits
}

// evaluation is the paper's table 6; it tells no confusion matrix.
func (p pairing) evaluation() Evaluation {
	var e Evaluation
	e.PerClass = map[string]ClassCount{}
	for _, c := range p.classes {
		e.PerClass[c.split.Class] = c.result
		e.MacroRecall += c.result.Recall() / float64(len(p.classes))
	}
	e.Accuracy = ratio(e.Correct(), e.Total())
	return e
}

// writeBeside writes tables with a row per class: side by side when the classes
// are paired, one below the other when they are not.
func (p pairing) writeBeside(b *bytes.Buffer, ours, papers table) {
	if p.apart {
		ours.write(b)
		fmt.Fprintln(b)
		papers.write(b)
		return
	}
	beside(ours, papers).write(b)
}

// letters is a name as it is compared: "Rumah Gadang" and "rumah_gadang" are one.
func letters(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}

// inOrder sorts the splits as the classes are, so that rows stand beside their pair.
func inOrder(splits []Split, classes []string) []Split {
	return slices.SortedStableFunc(slices.Values(splits), func(a, b Split) int {
		return cmp.Compare(slices.Index(classes, a.Class), slices.Index(classes, b.Class))
	})
}

func splitTable(title string, splits []Split) table {
	t := table{{title, "Total", "Train", "Test"}}
	var all Split
	for _, s := range splits {
		t.add(s.Class, s.Total(), s.Train, s.Test)
		all.Train += s.Train
		all.Test += s.Test
	}
	t.add("Total", all.Total(), all.Train, all.Test)
	return t
}

// parameterTable has the paper's parameters first, then those it does not tell.
func parameterTable(parameters []Parameter) table {
	rest := slices.Clone(parameters)
	t := table{{"Parameter", "This run", "Paper"}}
	for _, paper := range paperParameters {
		ours := "-"
		i := slices.IndexFunc(rest, func(p Parameter) bool {
			return strings.TrimSuffix(letters(p.Name), "s") == strings.TrimSuffix(letters(paper.Name), "s")
		})
		if i >= 0 {
			ours = rest[i].Value
			rest = slices.Delete(rest, i, i+1)
		}
		t.add(paper.Name, ours, paper.Value)
	}
	for _, p := range rest {
		t.add(p.Name, p.Value, "-")
	}
	return t
}

func onTrain(e Epoch) (loss, accuracy float64) { return e.Loss, e.Accuracy }
func onTest(e Epoch) (loss, accuracy float64)  { return e.TestLoss, e.TestAccuracy }

func epochTable(title string, epochs []Epoch, measured func(Epoch) (loss, accuracy float64)) table {
	t := table{{title, "Loss", "Accuracy"}}
	for _, e := range epochs {
		loss, accuracy := measured(e)
		t.add(e.Epoch, decimal(loss), decimal(accuracy))
	}
	return t
}

func resultTable(title string, classes []string, e Evaluation) table {
	t := table{{title, "Right", "Wrong", "Recall"}}
	for _, c := range classes {
		n := e.PerClass[c]
		t.add(c, n.Correct, n.Wrong, percent(n.Recall()))
	}
	t.add("All, mean recall", e.Correct(), e.Wrong(), percent(e.MacroRecall))
	return t
}
