#include "go_asm.h"
#include "textflag.h"

// A tile is up to 8 pixels of one vector of 8 channels, or up to 6 of two. Every
// step takes the next 2 activations (4 bytes) of each pixel's window, the same
// for all channels, and the weights of those 2 for each channel.
//
//	DI  the Tile                     SI   the tile's first pixel
//	R12 bytes between pixels         R13  bytes to the tile's second half
//	AX  the kernel row               DX   kernel rows left
//	R8  pixels 0, 1, 2 of the first half   R9   its pixel 3
//	R10 pixels 0, 1, 2 of the second half  R11  its pixel 3
//	BX  weights                      CX   steps left
//	Y0-Y11   sums: with two vectors Y(2p) and Y(2p+1) for pixel p, else Yp
//	Y12, Y13 weights      Y14 2 activations, everywhere      Y15 products
//
// and behind the loop
//
//	AX the output    BX bytes between its pixels    CX the scales
//	Y12 lower bound (bytes), Y13 zero point (words), Y14 upper bound, Y15 order
//
// A pooled tile's halves are two rows, and its results are the largest sums of
// 2x2 pixels.

// order leads from the order that packing leaves, 4 bytes of each of 4 vectors
// again, to one vector after the other.
DATA ·order+0(SB)/4, $0
DATA ·order+4(SB)/4, $4
DATA ·order+8(SB)/4, $1
DATA ·order+12(SB)/4, $5
DATA ·order+16(SB)/4, $2
DATA ·order+20(SB)/4, $6
DATA ·order+24(SB)/4, $3
DATA ·order+28(SB)/4, $7
GLOBL ·order(SB), RODATA|NOPTR, $32

#define BEGIN \
	MOVQ t+0(FP), DI;         \
	MOVQ tile_In(DI), SI;     \
	MOVQ tile_Pixel(DI), R12; \
	MOVQ tile_Half(DI), R13

// START begins a tile.
#define START \
	MOVQ SI, AX;               \
	MOVQ tile_Weights(DI), BX; \
	MOVQ tile_Rows(DI), DX

// ROW begins a kernel row.
#define ROW \
	MOVQ AX, R8;           \
	LEAQ (R8)(R13*1), R10; \
	MOVQ tile_Steps(DI), CX

// ROW8 does for tiles with 4 pixels in a half.
#define ROW8 \
	ROW;                   \
	LEAQ (R8)(R12*2), R9;  \
	ADDQ R12, R9;          \
	LEAQ (R9)(R13*1), R11

#define BIAS1(a) \
	MOVQ    tile_Bias(DI), CX; \
	VMOVDQU (CX), a

#define BIAS2(a, b) \
	BIAS1(a);           \
	VMOVDQU 32(CX), b

#define COPY2(a, b, c, d) \
	VMOVDQA a, c; \
	VMOVDQA b, d

#define MULTIPLY1(at, a) \
	VPBROADCASTD at, Y14;       \
	VPMADDWD     Y12, Y14, Y14; \
	VPADDD       Y14, a, a

#define MULTIPLY2(at, a, b) \
	VPBROADCASTD at, Y14;       \
	VPMADDWD     Y12, Y14, Y15; \
	VPMADDWD     Y13, Y14, Y14; \
	VPADDD       Y15, a, a;     \
	VPADDD       Y14, b, b

#define FINISH \
	MOVQ         tile_Out(DI), AX;                 \
	MOVQ         tile_OutPixel(DI), BX;            \
	MOVQ         tile_Scale(DI), CX;               \
	VPBROADCASTB (tile_Requantization+8)(DI), Y12; \
	VPBROADCASTW (tile_Requantization+4)(DI), Y13; \
	VBROADCASTSS (tile_Requantization+0)(DI), Y14; \
	VMOVDQU      ·order(SB), Y15

// REAL turns sums into results less the zero point.
#define REAL(a, scale) \
	VCVTDQ2PS a, a;        \
	VMULPS    scale, a, a; \
	VMINPS    Y14, a, a;   \
	VCVTPS2DQ a, a

