// The convolutions, with DOT and the functions' names left open: see
// convolve_amd64.s and wide_amd64.s.
//
// A tile is up to 12 pixels of one or two vectors of 16 channels. Every step
// takes the next 4 bytes of each pixel's window, the same for all channels, and
// the weights of those 4 bytes for each channel.
//
//	DI  the Tile                     SI   the tile's first pixel
//	R12 bytes between pixels         R13  bytes to the tile's second half
//	AX  the kernel row               DX   kernel rows left
//	R8  pixels 0, 1, 2 of the first half   R9   pixels 3, 4, 5
//	R10 pixels 0, 1, 2 of the second half  R11  pixels 3, 4, 5
//	BX  weights                      CX   steps left
//	Z0-Z23   sums: with two vectors Z(2p) and Z(2p+1) for pixel p, else Zp
//	Z24, Z25 weights, and behind the loop the scales
//	Z26      4 bytes of a pixel, everywhere
//	Z27 upper bound, Z28 zero point (words), Z29 lower bound (bytes), Z30 order
//
// A pooled tile's halves are two rows, and its results are the largest sums of
// 2x2 pixels.

// ORDER leads from the order that packing leaves, 4 bytes of each of 4 vectors
// again and again, to one vector after the other.
DATA order<>+0(SB)/4, $0
DATA order<>+4(SB)/4, $4
DATA order<>+8(SB)/4, $8
DATA order<>+12(SB)/4, $12
DATA order<>+16(SB)/4, $1
DATA order<>+20(SB)/4, $5
DATA order<>+24(SB)/4, $9
DATA order<>+28(SB)/4, $13
DATA order<>+32(SB)/4, $2
DATA order<>+36(SB)/4, $6
DATA order<>+40(SB)/4, $10
DATA order<>+44(SB)/4, $14
DATA order<>+48(SB)/4, $3
DATA order<>+52(SB)/4, $7
DATA order<>+56(SB)/4, $11
DATA order<>+60(SB)/4, $15
GLOBL order<>(SB), RODATA|NOPTR, $64

#define BEGIN \
	MOVQ         t+0(FP), DI; \
	MOVQ         tile_In(DI), SI; \
	MOVQ         tile_Pixel(DI), R12; \
	MOVQ         tile_Half(DI), R13; \
	VBROADCASTSS (tile_Requantization+0)(DI), Z27; \
	VPBROADCASTW (tile_Requantization+4)(DI), Z28; \
	VPBROADCASTB (tile_Requantization+8)(DI), Z29; \
	VMOVDQU32    order<>(SB), Z30

// START begins a tile.
#define START \
	MOVQ SI, AX; \
	MOVQ tile_Weights(DI), BX; \
	MOVQ tile_Rows(DI), DX

// ROW begins a kernel row.
#define ROW \
	MOVQ AX, R8; \
	LEAQ (AX)(R12*2), R9; \
	ADDQ R12, R9; \
	LEAQ (R8)(R13*1), R10; \
	LEAQ (R9)(R13*1), R11; \
	MOVQ tile_Steps(DI), CX

#define BIAS1(a) \
	MOVQ      tile_Bias(DI), CX; \
	VMOVDQU32 (CX), a

#define BIAS2(a, b) \
	BIAS1(a); \
	VMOVDQU32 64(CX), b

#define MULTIPLY1(at, a) \
	VPBROADCASTD at, Z26; \
	DOT          Z24, Z26, a

#define MULTIPLY2(at, a, b) \
	VPBROADCASTD at, Z26; \
	DOT          Z24, Z26, a; \
	DOT          Z25, Z26, b

#define COPY1(a, b) VMOVDQA32 a, b
#define COPY2(a, b, c, d) \
	VMOVDQA32 a, c; \
	VMOVDQA32 b, d

#define STEP \
	ADDQ $4, R8; \
	ADDQ $4, R9; \
	ADDQ $4, R10; \
	ADDQ $4, R11

// FINISH prepares for storing: AX is the output, CX bytes between its pixels.
#define FINISH1 \
	MOVQ      tile_Scale(DI), CX; \
	VMOVDQU32 (CX), Z24; \
	MOVQ      tile_Out(DI), AX; \
	MOVQ      tile_OutPixel(DI), CX

