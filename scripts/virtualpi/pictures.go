package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// eachMotif is how many pictures of a motif are shown at most.
const eachMotif = 20

// drawnCloths shows cloths that the demonstration's model was not trained on.
func drawnCloths(ctx context.Context, b *bench) (string, error) {
	cloths := filepath.Join(b.out, "cloths")
	if _, err := command(ctx, filepath.Join(b.programs, "canting-trainer"), "draw", "--seed", "20261124", "--frames", fmt.Sprint(eachMotif), "--out", cloths); err != nil {
		return "", err
	}
	files, err := pictures(cloths)
	if err != nil {
		return "", err
	}
	return showAll(ctx, b, files, "")
}

// photographs shows a data set's test pictures to a model trained on the others.
func photographs(ctx context.Context, b *bench) (string, error) {
	if b.photos == "" || b.trained == "" {
		return "", fmt.Errorf("%w: there are no photographs (CANTING_DATA)", errSkipped)
	}
	motifs, err := filepath.Glob(filepath.Join(b.photos, "test", "*"))
	if err != nil {
		return "", err
	}
	var files []string
	for _, motif := range motifs {
		of, err := pictures(motif)
		if err != nil {
			return "", err
		}
		files = append(files, of[:min(eachMotif, len(of))]...)
	}
	s, err := b.models.sign(ctx, b.trained, "photographs.tflite", version)
	if err != nil {
		return "", err
	}
	if err := installAndActivate(ctx, b.machine, s); err != nil {
		return "", err
	}
	return showAll(ctx, b, files, s.path)
}

// pictures are the picture files in a folder and below, sorted.
func pictures(folder string) (files []string, err error) {
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && slices.Contains([]string{".jpg", ".jpeg", ".png"}, strings.ToLower(filepath.Ext(path))) {
			files = append(files, path)
		}
		return err
	})
	slices.Sort(files)
	return files, err
}

// showAll holds pictures before the camera. The kiosk has to answer each with
// the label and the confidence that `canting classify` has for it here.
func showAll(ctx context.Context, b *bench, files []string, model string) (string, error) {
	frames := filepath.Join(b.out, "frames")
	if err := os.MkdirAll(frames, 0o755); err != nil {
		return "", err
	}
	var seen []string
	contents := map[string][]byte{}
	for i, file := range files {
		frame := filepath.Join(frames, fmt.Sprintf("%03d.png", i))
		bytes, err := asCameraSees(file, frame)
		if err != nil {
			return "", err
		}
		seen, contents[frame] = append(seen, frame), bytes
	}
	expected, err := classify(ctx, b, model, seen)
	if err != nil {
		return "", err
	}
	motifs := map[string]bool{}
	var wrong []string
	for i, want := range expected {
		if err := show(ctx, b.machine, contents[want.File]); err != nil {
			return "", err
		}
		got, err := awaitAnswer(ctx, b.machine.kiosk, want.is)
		if err != nil {
			return "", fmt.Errorf("%s: %w", files[i], err)
		}
		if !want.is(got) {
			wrong = append(wrong, fmt.Sprintf("%s: %s %v instead of %s %v", files[i], got.Label, got.Confidence, want.Label, want.Confidence))
		}
		motifs[want.Label] = true
	}
	if len(wrong) > 0 {
		return "", fmt.Errorf("%d of %d pictures got another answer than classify's: %s", len(wrong), len(files), strings.Join(wrong, "; "))
	}
	return fmt.Sprintf("%d of %d pictures, %d labels: label and confidence are those of classify on the host", len(files), len(files), len(motifs)), nil
}

// classified is a line of `canting classify --json`.
type classified struct {
	File       string  `json:"file"`
	Label      string  `json:"label"`
	Confidence float32 `json:"confidence"`
	Unknown    bool    `json:"unknown"`
}

// is reports whether the kiosk's answer is classify's. The kiosk tells no label
// where it does not know.
func (c classified) is(a answer) bool {
	return a.Confidence == c.Confidence && a.Unknown == c.Unknown && (c.Unknown || a.Label == c.Label)
}

func classify(ctx context.Context, b *bench, model string, files []string) ([]classified, error) {
	arguments := []string{"classify", "--json"}
	if model != "" {
		arguments = append(arguments, "--model", model)
	}
	out, err := command(ctx, filepath.Join(b.programs, "canting"), append(arguments, files...)...)
	if err != nil {
		return nil, err
	}
	var lines []classified
	for decoder := json.NewDecoder(strings.NewReader(out)); decoder.More(); {
		var line classified
		if err := decoder.Decode(&line); err != nil {
			return nil, fmt.Errorf("classify's answer: %w", err)
		}
		lines = append(lines, line)
	}
	if len(lines) != len(files) {
		return nil, fmt.Errorf("classify answered %d of %d pictures", len(lines), len(files))
	}
	return lines, nil
}
