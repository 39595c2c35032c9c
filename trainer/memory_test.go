package trainer

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"canting/configs"
)

// photograph is a camera's picture of stripes, for label 0 along and for label 1
// across.
func photograph(t testing.TB, label int, rng *rand.Rand) []byte {
	t.Helper()
	m := image.NewYCbCr(image.Rect(0, 0, 640, 480), image.YCbCrSubsampleRatio420)
	blue, red := byte(90+rng.IntN(60)), byte(90+rng.IntN(60))
	for i := range m.Cb {
		m.Cb[i], m.Cr[i] = blue, red
	}
	period, phase := 20+rng.IntN(20), rng.IntN(40)
	for y := range 480 {
		for x := range 640 {
			m.Y[y*m.YStride+x] = byte(60 + ([]int{y, x}[label]+phase)/period%2*100 + y/8)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// photographs writes n of them to a folder, half of each label.
func photographs(t testing.TB, n int) string {
	t.Helper()
	dir, rng := t.TempDir(), rand.New(rand.NewPCG(1, 1))
	for i := range n {
		label := i % 2
		put(t, filepath.Join(dir, []string{"along", "across"}[label], fmt.Sprintf("%05d.jpg", i)), photograph(t, label, rng))
	}
	return dir
}

// TestMemoryOfTenThousandPhotographs holds a whole training, from the files to
// the report, to 2 GiB.
func TestMemoryOfTenThousandPhotographs(t *testing.T) {
	if os.Getenv("CANTING_MEMORY") == "" {
		t.Skip("with CANTING_MEMORY=1 this trains on 10,000 photographs, for minutes")
	}
	dir := photographs(t, 10000)
	e := configs.DefaultExperiment()
	e.Training.Epochs = 1
	train(t, Job{Data: dir, Out: t.TempDir(), Experiment: e})
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	t.Logf("resident at most: %d MiB", usage.Maxrss/1024)
	if usage.Maxrss >= 2<<20 { // in KiB
		t.Errorf("%d MiB resident, more than 2 GiB", usage.Maxrss/1024)
	}
}
