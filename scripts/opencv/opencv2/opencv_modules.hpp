// opencv2/opencv.hpp includes every module that this header names. Debian's own
// copy names them all; naming only what gocv is built with here keeps the
// download to four -dev packages, without highgui's Qt, and gocv's compile to a
// few seconds.
#define HAVE_OPENCV_CORE
#define HAVE_OPENCV_IMGCODECS
#define HAVE_OPENCV_IMGPROC
#define HAVE_OPENCV_VIDEOIO