// NARROW turns the results in 4 vectors into bytes in a.
#define NARROW(a, b, c, d) \
	VPACKSSDW b, a, a;   \
	VPACKSSDW d, c, c;   \
	VPADDSW   Y13, a, a; \
	VPADDSW   Y13, c, c; \
	VPACKSSWB c, a, a;   \
	VPMAXSB   Y12, a, a; \
	VPERMD    a, Y15, a

// NARROW1 turns the results in 2 vectors into bytes in a.
#define NARROW1(a, b) \
	VPACKSSDW b, a, a;   \
	VPADDSW   Y13, a, a; \
	VPACKSSWB a, a, a;   \
	VPMAXSB   Y12, a, a; \
	VPERMD    a, Y15, a

// PAIR stores 2 pixels of two vectors; x is the lower half of a.
#define PAIR(a, x, b, c, d) \
	REAL(a, (CX));                   \
	REAL(b, 32(CX));                 \
	REAL(c, (CX));                   \
	REAL(d, 32(CX));                 \
	NARROW(a, b, c, d);              \
	VMOVDQU      x, (AX);            \
	VEXTRACTI128 $1, a, (AX)(BX*1);  \
	LEAQ         (AX)(BX*2), AX

// SOLE2 stores 1 pixel of two vectors.
#define SOLE2(a, x, b) \
	REAL(a, (CX));    \
	REAL(b, 32(CX));  \
	NARROW1(a, b);    \
	VMOVDQU x, (AX);  \
	ADDQ    BX, AX

// QUAD stores 4 pixels of one vector; x is the lower half of a.
#define QUAD(a, x, b, c, d) \
	REAL(a, (CX));               \
	REAL(b, (CX));               \
	REAL(c, (CX));               \
	REAL(d, (CX));               \
	NARROW(a, b, c, d);          \
	VMOVQ        x, (AX);        \
	VMOVHPS      x, (AX)(BX*1);  \
	LEAQ         (AX)(BX*2), AX; \
	VEXTRACTI128 $1, a, x;       \
	VMOVQ        x, (AX);        \
	VMOVHPS      x, (AX)(BX*1);  \
	LEAQ         (AX)(BX*2), AX

// SOLE1 stores 1 pixel of one vector.
#define SOLE1(a, x) \
	REAL(a, (CX));  \
	NARROW1(a, a);  \
	VMOVQ x, (AX);  \
	ADDQ  BX, AX

// ADVANCE goes on to the tile behind this one, so many pixels further.
#define ADVANCE(pixels) \
	MOVQ   AX, tile_Out(DI); \
	IMUL3Q $pixels, R12, AX; \
	ADDQ   AX, SI;           \
	DECQ   tile_Count(DI)

#define LARGEST(a, b, c, d) \
	VPMAXSD b, a, a; \
	VPMAXSD d, c, c; \
	VPMAXSD c, a, a

// BIAS and STEP are the beginning and a step of a tile of so many pixels by so
// many vectors.

#define BIAS6X2 \
	BIAS2(Y0, Y1); \
	COPY2(Y0, Y1, Y2, Y3); \
	COPY2(Y0, Y1, Y4, Y5); \
	COPY2(Y0, Y1, Y6, Y7); \
	COPY2(Y0, Y1, Y8, Y9); \
	COPY2(Y0, Y1, Y10, Y11)

#define STEP6X2 \
	VMOVDQU (BX), Y12; \
	VMOVDQU 32(BX), Y13; \
	MULTIPLY2((R8), Y0, Y1); \
	MULTIPLY2((R8)(R12*1), Y2, Y3); \
	MULTIPLY2((R8)(R12*2), Y4, Y5); \
	MULTIPLY2((R10), Y6, Y7); \
	MULTIPLY2((R10)(R12*1), Y8, Y9); \
	MULTIPLY2((R10)(R12*2), Y10, Y11)

