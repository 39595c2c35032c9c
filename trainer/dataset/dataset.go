// Package dataset finds labelled pictures on disk: one folder a motif, or
// train/ and test/ of such.
package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Unknown is the folder, beside the motifs', of what is none of them: other cloths,
// the gallery's walls, visitors. It is no class.
const Unknown = "unknown"

// NoMotif is the Label of what lies in the folder Unknown.
const NoMotif = -1

// Sample is one labelled picture; Label indexes the set's classes, or is NoMotif.
type Sample struct {
	Path  string
	Label int
	// Cloth is the same for pictures that lie in one folder below their
	// motif's, which are of one cloth; "" directly in the motif's folder.
	Cloth string
}

// Set is a data set, its classes and samples in the order of their names.
type Set struct {
	Classes     []string
	Train, Test []Sample
	// Unknown and TestUnknown are what shows none of the classes, if the set has
	// any; divided as Train and Test are.
	Unknown, TestUnknown []Sample
	// warn tells what a person should know before training.
	warn func(string)
}

// formats are the file name endings of pictures.
var formats = []string{".bmp", ".jpeg", ".jpg", ".png", ".webp"}

// Open finds the pictures below dir. Where they are not split into train and
// test, testShare of each class, chosen by seed, is set aside for the test; the
// pictures of a cloth stay together. Fewer than two classes, or a class without a
// training picture, is an error. What a person should know besides is told to warn.
func Open(dir string, testShare float64, seed int64, warn func(string)) (*Set, error) {
	train, test := filepath.Join(dir, "train"), filepath.Join(dir, "test")
	if !isDir(train) {
		return openUnsplit(dir, testShare, seed, warn)
	}
	s := &Set{warn: warn}
	var err error
	if s.Classes, err = classes(train); err != nil {
		return nil, err
	}
	if !isDir(test) {
		return nil, fmt.Errorf("%s has a folder train but no folder test: add one with pictures that are not trained on, or remove the folder train and put the motifs' folders into %s", dir, dir)
	}
	tested, err := classes(test)
	if err != nil {
		return nil, err
	}
	for _, c := range tested {
		if !slices.Contains(s.Classes, c) {
			return nil, fmt.Errorf("the motif %q stands in %s but not in %s: every tested motif must be trained", c, test, train)
		}
	}
	for _, part := range []struct {
		dir            string
		known, unknown *[]Sample
	}{{train, &s.Train, &s.Unknown}, {test, &s.Test, &s.TestUnknown}} {
		all, err := s.samples(part.dir)
		if err != nil {
			return nil, err
		}
		*part.known, *part.unknown = apart(all)
	}
	return s, s.check(dir)
}

// apart divides samples into those of the classes and the others.
func apart(all []Sample) (known, unknown []Sample) {
	for _, s := range all {
		if s.Label == NoMotif {
			unknown = append(unknown, s)
		} else {
			known = append(known, s)
		}
	}
	return known, unknown
}

// Labelled finds the pictures of a labelled folder for evaluation, by the
// classes of a model. A folder that is split into train and test gives its
// test pictures; a folder whose name is neither a class nor Unknown is an error.
func Labelled(dir string, classNames []string, warn func(string)) ([]Sample, error) {
	if test := filepath.Join(dir, "test"); isDir(test) && isDir(filepath.Join(dir, "train")) {
		dir = test
	}
	found, err := classes(dir)
	if err != nil {
		return nil, err
	}
	for _, c := range found {
		if !slices.Contains(classNames, c) {
			return nil, fmt.Errorf("%s holds a folder %q, which is not one of the model's motifs (%s)", dir, c, strings.Join(classNames, ", "))
		}
	}
	s := &Set{Classes: classNames, warn: warn}
	return s.samples(dir)
}

func openUnsplit(dir string, testShare float64, seed int64, warn func(string)) (*Set, error) {
	s := &Set{warn: warn}
	var err error
	if s.Classes, err = classes(dir); err != nil {
		return nil, err
	}
	all, err := s.samples(dir)
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(uint64(seed), 0x73706c6974))
	for label := range s.Classes {
		train, test := split(all, label, testShare, rng)
		s.Train, s.Test = append(s.Train, train...), append(s.Test, test...)
	}
	s.Unknown, s.TestUnknown = split(all, NoMotif, testShare, rng)
	byPath := func(a, b Sample) int { return strings.Compare(a.Path, b.Path) }
	for _, part := range [][]Sample{s.Train, s.Test, s.Unknown, s.TestUnknown} {
		slices.SortFunc(part, byPath)
	}
	return s, s.check(dir)
}

