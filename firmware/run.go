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
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"canting/capture"
	"canting/configs"
	"canting/firmware/store"
)

func runCommand() *cobra.Command {
	var path, listen string
	command := &cobra.Command{
		Use:   "run [--config FILE] [--listen HOST:PORT]",
		Short: "Run the kiosk; without a configuration, as a demonstration",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			log, end := newLog(c.ErrOrStderr())
			defer end()
			slog.SetDefault(log) // the camera's supervisor logs there
			return run(c.Context(), source{path, listen}, c.OutOrStdout(), log)
		},
	}
	command.Flags().StringVar(&path, "config", "", "configuration `FILE`; see configs/kiosk.yaml")
	command.Flags().StringVar(&listen, "listen", "", "serve the page at `HOST:PORT` instead of the configuration's")
	return command
}

// source is where a kiosk's configuration comes from.
type source struct {
	path   string // empty: the embedded default
	listen string // overrides the file's, if not empty
}

// load reads the configuration as it is now.
func (s source) load() (*configs.Kiosk, error) {
	config, err := loadConfig(s.path)
	if err != nil || s.listen == "" {
		return config, err
	}
	config.Listen = s.listen
	return config, config.Validate()
}

// files are what makes the kiosk load anew when they change.
func (s source) files(config *configs.Kiosk) (files []string) {
	if s.path != "" {
		files = append(files, s.path)
	}
	if config.Models.Store != "" {
		files = append(files, filepath.Join(config.Models.Store, store.ActiveFile))
	}
	if config.Motifs != "" {
		files = append(files, config.Motifs)
	}
	return files
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
func run(ctx context.Context, from source, stdout io.Writer, log *slog.Logger) error {
	config, err := from.load()
	if err != nil {
		return err
	}
	motifs, err := loadMotifs(config.Motifs)
	if err != nil {
		return err
	}
	models, err := openLibrary(config)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", config.Listen)
	if err != nil {
		return fmt.Errorf("the page cannot be served at %s (choose another address with --listen): %w", config.Listen, err)
	}
	defer listener.Close()
	changes, err := watch(from.files(config)...)
	if err != nil {
		return err
	}
	defer changes.close()
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program to start its camera process: %w", err)
	}
	// The camera process starts while the model loads.
	cam := capture.Supervise(ctx, exe, []string{cameraName}, cameraConfig(config.Camera))
	defer cam.Close()
	c, wrong, err := models.first()
	if err != nil {
		return err
	}
	tellModel(c, motifs, log)
	m := newMetrics(cam)
	k := newKiosk(settings{config, motifs}, cam, c, m, log)
	defer k.close()
	s := &swapper{kiosk: k, library: models, load: from.load, changed: changes.changed, follow: func(c *configs.Kiosk) error { return changes.follow(from.files(c)...) }, trial: usualTrial, log: log}
	if wrong != nil {
		s.refuseFirst(wrong, config)
	}
	fmt.Fprintf(stdout, "Canting is at %s\n", address(listener.Addr()))
	return serve(ctx, listener, k, s, changes)
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

// writeTimeout is for an ordinary answer; two presses must fit into it.
const writeTimeout = 3 * configs.MaxPress

// serve owns the kiosk's goroutines and waits for all of them.
func serve(ctx context.Context, listener net.Listener, k *kiosk, swaps *swapper, changes *watcher) error {
	config := k.settings.Load().config
	s := newServer(k)
	dog, err := newWatchdog(k.state, k.log)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	httpServer := &http.Server{
		Handler:           s.handler(config.AllowedHosts),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      writeTimeout, // the stream and the events set their own for each write
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		BaseContext:       func(net.Listener) context.Context { return ctx }, // ends the stream and the events
		ErrorLog:          slog.NewLogLogger(k.log.Handler(), slog.LevelWarn),
	}
	group.Go(func() error { k.run(ctx); return nil })
	group.Go(func() error { swaps.run(ctx); return nil })
	group.Go(func() error { changes.run(ctx); return nil })
	group.Go(func() error { k.collect.run(ctx, config.Collect); return nil })
	shutter := &button{config: config.Button, kiosk: k, board: characterDevice{}, log: k.log}
	group.Go(func() error { shutter.run(ctx); return nil })
	group.Go(func() error { s.stream.run(ctx); return nil })
	group.Go(func() error { s.events.run(ctx); return nil })
	group.Go(func() error { dog.run(ctx); return nil })
	group.Go(func() error {
		if err := spareMemory(ctx, k.state); err != nil {
			k.log.Warn("the kiosk takes more memory than it needs", "error", err)
		}
		return nil
	})
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
			k.log.Warn("some viewers were cut off", "error", err)
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
	if without := untold(c, motifs); len(without) > 0 {
		log.Warn("motifs without a name and story: add them to the motifs file", "count", len(without), "first", without[0])
	}
}

// untold are the model's labels that have no name and story.
func untold(c *classifier, motifs *configs.Motifs) (labels []string) {
	for _, label := range c.labels {
		if _, known := motifs.Find(label); !known {
			labels = append(labels, label)
		}
	}
	return labels
}