#define BIAS4X2 \
	BIAS2(Y0, Y1); \
	COPY2(Y0, Y1, Y2, Y3); \
	COPY2(Y0, Y1, Y4, Y5); \
	COPY2(Y0, Y1, Y6, Y7)

#define STEP4X2 \
	VMOVDQU (BX), Y12; \
	VMOVDQU 32(BX), Y13; \
	MULTIPLY2((R8), Y0, Y1); \
	MULTIPLY2((R8)(R12*1), Y2, Y3); \
	MULTIPLY2((R10), Y4, Y5); \
	MULTIPLY2((R10)(R12*1), Y6, Y7)

#define BIAS4X1 \
	BIAS1(Y0); \
	VMOVDQA Y0, Y1; \
	VMOVDQA Y0, Y2; \
	VMOVDQA Y0, Y3

#define STEP4X1 \
	VMOVDQU (BX), Y12; \
	MULTIPLY1((R8), Y0); \
	MULTIPLY1((R8)(R12*1), Y1); \
	MULTIPLY1((R10), Y2); \
	MULTIPLY1((R10)(R12*1), Y3)

// func convolve6x2(t *tiles.Tile)
TEXT ·convolve6x2(SB), NOSPLIT, $0-8
	BEGIN

next:
	BIAS6X2
	START

row:
	ROW

step:
	STEP6X2
	ADDQ $4, R8
	ADDQ $4, R10
	ADDQ $64, BX
	DECQ CX
	JNZ  step
	ADDQ tile_Row(DI), AX
	DECQ DX
	JNZ  row

	FINISH
	PAIR(Y0, X0, Y1, Y2, Y3)
	PAIR(Y4, X4, Y5, Y6, Y7)
	PAIR(Y8, X8, Y9, Y10, Y11)
	ADVANCE(6)
	JNZ  next
	VZEROUPPER
	RET

// func convolve4x2(t *tiles.Tile)
TEXT ·convolve4x2(SB), NOSPLIT, $0-8
	BEGIN

next:
	BIAS4X2
	START

row:
	ROW

step:
	STEP4X2
	ADDQ $4, R8
	ADDQ $4, R10
	ADDQ $64, BX
	DECQ CX
	JNZ  step
	ADDQ tile_Row(DI), AX
	DECQ DX
	JNZ  row

	FINISH
	PAIR(Y0, X0, Y1, Y2, Y3)
	PAIR(Y4, X4, Y5, Y6, Y7)
	ADVANCE(4)
	JNZ  next
	VZEROUPPER
	RET

// func convolve1x2(t *tiles.Tile)
TEXT ·convolve1x2(SB), NOSPLIT, $0-8
	BEGIN

next:
	BIAS2(Y0, Y1)
	START

row:
	ROW

step:
	VMOVDQU (BX), Y12
	VMOVDQU 32(BX), Y13
	MULTIPLY2((R8), Y0, Y1)
	ADDQ $4, R8
	ADDQ $64, BX
	DECQ CX
	JNZ  step
	ADDQ tile_Row(DI), AX
	DECQ DX
	JNZ  row

	FINISH
	SOLE2(Y0, X0, Y1)
	ADVANCE(1)
	JNZ  next
	VZEROUPPER
	RET

// func convolve8x1(t *tiles.Tile)
TEXT ·convolve8x1(SB), NOSPLIT, $0-8
	BEGIN

next:
	BIAS4X1
	VMOVDQA Y0, Y4
	VMOVDQA Y0, Y5
	VMOVDQA Y0, Y6
	VMOVDQA Y0, Y7
	START

row:
	ROW8