#define FINISH2 \
	MOVQ      tile_Scale(DI), CX; \
	VMOVDQU32 (CX), Z24; \
	VMOVDQU32 64(CX), Z25; \
	MOVQ      tile_Out(DI), AX; \
	MOVQ      tile_OutPixel(DI), CX

// REAL turns sums into results less the zero point.
#define REAL(a, scale) \
	VCVTDQ2PS a, a; \
	VMULPS    scale, a, a; \
	VMINPS    Z27, a, a; \
	VCVTPS2DQ a, a

// NARROW turns the results in 4 vectors into bytes in Z26.
#define NARROW(a, b, c, d) \
	VPACKSSDW b, a, a; \
	VPACKSSDW d, c, c; \
	VPADDSW   Z28, a, a; \
	VPADDSW   Z28, c, c; \
	VPACKSSWB c, a, a; \
	VPMAXSB   Z29, a, a; \
	VPERMD    a, Z30, Z26

// NARROW1 turns the results in 2 vectors into bytes in Z26.
#define NARROW1(a, b) \
	VPACKSSDW b, a, a;     \
	VPADDSW   Z28, a, a;   \
	VPACKSSWB a, a, a;     \
	VPMAXSB   Z29, a, a;   \
	VPERMD    a, Z30, Z26

// PAIR stores 2 pixels of two vectors.
#define PAIR(a, b, c, d) \
	REAL(a, Z24); \
	REAL(b, Z25); \
	REAL(c, Z24); \
	REAL(d, Z25); \
	NARROW(a, b, c, d); \
	VMOVDQU32     Y26, (AX); \
	VEXTRACTI64X4 $1, Z26, (AX)(CX*1); \
	LEAQ          (AX)(CX*2), AX

// SOLE2 stores 1 pixel of two vectors.
#define SOLE2(a, b) \
	REAL(a, Z24); \
	REAL(b, Z25); \
	NARROW1(a, b); \
	VMOVDQU32 Y26, (AX); \
	ADDQ      CX, AX

// QUAD stores 4 pixels of one vector.
#define QUAD(a, b, c, d) \
	REAL(a, Z24); \
	REAL(b, Z24); \
	REAL(c, Z24); \
	REAL(d, Z24); \
	NARROW(a, b, c, d); \
	VMOVDQU32     X26, (AX); \
	VEXTRACTI32X4 $1, Z26, (AX)(CX*1); \
	LEAQ          (AX)(CX*2), AX; \
	VEXTRACTI32X4 $2, Z26, (AX); \
	VEXTRACTI32X4 $3, Z26, (AX)(CX*1); \
	LEAQ          (AX)(CX*2), AX

// SOLE1 stores 1 pixel of one vector.
#define SOLE1(a) \
	REAL(a, Z24); \
	NARROW1(a, a); \
	VMOVDQU32 X26, (AX); \
	ADDQ      CX, AX

// ADVANCE goes on to the tile behind this one, so many pixels further.
#define ADVANCE(pixels) \
	MOVQ  AX, tile_Out(DI); \
	IMUL3Q $pixels, R12, AX; \
	ADDQ  AX, SI; \
	DECQ  tile_Count(DI)

#define LARGEST(a, b, c, d) \
	VPMAXSD b, a, a; \
	VPMAXSD d, c, c; \
	VPMAXSD c, a, a

// BIAS and STEP are the beginning and a step of a tile of so many pixels by so
// many vectors.

#define BIAS12X2 \
	BIAS2(Z0, Z1); \
	COPY2(Z0, Z1, Z2, Z3); \
	COPY2(Z0, Z1, Z4, Z5); \
	COPY2(Z0, Z1, Z6, Z7); \
	COPY2(Z0, Z1, Z8, Z9); \
	COPY2(Z0, Z1, Z10, Z11); \
	COPY2(Z0, Z1, Z12, Z13); \
	COPY2(Z0, Z1, Z14, Z15); \
	COPY2(Z0, Z1, Z16, Z17); \
	COPY2(Z0, Z1, Z18, Z19); \
	COPY2(Z0, Z1, Z20, Z21); \
	COPY2(Z0, Z1, Z22, Z23)

