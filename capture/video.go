package capture

import (
	"context"
	"fmt"
	"time"

	"gocv.io/x/gocv"
)

// video plays a file again and again at its own speed or the configured one.
type video struct {
	path    string
	capture *gocv.VideoCapture
	mat     gocv.Mat
	pacer   pacer
}

func openVideo(cfg Config) (Source, error) {
	v := &video{path: cfg.Source, mat: gocv.NewMat()}
	if err := v.rewind(); err != nil {
		v.mat.Close()
		return nil, err
	}
	fps := cfg.FPS
	if fps == 0 {
		fps = v.capture.Get(gocv.VideoCaptureFPS)
	}
	if !(fps >= 1 && fps <= 240) {
		fps = usualFPS // the file does not say, or says nonsense
	}
	v.pacer.interval = interval(fps)
	return v, nil
}

func (v *video) rewind() error {
	if v.capture != nil {
		v.capture.Close()
		v.capture = nil
	}
	capture, err := gocv.VideoCaptureFileWithAPI(v.path, apiAny)
	if err != nil {
		capture.Close()
		return fmt.Errorf("the video %s cannot be opened: it is missing or of a kind that OpenCV does not know", v.path)
	}
	v.capture = capture
	return nil
}

// badFrames is how many damaged frames in a row are passed over before it is
// taken to be the end of the file: a failed read can be either.
const badFrames = 5

func (v *video) Read(ctx context.Context) (Frame, error) {
	if err := v.pacer.wait(ctx); err != nil {
		return Frame{}, err
	}
	for range 2 {
		for range badFrames {
			if v.capture.Read(&v.mat) && !v.mat.Empty() {
				return lend(v.mat, time.Now())
			}
		}
		if err := v.rewind(); err != nil {
			return Frame{}, err
		}
	}
	return Frame{}, fmt.Errorf("the video %s holds no picture that can be read", v.path)
}

func (v *video) Close() {
	if v.capture != nil {
		v.capture.Close()
	}
	v.mat.Close()
}
