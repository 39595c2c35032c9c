package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"time"

	_ "image/jpeg" // the photographs' format

	scale "golang.org/x/image/draw"
)

// The camera's pictures, in pixels.
const width, height = 640, 480

// plugCamera loads the virtual camera and lets it show what show is given.
func plugCamera(ctx context.Context, m *machine) error {
	_, err := m.run(ctx, `set -e
		printf 'options vivid n_devs=1 node_types=0x101 num_inputs=1 input_types=0x03 num_outputs=1 output_types=0x01\n' >/etc/modprobe.d/vivid.conf
		echo vivid >/etc/modules-load.d/vivid.conf
		printf 'KERNEL=="video0", SUBSYSTEM=="video4linux", GROUP="root", MODE="0600"\n' >/etc/udev/rules.d/99-plug.rules
		udevadm control --reload
		install /host/camera /usr/local/bin/camera
		printf '%s\n' '[Service]' 'ExecStartPre=/usr/local/bin/camera plug' 'ExecStart=/usr/local/bin/camera show' 'Restart=always' 'RestartSec=1' \
			'[Unit]' 'StartLimitIntervalSec=0' '[Install]' 'WantedBy=multi-user.target' >/etc/systemd/system/cloth.service
		modprobe vivid
		udevadm settle
		systemctl enable --quiet --now cloth`)
	return err
}

// show puts a picture of the given BGR bytes before the camera. The two sides
// talk by files: a program started in the guest takes it a second.
func show(ctx context.Context, m *machine, bgr []byte) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	number := []byte(fmt.Sprintln(time.Now().UnixNano()))
	if err := os.WriteFile(filepath.Join(m.share, "cloth.bgr"), bgr, 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(m.share, "show"), number, 0o644); err != nil {
		return err
	}
	for {
		shown, err := os.ReadFile(filepath.Join(m.share, "shown"))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if bytes.Equal(shown, number) {
			return nil
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("the camera shows no picture: %w", err)
		}
	}
}

// asCameraSees writes a picture file as a PNG of the camera's size, the whole
// picture in its middle, and returns the bytes that the camera gives for it.
func asCameraSees(from, to string) ([]byte, error) {
	file, err := os.Open(from)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	picture, _, err := image.Decode(file)
	if err != nil {
		return nil, fmt.Errorf("read the picture %s: %w", from, err)
	}
	frame := image.NewNRGBA(image.Rect(0, 0, width, height))
	draw.Draw(frame, frame.Bounds(), image.White, image.Point{}, draw.Src)
	scale.ApproxBiLinear.Scale(frame, fitted(picture.Bounds()), picture, picture.Bounds(), draw.Src, nil)
	out, err := os.Create(to)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(out, frame); err != nil {
		return nil, fmt.Errorf("write %s: %w", to, err)
	}
	return bgr(frame), out.Close()
}

// fitted is the largest rectangle of a picture's shape in the frame's middle.
func fitted(picture image.Rectangle) image.Rectangle {
	w, h := width, picture.Dy()*width/picture.Dx()
	if h > height {
		w, h = picture.Dx()*height/picture.Dy(), height
	}
	at := image.Pt((width-w)/2, (height-h)/2)
	return image.Rectangle{at, at.Add(image.Pt(w, h))}
}

func bgr(frame *image.NRGBA) []byte {
	pixels := make([]byte, 0, width*height*3)
	for i := 0; i < len(frame.Pix); i += 4 {
		pixels = append(pixels, frame.Pix[i+2], frame.Pix[i+1], frame.Pix[i])
	}
	return pixels
}

// After a new picture the kiosk's answer must be the new picture's. Those in the
// driver's and in OpenCV's buffers are older: settled frames pass before the first
// look at it, and on a loaded machine, whose driver lags, up to latest.
const settled, latest = 12, 10 * 12

// awaitAnswer waits until the kiosk answers as wanted for what the camera shows
// now, and otherwise returns the answer that it gives in the end.
func awaitAnswer(ctx context.Context, k kiosk, wanted func(answer) bool) (answer, error) {
	s, _, err := k.await(ctx, "a label", labelled)
	if err != nil {
		return answer{}, err
	}
	from := s.Answer.Frame
	s, _, err = k.await(ctx, "a label of a newer frame", func(s state) bool {
		if s.Answer == nil {
			return false
		}
		from = min(from, s.Answer.Frame) // a camera that starts anew counts anew
		passed := s.Answer.Frame - from
		return passed >= settled && wanted(*s.Answer) || passed >= latest
	})
	if err != nil {
		return answer{}, err
	}
	return *s.Answer, nil
}