#define STEP12X2 \
	VMOVDQU32 (BX), Z24; \
	VMOVDQU32 64(BX), Z25; \
	MULTIPLY2((R8), Z0, Z1); \
	MULTIPLY2((R8)(R12*1), Z2, Z3); \
	MULTIPLY2((R8)(R12*2), Z4, Z5); \
	MULTIPLY2((R9), Z6, Z7); \
	MULTIPLY2((R9)(R12*1), Z8, Z9); \
	MULTIPLY2((R9)(R12*2), Z10, Z11); \
	MULTIPLY2((R10), Z12, Z13); \
	MULTIPLY2((R10)(R12*1), Z14, Z15); \
	MULTIPLY2((R10)(R12*2), Z16, Z17); \
	MULTIPLY2((R11), Z18, Z19); \
	MULTIPLY2((R11)(R12*1), Z20, Z21); \
	MULTIPLY2((R11)(R12*2), Z22, Z23)

#define BIAS12X1 \
	BIAS1(Z0); \
	COPY1(Z0, Z1); \
	COPY1(Z0, Z2); \
	COPY1(Z0, Z3); \
	COPY1(Z0, Z4); \
	COPY1(Z0, Z5); \
	COPY1(Z0, Z6); \
	COPY1(Z0, Z7); \
	COPY1(Z0, Z8); \
	COPY1(Z0, Z9); \
	COPY1(Z0, Z10); \
	COPY1(Z0, Z11)

#define STEP12X1 \
	VMOVDQU32 (BX), Z24; \
	MULTIPLY1((R8), Z0); \
	MULTIPLY1((R8)(R12*1), Z1); \
	MULTIPLY1((R8)(R12*2), Z2); \
	MULTIPLY1((R9), Z3); \
	MULTIPLY1((R9)(R12*1), Z4); \
	MULTIPLY1((R9)(R12*2), Z5); \
	MULTIPLY1((R10), Z6); \
	MULTIPLY1((R10)(R12*1), Z7); \
	MULTIPLY1((R10)(R12*2), Z8); \
	MULTIPLY1((R11), Z9); \
	MULTIPLY1((R11)(R12*1), Z10); \
	MULTIPLY1((R11)(R12*2), Z11)

#define BIAS4X2 \
	BIAS2(Z0, Z1); \
	COPY2(Z0, Z1, Z2, Z3); \
	COPY2(Z0, Z1, Z4, Z5); \
	COPY2(Z0, Z1, Z6, Z7)

#define STEP4X2 \
	VMOVDQU32 (BX), Z24; \
	VMOVDQU32 64(BX), Z25; \
	MULTIPLY2((R8), Z0, Z1); \
	MULTIPLY2((R8)(R12*1), Z2, Z3); \
	MULTIPLY2((R10), Z4, Z5); \
	MULTIPLY2((R10)(R12*1), Z6, Z7)

#define BIAS4X1 \
	BIAS1(Z0); \
	COPY1(Z0, Z1); \
	COPY1(Z0, Z2); \
	COPY1(Z0, Z3)

#define STEP4X1 \
	VMOVDQU32 (BX), Z24; \
	MULTIPLY1((R8), Z0); \
	MULTIPLY1((R8)(R12*1), Z1); \
	MULTIPLY1((R10), Z2); \
	MULTIPLY1((R10)(R12*1), Z3)

TEXT CONVOLVE12X2(SB), NOSPLIT, $0-8
	BEGIN

next:
	BIAS12X2
	START

row:
	ROW

step:
	STEP12X2
	STEP
	ADDQ $128, BX
	DECQ CX
	JNZ  step
	ADDQ tile_Row(DI), AX
	DECQ DX
	JNZ  row

	FINISH2
	PAIR(Z0, Z1, Z2, Z3)
	PAIR(Z4, Z5, Z6, Z7)
	PAIR(Z8, Z9, Z10, Z11)
	PAIR(Z12, Z13, Z14, Z15)
	PAIR(Z16, Z17, Z18, Z19)
	PAIR(Z20, Z21, Z22, Z23)
	ADVANCE(12)
	JNZ  next
	VZEROUPPER
	RET

TEXT CONVOLVE8X2(SB), NOSPLIT, $0-8
	BEGIN

