package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// tree makes the named files, empty, below a new folder.
func tree(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		path := filepath.Join(dir, f)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f, "/") {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func names(samples []Sample) (n []string) {
	for _, s := range samples {
		n = append(n, filepath.Base(s.Path))
	}
	return n
}

func TestOpenSplit(t *testing.T) {
	dir := tree(t, "train/b/1.jpg", "train/a/2.PNG", "train/a/sub/3.webp", "train/a/.hidden.jpg",
		"train/a/notes.txt", "test/a/4.jpeg", "train/.git/x/y.jpg")
	var warnings []string
	s, err := Open(dir, 0.2, 1, func(w string) { warnings = append(warnings, w) })
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(s.Classes, []string{"a", "b"}) ||
		!reflect.DeepEqual(names(s.Train), []string{"2.PNG", "3.webp", "1.jpg"}) ||
		!reflect.DeepEqual(names(s.Test), []string{"4.jpeg"}) {
		t.Errorf("got %+v", s)
	}
	all := strings.Join(warnings, "\n")
	if len(warnings) != 1 || !strings.Contains(all, "notes.txt") {
		t.Errorf("warnings are %q", warnings)
	}
	warnings = nil
	odd := tree(t, "a/1.jpg", "b/2.jpg", "Unknown/3.jpg")
	if s, err := Open(odd, 0, 1, func(w string) { warnings = append(warnings, w) }); err != nil || len(s.Classes) != 3 || len(warnings) != 1 || !strings.Contains(warnings[0], `"Unknown"`) {
		t.Errorf("a folder Unknown gives %v and %q", err, warnings)
	}
}

func TestOpenSplitsByItself(t *testing.T) {
	var files []string
	for _, class := range []string{"a/", "b/"} {
		for i := range 10 {
			files = append(files, class+string(rune('0'+i))+".jpg")
		}
	}
	dir := tree(t, files...)
	first, err := Open(dir, 0.2, 7, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(Counts(first.Train, 2), []int{8, 8}) || !reflect.DeepEqual(Counts(first.Test, 2), []int{2, 2}) {
		t.Errorf("split %v and %v", Counts(first.Train, 2), Counts(first.Test, 2))
	}
	again, _ := Open(dir, 0.2, 7, nil)
	if !reflect.DeepEqual(first.Test, again.Test) {
		t.Error("the same seed gives another split")
	}
	other, _ := Open(dir, 0.2, 8, nil)
	if reflect.DeepEqual(first.Test, other.Test) {
		t.Error("another seed gives the same split")
	}
}

// The pictures of a cloth are all trained on or all tested with, about the share that
// was asked for; where every cloth is too large for it, the smallest is tested.
func TestOpenSplitsByCloth(t *testing.T) {
	var files []string
	for cloth, n := range []int{5, 1, 4, 2, 8} {
		for i := range n {
			files = append(files, fmt.Sprintf("a/cloth %d/%d.jpg", cloth, i), fmt.Sprintf("unknown/wall %d/%d.jpg", cloth, i))
		}
	}
	for cloth, n := range []int{9, 8, 10} {
		for i := range n {
			files = append(files, fmt.Sprintf("b/cloth %d/%d.jpg", cloth, i))
		}
	}
	dir := tree(t, files...)
	for seed := range int64(20) {
		for share, most := range map[float64][2]int{0.2: {6, 9}, 0.1: {3, 8}} {
			set, err := Open(dir, share, seed, nil)
			if err != nil {
				t.Fatal(err)
			}
			test := Counts(set.Test, 2)
			if test[0] == 0 || test[0] > most[0] || test[1] < 8 || test[1] > most[1] || len(set.Test)+len(set.Train) != 47 || len(set.Unknown)+len(set.TestUnknown) != 20 {
				t.Errorf("seed %d tests %v of 20 and 27 for a share of %v", seed, test, share)
			}
			trained := map[string]bool{}
			for _, s := range append(set.Train, set.Unknown...) {
				trained[s.Cloth] = true
			}
			for _, s := range append(set.Test, set.TestUnknown...) {
				if trained[s.Cloth] {
					t.Errorf("seed %d: %s is of a cloth that is trained on", seed, s.Path)
				}
			}
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for want, files := range map[string][]string{
		`of one motif, "a"`:         {"a/1.jpg", "unknown/2.jpg"},
		"no motif's folder":         {"1.jpg", "unknown/2.jpg"},
		`"b" has no picture`:        {"a/1.jpg", "b/"},
		"no folder test":            {"train/a/1.jpg", "train/b/1.jpg"},
		"every tested motif":        {"train/a/1.jpg", "train/b/1.jpg", "test/c/1.jpg"},
		"read the pictures' folder": nil,
	} {
		dir := tree(t, files...)
		if files == nil {
			dir = filepath.Join(dir, "absent")
		}
		if _, err := Open(dir, 0.2, 1, func(string) {}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v gives %v, want %q in it", files, err, want)
		}
	}
}

func TestLabelled(t *testing.T) {
	dir := tree(t, "train/a/1.jpg", "test/a/2.jpg", "test/b/3.jpg")
	for _, d := range []string{dir, filepath.Join(dir, "test")} {
		got, err := Labelled(d, []string{"b", "a"}, nil)
		if err != nil || len(got) != 2 || got[0].Label != 0 || filepath.Base(got[0].Path) != "3.jpg" {
			t.Errorf("%s: %v, %v", d, got, err)
		}
	}
	if _, err := Labelled(dir, []string{"a"}, nil); err == nil || !strings.Contains(err.Error(), `"b"`) {
		t.Errorf("an unknown motif gives %v", err)
	}
}

func TestALinkedFolderIsAMotif(t *testing.T) {
	dir, elsewhere := tree(t, "a/1.jpg", "b/1.jpg"), tree(t, "c/1.jpg", "c/2.jpg")
	if err := os.Symlink(filepath.Join(elsewhere, "c"), filepath.Join(dir, "linked")); err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir, 0.4, 1, func(string) {})
	if err != nil || !reflect.DeepEqual(Counts(append(s.Train, s.Test...), 3), []int{1, 1, 2}) {
		t.Errorf("got %+v, %v", s, err)
	}
}

// The folder of what is no motif is no class, whichever way the set lies.
func TestUnknownIsNoClass(t *testing.T) {
	split := tree(t, "train/a/1.jpg", "train/b/2.jpg", "train/unknown/3.jpg", "test/a/4.jpg", "test/b/5.jpg", "test/unknown/6.jpg")
	s, err := Open(split, 0.2, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(s.Classes, []string{"a", "b"}) || len(s.Train) != 2 || len(s.Test) != 2 ||
		!reflect.DeepEqual(names(s.Unknown), []string{"3.jpg"}) || !reflect.DeepEqual(names(s.TestUnknown), []string{"6.jpg"}) {
		t.Errorf("of a split folder: %+v", s)
	}
	whole := tree(t, "a/1.jpg", "a/2.jpg", "b/3.jpg", "b/4.jpg", "unknown/5.jpg", "unknown/6.jpg")
	if s, err = Open(whole, 0.5, 1, nil); err != nil {
		t.Fatal(err)
	}
	if len(s.Classes) != 2 || len(s.Train) != 2 || len(s.Unknown) != 1 || len(s.TestUnknown) != 1 || s.Unknown[0].Label != NoMotif {
		t.Errorf("of a whole folder: %+v", s)
	}
	labelled, err := Labelled(split, []string{"a", "b"}, nil)
	if err != nil || len(labelled) != 3 || labelled[2].Label != NoMotif {
		t.Errorf("for evaluation: %+v, %v", labelled, err)
	}
}
