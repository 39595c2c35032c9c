#include "go_asm.h"
#include "textflag.h"

// Activations and weights are int16: 2 to a step.
#define DOT VPDPWSSD

#define CONVOLVE12X2 ·wideConvolve12x2
#define CONVOLVE8X2 ·wideConvolve8x2
#define CONVOLVE4X2 ·wideConvolve4x2
#define CONVOLVE1X2 ·wideConvolve1x2
#define CONVOLVE12X1 ·wideConvolve12x1
#define CONVOLVE8X1 ·wideConvolve8x1
#define CONVOLVE4X1 ·wideConvolve4x1
#define CONVOLVE1X1 ·wideConvolve1x1
#define POOLED3X2 ·widePooled3x2
#define POOLED1X2 ·widePooled1x2
#define POOLED3X1 ·widePooled3x1
#define POOLED1X1 ·widePooled1x1

#include "convolve.h"
