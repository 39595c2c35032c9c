// Package demo is the embedded default: the demonstration model, trained by
// this project's trainer on drawn cloths, and drawn cloths to show it.
// `make demo-model` makes both again.
package demo

import (
	"embed"
	"io/fs"
)

//go:embed demo.tflite
var model []byte

//go:embed cloths/*.jpg
var cloths embed.FS

// Model is the demonstration model, a .tflite file.
func Model() []byte { return model }

// Cloths are pictures of drawn cloths, named n-MOTIF.jpg and shown in the order
// of their names.
func Cloths() fs.FS {
	sub, err := fs.Sub(cloths, "cloths")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return sub
}