next:
	BIAS4X2
	COPY2(Z0, Z1, Z8, Z9)
	COPY2(Z0, Z1, Z10, Z11)
	COPY2(Z0, Z1, Z12, Z13)
	COPY2(Z0, Z1, Z14, Z15)
	START

row:
	ROW

step:
	VMOVDQU32 (BX), Z24
	VMOVDQU32 64(BX), Z25
	MULTIPLY2((R8), Z0, Z1)
	MULTIPLY2((R8)(R12*1), Z2, Z3)
	MULTIPLY2((R8)(R12*2), Z4, Z5)
	MULTIPLY2((R9), Z6, Z7)
	MULTIPLY2((R10), Z8, Z9)
	MULTIPLY2((R10)(R12*1), Z10, Z11)
	MULTIPLY2((R10)(R12*2), Z12, Z13)
	MULTIPLY2((R11), Z14, Z15)
	STEP
	ADDQ $128, BX
	DECQ CX
	JNZ  step
	ADDQ tile_Row(DI), AX
	DECQ DX
	JNZ  row

	FINISH2
	PAIR(Z0, Z1, Z2, Z3)
	PAIR(Z4, Z5, Z6, Z7)
	PAIR(Z8, Z9, Z10, Z11)
	PAIR(Z12, Z13, Z14, Z15)
	ADVANCE(8)
	JNZ  next
	VZEROUPPER
	RET

TEXT CONVOLVE4X2(SB), NOSPLIT, $0-8
	BEGIN

next:
	BIAS4X2
	START

row:
	ROW

step:
	STEP4X2
	STEP
	ADDQ $128, BX
	DECQ CX
	JNZ  step
	ADDQ tile_Row(DI), AX
	DECQ DX
	JNZ  row

	FINISH2
	PAIR(Z0, Z1, Z2, Z3)
	PAIR(Z4, Z5, Z6, Z7)
	ADVANCE(4)
	JNZ  next
	VZEROUPPER
	RET

TEXT CONVOLVE1X2(SB), NOSPLIT, $0-8
	BEGIN

next:
	BIAS2(Z0, Z1)
	START

row:
	ROW

step:
	VPBROADCASTD (R8), Z26
	DOT          (BX), Z26, Z0
	DOT          64(BX), Z26, Z1
	ADDQ $4, R8
	ADDQ $128, BX
	DECQ CX
	JNZ  step
	ADDQ tile_Row(DI), AX
	DECQ DX
	JNZ  row

	FINISH2
	SOLE2(Z0, Z1)
	ADVANCE(1)
	JNZ  next
	VZEROUPPER
	RET

TEXT CONVOLVE12X1(SB), NOSPLIT, $0-8
	BEGIN

next:
	BIAS12X1
	START

row:
	ROW

step:
	STEP12X1
	STEP
	ADDQ $64, BX
	DECQ CX
	JNZ  step
	ADDQ tile_Row(DI), AX
	DECQ DX
	JNZ  row

	FINISH1
	QUAD(Z0, Z1, Z2, Z3)
	QUAD(Z4, Z5, Z6, Z7)
	QUAD(Z8, Z9, Z10, Z11)
	ADVANCE(12)
	JNZ  next
	VZEROUPPER
	RET

TEXT CONVOLVE8X1(SB), NOSPLIT, $0-8
	BEGIN

next:
	BIAS4X1
	COPY1(Z0, Z4)
	COPY1(Z0, Z5)
	COPY1(Z0, Z6)
	COPY1(Z0, Z7)
	START

row:
	ROW

step:
	VMOVDQU32 (BX), Z24
	MULTIPLY1((R8), Z0)
	MULTIPLY1((R8)(R12*1), Z1)
	MULTIPLY1((R8)(R12*2), Z2)
	MULTIPLY1((R9), Z3)
	MULTIPLY1((R10), Z4)
	MULTIPLY1((R10)(R12*1), Z5)
	MULTIPLY1((R10)(R12*2), Z6)
	MULTIPLY1((R11), Z7)
	STEP
	ADDQ $64, BX
	DECQ CX
	JNZ  step
	ADDQ tile_Row(DI), AX
	DECQ DX
	JNZ  row

	FINISH1
	QUAD(Z0, Z1, Z2, Z3)
	QUAD(Z4, Z5, Z6, Z7)
	ADVANCE(8)
	JNZ  next
	VZEROUPPER
	RET

