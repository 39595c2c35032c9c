package firmware

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"canting/capture"
	"canting/configs"
)

func runCommand() *cobra.Command {
	var path, listen string
	command := &cobra.Command{
		Use:   "run [--config FILE] [--listen HOST:PORT]",
		Short: "Run the kiosk; without a configuration, as a demonstration",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			config, err := loadConfig(path)
			if err != nil {
				return err
			}
			if listen != "" {
				config.Listen = listen
				if err := config.Validate(); err != nil {
					return err
				}
			}
			log := slog.New(slog.NewTextHandler(c.ErrOrStderr(), nil))
			slog.SetDefault(log) // the camera's supervisor logs there
			return run(c.Context(), config, c.OutOrStdout(), log)
		},
	}
	command.Flags().StringVar(&path, "config", "", "configuration `FILE`; see configs/kiosk.yaml")
	command.Flags().StringVar(&listen, "listen", "", "serve the page at `HOST:PORT` instead of the configuration's")
	return command
}

// loadConfig reads a configuration; the empty path is the embedded default.
func loadConfig(path string) (*configs.Kiosk, error) {
	if path == "" {
		return configs.DefaultKiosk(), nil
	}
	return configs.LoadKiosk(path)
}

func loadMotifs(path string) (*configs.Motifs, error) {
	if path == "" {
		return configs.DefaultMotifs(), nil
	}
	return configs.LoadMotifs(path)
}

// run is the kiosk until ctx ends. It prints its address to stdout once it
// listens.
func run(ctx context.Context, config *configs.Kiosk, stdout io.Writer, log *slog.Logger) error {
	motifs, err := loadMotifs(config.Motifs)
	if err != nil {
		return err
	}
	file, err := readModel(config.Model)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", config.Listen)
	if err != nil {
		return fmt.Errorf("the page cannot be served at %s (choose another address with --listen): %w", config.Listen, err)
	}
	defer listener.Close()
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program to start its camera process: %w", err)
	}
	// The camera process starts while the model loads.
	cam := capture.Supervise(ctx, exe, []string{cameraName}, cameraConfig(config.Camera))
	defer cam.Close()
	classifier, err := newClassifier(file, config.Live.Threads)
	if err != nil {
		return err
	}
	defer classifier.close()
	if err := classifier.checkGoldens(); err != nil {
		return err
	}
	tellModel(classifier, motifs, log)

	fmt.Fprintf(stdout, "Canting is at %s\n", address(listener.Addr()))
	return serve(ctx, listener, config, motifs, cam, classifier, log)
}

// address is where a browser finds the page. Listening on every address, it is
// the machine's name.
func address(at net.Addr) string {
	tcp, ok := at.(*net.TCPAddr)
	name, err := os.Hostname()
	if ok && tcp.IP.IsUnspecified() && err == nil {
		return fmt.Sprintf("http://%s:%d/", name, tcp.Port)
	}
	return fmt.Sprintf("http://%s/", at)
}

// serve owns the kiosk's goroutines and waits for all of them.
func serve(ctx context.Context, listener net.Listener, config *configs.Kiosk, motifs *configs.Motifs, cam camera, c *classifier, log *slog.Logger) error {
	m := newMetrics(cam)
	k := newKiosk(config, motifs, cam, c, m, log)
	s := &server{kiosk: k, stream: newStream(cam, config.Live.StreamFPS, log), metrics: m, log: log}
	group, ctx := errgroup.WithContext(ctx)
	httpServer := &http.Server{
		Handler:           s.handler(config.AllowedHosts),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second, // the stream and the events set their own for each write
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		BaseContext:       func(net.Listener) context.Context { return ctx }, // ends the stream and the events
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	group.Go(func() error { k.run(ctx); return nil })
	group.Go(func() error { s.stream.run(ctx); return nil })
	group.Go(func() error {
		if err := httpServer.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve the page: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		if err := httpServer.Shutdown(last); err != nil {
			log.Warn("some viewers were cut off", "error", err)
			return httpServer.Close()
		}
		return nil
	})
	return group.Wait()
}

// tellModel logs which model serves and what a curator should know of it.
func tellModel(c *classifier, motifs *configs.Motifs, log *slog.Logger) {
	m := c.model
	log.Info("model loaded", "sha256", m.Digest(), "labels", len(c.labels), "kernel", m.Kernel(), "goldens", len(m.Metadata().Golden))
	if !m.HasMetadata() {
		p := m.Metadata().Preprocessing
		log.Warn("the model does not say how its pictures are prepared, so this is assumed", "crop", p.Crop, "mean", p.Mean, "std", p.Std)
	}
	var untold []string
	for _, label := range c.labels {
		if _, known := motifs.Find(label); !known {
			untold = append(untold, label)
		}
	}
	if len(untold) > 0 {
		log.Warn("motifs without a name and story: add them to the motifs file", "count", len(untold), "first", untold[0])
	}
}
