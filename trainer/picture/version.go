package picture

import "gocv.io/x/gocv"

// OpenCV is the version of the library that pictures are read and varied with.
func OpenCV() string { return gocv.OpenCVVersion() }