step:
	VMOVDQU (BX), Y12
	MULTIPLY1((R8), Y0)
	MULTIPLY1((R8)(R12*1), Y1)
	MULTIPLY1((R8)(R12*2), Y2)
	MULTIPLY1((R9), Y3)
	MULTIPLY1((R10), Y4)
	MULTIPLY1((R10)(R12*1), Y5)
	MULTIPLY1((R10)(R12*2), Y6)
	MULTIPLY1((R11), Y7)
	ADDQ $4, R8
	ADDQ $4, R10
	ADDQ $4, R9
	ADDQ $4, R11
	ADDQ $32, BX
	DECQ CX
	JNZ  step
	ADDQ tile_Row(DI), AX
	DECQ DX
	JNZ  row

	FINISH
	QUAD(Y0, X0, Y1, Y2, Y3)
	QUAD(Y4, X4, Y5, Y6, Y7)
	ADVANCE(8)
	JNZ  next
	VZEROUPPER
	RET

// func convolve4x1(t *tiles.Tile)
TEXT ·convolve4x1(SB), NOSPLIT, $0-8
	BEGIN

next:
	BIAS4X1
	START

row:
	ROW

step:
	STEP4X1
	ADDQ $4, R8
	ADDQ $4, R10
	ADDQ $32, BX
	DECQ CX
	JNZ  step
	ADDQ tile_Row(DI), AX
	DECQ DX
	JNZ  row

	FINISH
	QUAD(Y0, X0, Y1, Y2, Y3)
	ADVANCE(4)
	JNZ  next
	VZEROUPPER
	RET

// func convolve1x1(t *tiles.Tile)
TEXT ·convolve1x1(SB), NOSPLIT, $0-8
	BEGIN

next:
	BIAS1(Y0)
	START

row:
	ROW

step:
	VMOVDQU (BX), Y12
	MULTIPLY1((R8), Y0)
	ADDQ $4, R8
	ADDQ $32, BX
	DECQ CX
	JNZ  step
	ADDQ tile_Row(DI), AX
	DECQ DX
	JNZ  row

	FINISH
	SOLE1(Y0, X0)
	ADVANCE(1)
	JNZ  next
	VZEROUPPER
	RET

// func pooled1x2(t *tiles.Tile)
TEXT ·pooled1x2(SB), NOSPLIT, $0-8
	BEGIN

next:
	BIAS4X2
	START

row:
	ROW

step:
	STEP4X2
	ADDQ $4, R8
	ADDQ $4, R10
	ADDQ $64, BX
	DECQ CX
	JNZ  step
	ADDQ tile_Row(DI), AX
	DECQ DX
	JNZ  row

	LARGEST(Y0, Y2, Y4, Y6)
	LARGEST(Y1, Y3, Y5, Y7)
	FINISH
	SOLE2(Y0, X0, Y1)
	ADVANCE(2)
	JNZ  next
	VZEROUPPER
	RET

// func pooled1x1(t *tiles.Tile)
TEXT ·pooled1x1(SB), NOSPLIT, $0-8
	BEGIN

next:
	BIAS4X1
	START

row:
	ROW

step:
	STEP4X1
	ADDQ $4, R8
	ADDQ $4, R10
	ADDQ $32, BX
	DECQ CX
	JNZ  step
	ADDQ tile_Row(DI), AX
	DECQ DX
	JNZ  row

	LARGEST(Y0, Y1, Y2, Y3)
	FINISH
	SOLE1(Y0, X0)
	ADVANCE(2)
	JNZ  next
	VZEROUPPER
	RET

// Winograd's products: the sums of each of the 16 places of a transformed window
// are stored as they are. AX leads from place to place, R11 through the output;
// DX is places left.

// PLACE begins a place.
#define PLACE \
	MOVQ AX, R8;           \
	LEAQ (R8)(R13*1), R10; \
	MOVQ tile_Steps(DI), CX

// WINDOWS goes on to the tile behind this one, so many windows further.
#define WINDOWS(windows) \
	IMUL3Q $windows, R12, AX;           \
	ADDQ   AX, SI;                      \
	ADDQ   $(64*windows), tile_Out(DI); \
	DECQ   tile_Count(DI)

