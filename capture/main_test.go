package capture_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"
	"testing/fstest"

	"canting/capture"
	"canting/capture/faultycamera"
)

// The test binary is its own camera process: `capture.test camera SCRIPT`,
// where SCRIPT is one of runScript's or a faultycamera's.
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
		return capture.Serve(context.Background(), demoPictures())
	case "damage":
		return capture.DamageMailbox()
	case "mute":
		select {}
	case "noise":
		fmt.Fprintln(os.Stderr, "terminate called after throwing an instance of 'cv::Exception'\x1b[31m")
		os.Exit(3)
	}
	return faultycamera.Serve(context.Background(), faultycamera.Script(name), nil)
}

func demoPictures() fstest.MapFS {
	files := fstest.MapFS{}
	for i := range 3 {
		b, err := capture.EncodeJPEG(capture.Drawn(80+16*i, 60), 90)
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
	s := capture.Supervise(context.Background(), os.Args[0], []string{"camera", script}, capture.Config{Kind: capture.KindDevice})
	f, err := s.Wait(context.Background(), 0)
	if err != nil {
		panic(err)
	}
	if err := os.WriteFile(file, f.BGR[:32], 0o600); err != nil {
		panic(err)
	}
	select {}
}
