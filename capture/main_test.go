package capture

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"
	"testing/fstest"
	"time"
)

// The test binary is its own camera process: `capture.test camera SCRIPT`.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "camera" {
		if err := runScript(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) == 4 && os.Args[1] == "parent" {
		superviseUntilKilled(os.Args[2], os.Args[3])
	}
	// The tests of the two processes wait for the supervisor's patience far
	// more than they compute.
	flag.Parse()
	flag.Set("test.parallel", "8")
	os.Exit(m.Run())
}

func runScript(name string) error {
	switch name {
	case "serve":
		return Serve(context.Background(), demoPictures())
	case "damage":
		return damageMailbox()
	case "mute":
		select {}
	case "noise":
		fmt.Fprintln(os.Stderr, "terminate called after throwing an instance of 'cv::Exception'\x1b[31m")
		os.Exit(3)
	}
	return serve(context.Background(), func(Config, func(string)) (source, error) {
		if name == "absent" {
			return nil, errors.New("there is no camera at /dev/video7: check its cable")
		}
		pace := 20 * time.Millisecond
		switch name {
		case "slow":
			pace = time.Second
		case "fast":
			pace = 5 * time.Millisecond
		}
		return &scripted{fault: name, pacer: pacer{interval: pace}}, nil
	})
}

// scripted is a camera with one fault after 50 frames, which are a second of it
// unless it is slow or fast.
type scripted struct {
	fault string
	pacer pacer
	count int
	frame Frame
}

const faultAt = 50

func (s *scripted) Read(ctx context.Context) (Frame, error) {
	if err := s.pacer.wait(ctx); err != nil {
		return Frame{}, err
	}
	s.count++
	width, height := 160, 120
	if s.count > faultAt {
		switch s.fault {
		case "frozen":
			s.frame.At = time.Now()
			return s.frame, nil
		case "blocked":
			select {}
		case "unplugged":
			return Frame{}, errors.New("the camera stopped giving pictures: check its cable")
		case "crashed":
			panic("a fault in a library")
		case "resized":
			width, height = 320, 240
		}
	}
	s.frame = Frame{At: time.Now(), Width: width, Height: height, BGR: make([]byte, width*height*3)}
	// What tells two runs' frames apart is the process.
	copy(s.frame.BGR, fmt.Sprintf("%d frame %d", os.Getpid(), s.count))
	if s.fault == "frozen" {
		copy(s.frame.BGR, "the same in every run") // like a frozen camera
		s.frame.BGR[100] = byte(min(s.count, faultAt))
	}
	return s.frame, nil
}

func (s *scripted) Close() {}

// damageMailbox is a process gone mad: it leaves numbers that are no slot's and
// frames larger than their slot.
func damageMailbox() error {
	box, err := openMailbox(mailboxFD)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, `{"opening":true}`)
	for i := range box.memory[:boxHeader+slotHeader] {
		box.memory[i] = 0xFF
	}
	box.word().Store(77 | freshBit)
	select {}
}

func demoPictures() fstest.MapFS {
	files := fstest.MapFS{}
	for i := range 3 {
		b, err := EncodeJPEG(drawn(80+16*i, 60), 90)
		if err != nil {
			panic(err)
		}
		files[fmt.Sprintf("cloth_%d.jpg", i)] = &fstest.MapFile{Data: b}
	}
	return files
}

// superviseUntilKilled is a kiosk that writes its camera process's number to a
// file.
func superviseUntilKilled(script, file string) {
	s := Supervise(context.Background(), os.Args[0], []string{"camera", script}, Config{Kind: KindDevice})
	f, err := s.Wait(context.Background(), 0)
	if err != nil {
		panic(err)
	}
	if err := os.WriteFile(file, f.BGR[:32], 0o600); err != nil {
		panic(err)
	}
	select {}
}
