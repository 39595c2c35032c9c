package command

import (
	"fmt"

	"canting/configs"

	"github.com/spf13/cobra"
)

// recipe is what every command that trains is told: the photographs, where its
// files go, and the experiment.
type recipe struct {
	data, out, config, backbone string
	seed                        int64
}

// flags adds --data, --out, which is for what purpose says, and --config.
func (r *recipe) flags(c *cobra.Command, purpose string) {
	c.Flags().StringVar(&r.data, "data", "", "folder of photographs")
	c.Flags().StringVar(&r.out, "out", "", purpose)
	c.Flags().StringVar(&r.config, "config", "", "experiment's YAML file (default: configs/trainer.yaml, built in)")
}

func (r *recipe) seedFlag(c *cobra.Command) {
	c.Flags().Int64Var(&r.seed, "seed", 1, "seed of every random choice, instead of the configuration's")
}

func (r *recipe) backboneFlag(c *cobra.Command) {
	c.Flags().StringVar(&r.backbone, "backbone", "", ".tflite classifier to start from, instead of what the configuration says; \"\" starts from nothing")
}

// experiment is the configuration with what the command line says otherwise.
func (r *recipe) experiment(c *cobra.Command) (*configs.Experiment, error) {
	if err := required(c, "data", "out"); err != nil {
		return nil, err
	}
	return r.or(c, configs.DefaultExperiment())
}

// or is the configuration or, where none is named, e, with what the command line
// says otherwise.
func (r *recipe) or(c *cobra.Command, e *configs.Experiment) (*configs.Experiment, error) {
	if r.config != "" {
		var err error
		if e, err = configs.LoadExperiment(r.config); err != nil {
			return nil, err
		}
	}
	if c.Flags().Changed("seed") {
		e.Seed = r.seed
	}
	if c.Flags().Changed("backbone") {
		e.Backbone.File = r.backbone
	}
	if err := e.Validate(); err != nil { // a network that is of use only without a backbone was not looked at
		return nil, fmt.Errorf("with what the command line says: %w", err)
	}
	return e, nil
}