// split sets a share of a label's samples aside at random, as nearly as whole cloths
// allow: where all of several are too large, the smallest.
func split(all []Sample, label int, testShare float64, rng *rand.Rand) (train, test []Sample) {
	cloths, total := byCloth(all, label)
	rng.Shuffle(len(cloths), func(i, j int) { cloths[i], cloths[j] = cloths[j], cloths[i] })
	n := int(math.Round(float64(total) * testShare))
	tested := make([]bool, len(cloths))
	taken, smallest := 0, 0
	for i, c := range cloths {
		if tested[i] = taken < n && taken+len(c)-n < n-taken; tested[i] {
			taken += len(c)
		}
		if len(c) < len(cloths[smallest]) {
			smallest = i
		}
	}
	if n > 0 && taken == 0 && len(cloths) > 1 {
		tested[smallest] = true
	}
	for i, c := range cloths {
		if tested[i] {
			test = append(test, c...)
		} else {
			train = append(train, c...)
		}
	}
	return train, test
}

// byCloth are a label's samples, those of one cloth together, and how many they are.
func byCloth(all []Sample, label int) (cloths [][]Sample, total int) {
	at := map[string]int{}
	for _, sample := range all {
		if sample.Label != label {
			continue
		}
		total++
		if i, known := at[sample.Cloth]; known {
			cloths[i] = append(cloths[i], sample)
			continue
		}
		if sample.Cloth != "" {
			at[sample.Cloth] = len(cloths)
		}
		cloths = append(cloths, []Sample{sample})
	}
	return cloths, total
}

// Counts are the samples of each class.
func Counts(samples []Sample, classes int) []int {
	n := make([]int, classes)
	for _, s := range samples {
		n[s.Label]++
	}
	return n
}

func (s *Set) check(dir string) error {
	if len(s.Classes) < 2 {
		return fmt.Errorf("%s holds the folder of one motif, %q; a classifier needs at least 2, each named for its motif and holding its pictures", dir, s.Classes[0])
	}
	for _, class := range s.Classes {
		if strings.EqualFold(class, Unknown) {
			s.warn(fmt.Sprintf("%q in %s is taken for a motif of that name: what is none of the motifs belongs into %q.", class, dir, Unknown))
		}
	}
	for label, n := range Counts(s.Train, len(s.Classes)) {
		if n == 0 {
			return fmt.Errorf("the motif %q has no picture to train on below %s (%s): add some or remove its folder", s.Classes[label], dir, strings.Join(formats, ", "))
		}
	}
	return nil
}

// classes are the names of the visible folders in dir but Unknown, sorted.
func classes(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the pictures' folder: %w", err)
	}
	var names []string
	for _, e := range entries {
		if !hidden(e.Name()) && e.Name() != Unknown && isDir(filepath.Join(dir, e.Name())) {
			names = append(names, e.Name())
		}
	}
	for _, n := range names {
		if !utf8.ValidString(n) || strings.ContainsFunc(n, unicode.IsControl) {
			return nil, fmt.Errorf("the folder %q in %s cannot name a motif: rename it to one line of plain text", n, dir)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s holds no motif's folder: put each motif's pictures into a folder of its name", dir)
	}
	return names, nil
}

// samples finds every file with a picture's ending below the classes' folders and
// Unknown, and warns of the files with other endings.
func (s *Set) samples(dir string) ([]Sample, error) {
	var found []Sample
	for label, class := range slices.Concat(s.Classes, []string{Unknown}) {
		if class == Unknown {
			label = NoMotif
		}
		root := filepath.Join(dir, class)
		if target, err := filepath.EvalSymlinks(root); err == nil {
			root = target // WalkDir does not enter a link
		}
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil && path == root && errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return err
			case hidden(d.Name()) && d.IsDir():
				return fs.SkipDir
			case d.IsDir() || hidden(d.Name()):
			case slices.Contains(formats, strings.ToLower(filepath.Ext(path))):
				found = append(found, Sample{Path: path, Label: label, Cloth: cloth(class, root, path)})
			default:
				s.warn(fmt.Sprintf("%s is left out: its ending is none of %s.", path, strings.Join(formats, ", ")))
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("look for the pictures of %q: %w", class, err)
		}
	}
	return found, nil
}

// cloth names the folder below root, the motif's, that path lies in.
func cloth(class, root, path string) string {
	folder := strings.TrimPrefix(filepath.Dir(path), root)
	if folder == "" {
		return ""
	}
	return class + folder
}

func hidden(name string) bool { return strings.HasPrefix(name, ".") || name == "Thumbs.db" }

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
