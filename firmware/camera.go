package firmware

import (
	"github.com/spf13/cobra"

	"canting/capture"
	"canting/configs"
	"canting/firmware/demo"
)

const cameraName = "camera"

// cameraCommand is the camera process: OpenCV's reads can block, repeat
// themselves or crash, so the kiosk starts itself again for them.
func cameraCommand() *cobra.Command {
	return &cobra.Command{
		Use:    cameraName,
		Short:  "Read the camera for a running kiosk, which starts this itself",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return capture.Serve(c.Context(), demo.Cloths())
		},
	}
}

func cameraConfig(c configs.Camera) capture.Config {
	config := capture.Config{Width: c.Width, Height: c.Height, FPS: c.FPS, Hold: c.Hold, Still: c.Still}
	switch c.Source {
	case configs.SourceV4L2:
		config.Kind, config.Source = capture.KindDevice, c.Device
	case configs.SourceVideo:
		config.Kind, config.Source = capture.KindVideo, c.Path
	case configs.SourceImages:
		config.Kind, config.Source = capture.KindImages, c.Path
	case configs.SourceGStreamer:
		config.Kind, config.Source = capture.KindPipeline, c.Pipeline
		if c.Pipeline == "" {
			config.Kind = capture.KindCSI
		}
	case configs.SourceDemo:
		config.Kind = capture.KindDemo
	}
	return config
}