// func multiply6(t *tiles.Tile)
TEXT ·multiply6(SB), NOSPLIT, $0-8
	BEGIN

next:
	MOVQ SI, AX
	MOVQ tile_Weights(DI), BX
	MOVQ tile_Out(DI), R11
	MOVQ $16, DX

place:
	PLACE
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y2, Y2, Y2
	VPXOR Y3, Y3, Y3
	VPXOR Y4, Y4, Y4
	VPXOR Y5, Y5, Y5
	VPXOR Y6, Y6, Y6
	VPXOR Y7, Y7, Y7
	VPXOR Y8, Y8, Y8
	VPXOR Y9, Y9, Y9
	VPXOR Y10, Y10, Y10
	VPXOR Y11, Y11, Y11

step:
	STEP6X2
	ADDQ $4, R8
	ADDQ $4, R10
	ADDQ $64, BX
	DECQ CX
	JNZ  step

	VMOVDQU Y0, 0(R11)
	VMOVDQU Y1, 32(R11)
	VMOVDQU Y2, 64(R11)
	VMOVDQU Y3, 96(R11)
	VMOVDQU Y4, 128(R11)
	VMOVDQU Y5, 160(R11)
	VMOVDQU Y6, 192(R11)
	VMOVDQU Y7, 224(R11)
	VMOVDQU Y8, 256(R11)
	VMOVDQU Y9, 288(R11)
	VMOVDQU Y10, 320(R11)
	VMOVDQU Y11, 352(R11)
	ADDQ tile_OutPixel(DI), R11
	ADDQ tile_Row(DI), AX
	DECQ DX
	JNZ  place
	WINDOWS(6)
	JNZ  next
	VZEROUPPER
	RET

// func multiply4(t *tiles.Tile)
TEXT ·multiply4(SB), NOSPLIT, $0-8
	BEGIN

next:
	MOVQ SI, AX
	MOVQ tile_Weights(DI), BX
	MOVQ tile_Out(DI), R11
	MOVQ $16, DX

place:
	PLACE
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y2, Y2, Y2
	VPXOR Y3, Y3, Y3
	VPXOR Y4, Y4, Y4
	VPXOR Y5, Y5, Y5
	VPXOR Y6, Y6, Y6
	VPXOR Y7, Y7, Y7

step:
	STEP4X2
	ADDQ $4, R8
	ADDQ $4, R10
	ADDQ $64, BX
	DECQ CX
	JNZ  step

	VMOVDQU Y0, 0(R11)
	VMOVDQU Y1, 32(R11)
	VMOVDQU Y2, 64(R11)
	VMOVDQU Y3, 96(R11)
	VMOVDQU Y4, 128(R11)
	VMOVDQU Y5, 160(R11)
	VMOVDQU Y6, 192(R11)
	VMOVDQU Y7, 224(R11)
	ADDQ tile_OutPixel(DI), R11
	ADDQ tile_Row(DI), AX
	DECQ DX
	JNZ  place
	WINDOWS(4)
	JNZ  next
	VZEROUPPER
	RET

// func multiply1(t *tiles.Tile)
TEXT ·multiply1(SB), NOSPLIT, $0-8
	BEGIN

next:
	MOVQ SI, AX
	MOVQ tile_Weights(DI), BX
	MOVQ tile_Out(DI), R11
	MOVQ $16, DX

place:
	PLACE
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1

step:
	VMOVDQU (BX), Y12
	VMOVDQU 32(BX), Y13
	MULTIPLY2((R8), Y0, Y1)
	ADDQ $4, R8
	ADDQ $64, BX
	DECQ CX
	JNZ  step

	VMOVDQU Y0, 0(R11)
	VMOVDQU Y1, 32(R11)
	ADDQ tile_OutPixel(DI), R11
	ADDQ tile_Row(DI), AX
	DECQ DX
	JNZ  place
	WINDOWS(1)
	JNZ  next
	VZEROUPPER
	RET
