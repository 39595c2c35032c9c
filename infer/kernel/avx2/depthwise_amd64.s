#include "go_asm.h"
#include "textflag.h"

// A chunk is 16 neighbouring elements of an output row. Each pair of taps loads
// the 16 elements that each tap sees and interleaves them, so that VPMADDWD adds
// up one element's 2 taps in every 32 bits.
//
//	DI  the Line            R8   this chunk's parameters: bias, scale (64 bytes
//	SI  the chunk's input        each), then 64 bytes of weights for each pair
//	R9  the output          R10  chunks left
//	R11 this pair's offsets   R12 its weights  CX  pairs left
//	Y0, Y1  sums of the elements 0-3 and 8-11, and of 4-7 and 12-15
//	Y13 lower bound (bytes), Y14 upper bound, Y15 zero point (words)
//
// Packing the sums keeps to 16 bytes as interleaving did, and undoes it.

// depthwise3x3 keeps the 9 taps' offsets in AX, BX, CX, DX and R11 to R15.

#define REAL(acc, at) \
	VCVTDQ2PS acc, acc;         \
	VMULPS    at(R8), acc, acc; \
	VMINPS    Y14, acc, acc;    \
	VCVTPS2DQ acc, acc

#define BEGIN \
	MOVQ         line_In(DI), SI;                   \
	MOVQ         line_Params(DI), R8;               \
	MOVQ         line_Out(DI), R9;                  \
	MOVQ         line_Chunks(DI), R10;              \
	VBROADCASTSS (line_Requantization+0)(DI), Y14;  \
	VPBROADCASTW (line_Requantization+4)(DI), Y15;  \
	VPBROADCASTB (line_Requantization+8)(DI), Y13

// PAIR adds two taps, their weights being at byte at of w.
#define PAIR(a, b, at, w) \
	VMOVDQU    (SI)(a*1), Y2;     \
	VMOVDQU    (SI)(b*1), Y3;     \
	VPUNPCKLWD Y3, Y2, Y4;        \
	VPUNPCKHWD Y3, Y2, Y5;        \
	VPMADDWD   at(w), Y4, Y4;     \
	VPMADDWD   (at+32)(w), Y5, Y5; \
	VPADDD     Y4, Y0, Y0;        \
	VPADDD     Y5, Y1, Y1

#define STORE \
	REAL(Y0, 64);          \
	REAL(Y1, 96);          \
	VPACKSSDW Y1, Y0, Y0;  \
	VPADDSW   Y15, Y0, Y0; \
	VPACKSSWB Y0, Y0, Y0;  \
	VPMAXSB   Y13, Y0, Y0; \
	VPERMQ    $8, Y0, Y0;  \
	VMOVDQU   X0, (R9);    \
	ADDQ      $16, R9;     \
	ADDQ      $32, SI

// func depthwise(l *tiles.Line)
TEXT ·depthwise(SB), NOSPLIT, $0-8
	MOVQ l+0(FP), DI
	BEGIN

chunk:
	VMOVDQU (R8), Y0
	VMOVDQU 32(R8), Y1
	LEAQ    128(R8), R12
	MOVQ    line_Offsets(DI), R11
	MOVQ    line_Groups(DI), CX

pair:
	MOVQ (R11), AX
	MOVQ 8(R11), BX
	PAIR(AX, BX, 0, R12)
	ADDQ $64, R12
	ADDQ $16, R11
	DECQ CX
	JNZ  pair
	STORE

	// R12 is behind the last weights, where the next chunk's parameters are.
	MOVQ    R12, R8
	CMPQ    R8, line_End(DI)
	CMOVQEQ line_First(DI), R8
	DECQ    R10
	JNZ     chunk
	VZEROUPPER
	RET

// func depthwise3x3(l *tiles.Line)
TEXT ·depthwise3x3(SB), NOSPLIT, $0-8
	MOVQ l+0(FP), DI
	BEGIN
	MOVQ line_Offsets(DI), R15
	MOVQ (R15), AX
	MOVQ 8(R15), BX
	MOVQ 16(R15), CX
	MOVQ 24(R15), DX
	MOVQ 32(R15), R11
	MOVQ 40(R15), R12
	MOVQ 48(R15), R13
	MOVQ 56(R15), R14
	MOVQ 64(R15), R15

chunk:
	VMOVDQU (R8), Y0
	VMOVDQU 32(R8), Y1
	PAIR(AX, BX, 128, R8)
	PAIR(CX, DX, 192, R8)
	PAIR(R11, R12, 256, R8)
	PAIR(R13, R14, 320, R8)
	PAIR(R15, R15, 384, R8)
	STORE
	ADDQ    $448, R8
	CMPQ    R8, line_End(DI)
	CMOVQEQ line_First(DI), R8
	DECQ    R10
	JNZ     chunk
	VZEROUPPER
	RET
