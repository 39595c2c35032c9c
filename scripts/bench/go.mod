// The peers that the engine is timed beside, in a module of their own: they
// never enter the product's go.mod.
module canting/scripts/bench

go 1.26.0

require (
	canting v0.0.0
	github.com/yalue/onnxruntime_go v1.27.0
)

require github.com/google/flatbuffers v25.12.19+incompatible // indirect

replace canting => ../..