TEXT CONVOLVE4X1(SB), NOSPLIT, $0-8
	BEGIN

next:
	BIAS4X1
	START

row:
	ROW

step:
	STEP4X1
	STEP
	ADDQ $64, BX
	DECQ CX
	JNZ  step
	ADDQ tile_Row(DI), AX
	DECQ DX
	JNZ  row

	FINISH1
	QUAD(Z0, Z1, Z2, Z3)
	ADVANCE(4)
	JNZ  next
	VZEROUPPER
	RET

TEXT CONVOLVE1X1(SB), NOSPLIT, $0-8
	BEGIN

next:
	BIAS1(Z0)
	START

row:
	ROW

step:
	VPBROADCASTD (R8), Z26
	DOT          (BX), Z26, Z0
	ADDQ $4, R8
	ADDQ $64, BX
	DECQ CX
	JNZ  step
	ADDQ tile_Row(DI), AX
	DECQ DX
	JNZ  row

	FINISH1
	SOLE1(Z0)
	ADVANCE(1)
	JNZ  next
	VZEROUPPER
	RET

TEXT POOLED3X2(SB), NOSPLIT, $0-8
	BEGIN

next:
	BIAS12X2
	START

row:
	ROW

step:
	STEP12X2
	STEP
	ADDQ $128, BX
	DECQ CX
	JNZ  step
	ADDQ tile_Row(DI), AX
	DECQ DX
	JNZ  row

	LARGEST(Z0, Z2, Z12, Z14)
	LARGEST(Z1, Z3, Z13, Z15)
	LARGEST(Z4, Z6, Z16, Z18)
	LARGEST(Z5, Z7, Z17, Z19)
	LARGEST(Z8, Z10, Z20, Z22)
	LARGEST(Z9, Z11, Z21, Z23)
	FINISH2
	PAIR(Z0, Z1, Z4, Z5)
	SOLE2(Z8, Z9)
	ADVANCE(6)
	JNZ  next
	VZEROUPPER
	RET

TEXT POOLED1X2(SB), NOSPLIT, $0-8
	BEGIN

next:
	BIAS4X2
	START

row:
	ROW

step:
	STEP4X2
	STEP
	ADDQ $128, BX
	DECQ CX
	JNZ  step
	ADDQ tile_Row(DI), AX
	DECQ DX
	JNZ  row

	LARGEST(Z0, Z2, Z4, Z6)
	LARGEST(Z1, Z3, Z5, Z7)
	FINISH2
	SOLE2(Z0, Z1)
	ADVANCE(2)
	JNZ  next
	VZEROUPPER
	RET

TEXT POOLED3X1(SB), NOSPLIT, $0-8
	BEGIN

next:
	BIAS12X1
	START

row:
	ROW

step:
	STEP12X1
	STEP
	ADDQ $64, BX
	DECQ CX
	JNZ  step
	ADDQ tile_Row(DI), AX
	DECQ DX
	JNZ  row

	LARGEST(Z0, Z1, Z6, Z7)
	LARGEST(Z2, Z3, Z8, Z9)
	LARGEST(Z4, Z5, Z10, Z11)
	FINISH1
	REAL(Z0, Z24)
	REAL(Z2, Z24)
	REAL(Z4, Z24)
	NARROW(Z0, Z2, Z4, Z4)
	VMOVDQU32     X26, (AX)
	VEXTRACTI32X4 $1, Z26, (AX)(CX*1)
	LEAQ          (AX)(CX*2), AX
	VEXTRACTI32X4 $2, Z26, (AX)
	ADDQ          CX, AX
	ADVANCE(6)
	JNZ  next
	VZEROUPPER
	RET

TEXT POOLED1X1(SB), NOSPLIT, $0-8
	BEGIN

next:
	BIAS4X1
	START

row:
	ROW

step:
	STEP4X1
	STEP
	ADDQ $64, BX
	DECQ CX
	JNZ  step
	ADDQ tile_Row(DI), AX
	DECQ DX
	JNZ  row

	LARGEST(Z0, Z1, Z2, Z3)
	FINISH1
	SOLE1(Z0)
	ADVANCE(2)
	JNZ  next
	VZEROUPPER
	RET
