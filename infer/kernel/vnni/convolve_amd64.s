#include "go_asm.h"
#include "textflag.h"

// Activations are uint8, shifted by 128, and weights int8: 4 to a step.
#define DOT VPDPBUSD

#define CONVOLVE12X2 ·convolve12x2
#define CONVOLVE8X2 ·convolve8x2
#define CONVOLVE4X2 ·convolve4x2
#define CONVOLVE1X2 ·convolve1x2
#define CONVOLVE12X1 ·convolve12x1
#define CONVOLVE8X1 ·convolve8x1
#define CONVOLVE4X1 ·convolve4x1
#define CONVOLVE1X1 ·convolve1x1
#define POOLED3X2 ·pooled3x2
#define POOLED1X2 ·pooled1x2
#define POOLED3X1 ·pooled3x1
#define POOLED1X1 ·pooled1x1

#include "convolve.h"
