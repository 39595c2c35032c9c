package firmware

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"canting/configs"
	"canting/firmware/store"
)

// modelsFlags are shared by every `canting models` command.
type modelsFlags struct {
	config, store     string
	kiosk, secretFile string
	asJSON            bool
}

func modelsCommand() *cobra.Command {
	var flags modelsFlags
	command := &cobra.Command{
		Use:   "models",
		Short: "List, verify, install, activate and roll back models",
		Long: "Models are kept in the folder models.store of the configuration. A running kiosk\n" +
			"whose configuration leaves model empty takes up what is activated here by itself.\n" +
			"With --kiosk the models are those of a kiosk elsewhere, which has a curator's secret.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	command.PersistentFlags().StringVar(&flags.config, "config", "", "the kiosk's configuration `FILE`")
	command.PersistentFlags().StringVar(&flags.store, "store", "", "keep models in `DIR` instead of the configuration's models.store")
	command.PersistentFlags().StringVar(&flags.kiosk, "kiosk", "", "change the models of the kiosk at `URL`, such as http://gallery:8080")
	command.PersistentFlags().StringVar(&flags.secretFile, "secret-file", "", "the `FILE` with that kiosk's secret (curator.secret_file)")
	command.PersistentFlags().BoolVar(&flags.asJSON, "json", false, "print JSON")
	command.MarkFlagsRequiredTogether("kiosk", "secret-file")
	command.MarkFlagsMutuallyExclusive("kiosk", "store")
	command.AddCommand(listModels(&flags), verifyModel(&flags), installModel(&flags), activateModel(&flags), rollBackModel(&flags))
	return command
}

func (f *modelsFlags) load() (*configs.Kiosk, error) {
	config, err := loadConfig(f.config)
	if err == nil && f.store != "" {
		config.Models.Store = f.store
	}
	return config, err
}

// open opens the models, those of this machine with local.
func (f *modelsFlags) open(config *configs.Kiosk, local func(*configs.Kiosk) (*library, error)) (shelf, error) {
	if f.kiosk != "" {
		return openRemote(f.kiosk, f.secretFile)
	}
	if config.Models.Store == "" {
		return nil, fmt.Errorf("%w, or give --store", errNoStore)
	}
	return local(config)
}

// do runs a command on a model and prints what became of it.
func (f *modelsFlags) do(c *cobra.Command, work func(shelf, *configs.Kiosk) (modelReport, error)) error {
	config, err := f.load()
	if err != nil {
		return err
	}
	models, err := f.open(config, openLibrary)
	if err != nil {
		return err
	}
	defer models.close()
	report, err := work(models, config)
	return f.tell(c.OutOrStdout(), report, err)
}

// tell prints a report, or in JSON also a refusal.
func (f *modelsFlags) tell(w io.Writer, r modelReport, err error) error {
	if err != nil {
		if refusal, ok := errors.AsType[*store.Refusal](err); ok && f.asJSON {
			err = errors.Join(err, json.NewEncoder(w).Encode(refusedReport{refusal.Reason, err.Error()}))
		}
		return err
	}
	return r.print(w, f.asJSON)
}

func (r modelReport) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(r)
	}
	by := "unsigned"
	if r.Signed {
		by = fmt.Sprintf("signed, version %d", r.Version)
	}
	_, err := fmt.Fprintf(w, "%s %.12s: %s, %d labels, %d golden pairs repeated\n", r.Did, r.SHA256, by, len(r.Labels), r.Goldens)
	for _, warning := range r.Warnings {
		fmt.Fprintf(w, "warning: %s\n", warning)
	}
	return err
}

func listModels(flags *modelsFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the installed models",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			config, err := flags.load()
			if err != nil {
				return err
			}
			models, err := flags.open(config, viewLibrary)
			if err != nil {
				return err
			}
			defer models.close()
			slots, err := models.list(c.Context())
			if err != nil {
				return err
			}
			if flags.asJSON {
				return json.NewEncoder(c.OutOrStdout()).Encode(slotList{slots})
			}
			for _, slot := range slots {
				fmt.Fprintln(c.OutOrStdout(), describeSlot(slot))
			}
			return nil
		},
	}
}

func describeSlot(s store.Slot) string {
	mark, by := "", "unsigned"
	switch {
	case s.Current:
		mark = "current"
	case s.Previous:
		mark = "previous"
	}
	if s.Signed {
		by = fmt.Sprintf("version %d", s.Version)
	}
	switch {
	case s.Proved:
		by += ", proved"
	case s.Cut == 1:
		by += ", its first minute was cut off or goes on"
	case s.Cut > 1:
		by += fmt.Sprintf(", took the kiosk down %d times", s.Cut)
	}
	if s.Wrong != "" {
		by = "not usable: " + s.Wrong
	}
	return fmt.Sprintf("%.12s  %-8s  %s", s.Digest, mark, by)
}

func verifyModel(flags *modelsFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "verify M.tflite|SLOT",
		Short: "Check a model's signature, version, limits and golden pairs here, and change nothing",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			config, err := flags.load()
			if err != nil {
				return err
			}
			models, err := viewLibrary(config)
			if err != nil {
				return err
			}
			defer models.close()
			o, err := models.named(args[0])
			var r modelReport
			if err == nil {
				r, err = models.examine("verified", o)
			}
			return flags.tell(c.OutOrStdout(), r, err)
		},
	}
}

func installModel(flags *modelsFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "install M.tflite",
		Short: "Check a model and keep it, with the signature M.tflite.minisig beside it",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return flags.do(c, func(s shelf, config *configs.Kiosk) (modelReport, error) {
				file, signature, err := readModel(args[0], int64(config.Models.MaxFileMiB)<<20)
				if err != nil {
					return modelReport{}, err
				}
				return s.install(c.Context(), file, signature)
			})
		},
	}
}

func activateModel(flags *modelsFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "activate SLOT",
		Short: "Let an installed model serve; a running kiosk changes over by itself",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return flags.do(c, func(s shelf, _ *configs.Kiosk) (modelReport, error) { return s.activate(c.Context(), args[0]) })
		},
	}
}

func rollBackModel(flags *modelsFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "rollback",
		Short: "Let the previous model serve again; once more leads back",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return flags.do(c, func(s shelf, _ *configs.Kiosk) (modelReport, error) { return s.rollBack(c.Context()) })
		},
	}
}
