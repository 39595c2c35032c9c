package firmware

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"canting/firmware/store"
)

// modelsFlags are shared by every `canting models` command.
type modelsFlags struct {
	config, store string
	asJSON        bool
}

func modelsCommand() *cobra.Command {
	var flags modelsFlags
	command := &cobra.Command{
		Use:   "models",
		Short: "List, verify, install, activate and roll back models",
		Long: "Models are kept in the folder models.store of the configuration. A running kiosk\n" +
			"whose configuration leaves model empty takes up what is activated here by itself.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	command.PersistentFlags().StringVar(&flags.config, "config", "", "the kiosk's configuration `FILE`")
	command.PersistentFlags().StringVar(&flags.store, "store", "", "keep models in `DIR` instead of the configuration's models.store")
	command.PersistentFlags().BoolVar(&flags.asJSON, "json", false, "print JSON")
	command.AddCommand(listModels(&flags), verifyModel(&flags), installModel(&flags), activateModel(&flags), rollBackModel(&flags))
	return command
}

// open opens the library; needed says whether it must have a store.
func (f *modelsFlags) open(needed bool) (*library, error) {
	config, err := loadConfig(f.config)
	if err != nil {
		return nil, err
	}
	if f.store != "" {
		config.Models.Store = f.store
	}
	if needed && config.Models.Store == "" {
		return nil, errors.New("the configuration names no folder of models: set models.store in it, or give --store")
	}
	return openLibrary(config)
}

// modelReport is what a command says about a model.
type modelReport struct {
	Did      string   `json:"did"` // verified, installed, activated, rolled back
	SHA256   string   `json:"sha256"`
	Signed   bool     `json:"signed"`
	Version  uint64   `json:"version"` // 0 when not signed
	Labels   []string `json:"labels"`
	Goldens  int      `json:"goldens"` // pairs that were repeated byte for byte
	Warnings []string `json:"warnings"`
}

// refusedReport is the JSON of a model that was refused.
type refusedReport struct {
	Refused store.Reason `json:"refused"`
	Error   string       `json:"error"`
}

// do runs a command on a model and prints what became of it.
func (f *modelsFlags) do(c *cobra.Command, needed bool, work func(*library) (modelReport, error)) error {
	models, err := f.open(needed)
	if err != nil {
		return err
	}
	defer models.close()
	report, err := work(models)
	if err != nil {
		if refusal, ok := errors.AsType[*store.Refusal](err); ok && f.asJSON {
			err = errors.Join(err, json.NewEncoder(c.OutOrStdout()).Encode(refusedReport{refusal.Reason, err.Error()}))
		}
		return err
	}
	return report.print(c.OutOrStdout(), f.asJSON)
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

// examine prepares a model as the kiosk would and describes it.
func (l *library) examine(did string, o origin) (modelReport, error) {
	c, err := l.prepare(o)
	if err != nil {
		return modelReport{}, err
	}
	defer c.close()
	r := modelReport{
		Did: did, SHA256: o.Digest, Signed: o.Signed, Version: o.Version,
		Labels: c.labels, Goldens: len(c.model.Metadata().Golden), Warnings: []string{},
	}
	motifs, err := loadMotifs(l.config.Motifs)
	if err != nil {
		return modelReport{}, err
	}
	for _, label := range untold(c, motifs) {
		r.Warnings = append(r.Warnings, fmt.Sprintf("the motif %q has no name and story: add it to the motifs file", label))
	}
	if !c.model.HasMetadata() {
		r.Warnings = append(r.Warnings, assumed)
	}
	return r, nil
}

func listModels(flags *modelsFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the installed models",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			models, err := flags.open(true)
			if err != nil {
				return err
			}
			defer models.close()
			slots, err := models.store.Slots()
			if err != nil {
				return err
			}
			if flags.asJSON {
				return json.NewEncoder(c.OutOrStdout()).Encode(map[string]any{"slots": slots})
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
	if s.Wrong != "" {
		by = "not usable: " + s.Wrong
	}
	return fmt.Sprintf("%.12s  %-8s  %s", s.Digest, mark, by)
}

func verifyModel(flags *modelsFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "verify M.tflite|SLOT",
		Short: "Check a model's signature, version, limits and golden pairs, and change nothing",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return flags.do(c, false, func(l *library) (modelReport, error) {
				o, err := l.named(args[0])
				if err != nil {
					return modelReport{}, err
				}
				return l.examine("verified", o)
			})
		},
	}
}

func installModel(flags *modelsFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "install M.tflite",
		Short: "Check a model and keep it, with the signature M.tflite.minisig beside it",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return flags.do(c, true, func(l *library) (modelReport, error) {
				o, err := l.open(args[0])
				if err != nil {
					return modelReport{}, err
				}
				r, err := l.examine("installed", o)
				if err != nil {
					return modelReport{}, err
				}
				_, err = l.store.Install(o.File, o.Signature)
				return r, err
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
			return flags.do(c, true, func(l *library) (modelReport, error) {
				o, err := l.slot(args[0])
				if err != nil {
					return modelReport{}, err
				}
				r, err := l.examine("activated", o)
				if err != nil {
					return modelReport{}, err
				}
				_, err = l.store.Activate(o.Digest)
				return l.warnIfNamed(r), err
			})
		},
	}
}

func rollBackModel(flags *modelsFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "rollback",
		Short: "Let the previous model serve again; once more leads back",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return flags.do(c, true, func(l *library) (modelReport, error) {
				m, err := l.store.Rollback()
				if err != nil {
					return modelReport{}, err
				}
				r, err := l.examine("rolled back to", origin{m, sourceActive})
				return l.warnIfNamed(r), err
			})
		},
	}
}

// warnIfNamed says when the configuration's own choice goes before the store's.
func (l *library) warnIfNamed(r modelReport) modelReport {
	if l.config.Model != "" {
		r.Warnings = append(r.Warnings, fmt.Sprintf("the configuration's own model: %s goes before it; set model: \"\"", l.config.Model))
	}
	return r
}
