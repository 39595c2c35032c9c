#include "go_asm.h"
#include "textflag.h"

// A chunk is 64 neighbouring bytes of an output row. Each group of 4 taps loads
// the 64 bytes that each tap sees and interleaves them, so that VPDPBUSD adds
// up one element's 4 taps in every 32 bits.
//
//	DI  the Line            R8   this chunk's parameters: bias, scale (256 bytes
//	SI  the chunk's input        each), then 256 bytes of weights for each group
//	R9  the output          R10  chunks left
//	R11 this group's offsets  R12 its weights  CX  groups left
//	Z0-Z3   sums; Zi has the elements 4i to 4i+3 of every 16
//	Z4-Z7   the taps' bytes      Z8-Z15  interleaved
//	Z27 upper bound, Z28 zero point (words), Z29 lower bound (bytes)
//
// Packing the sums keeps to 16 bytes as interleaving did, and undoes it.

// depthwise3x3 keeps the 9 taps' offsets in AX, BX, CX, DX and R11 to R15.

#define REAL(acc, at) \
	VCVTDQ2PS acc, acc; \
	VMULPS    at(R8), acc, acc; \
	VMINPS    Z27, acc, acc; \
	VCVTPS2DQ acc, acc

#define BEGIN \
	MOVQ         line_In(DI), SI;                   \
	MOVQ         line_Params(DI), R8;               \
	MOVQ         line_Out(DI), R9;                  \
	MOVQ         line_Chunks(DI), R10;              \
	VBROADCASTSS (line_Requantization+0)(DI), Z27;  \
	VPBROADCASTW (line_Requantization+4)(DI), Z28;  \
	VPBROADCASTB (line_Requantization+8)(DI), Z29

#define BIAS \
	VMOVDQU32 (R8), Z0;    \
	VMOVDQU32 64(R8), Z1;  \
	VMOVDQU32 128(R8), Z2; \
	VMOVDQU32 192(R8), Z3

// GROUP adds four taps, their weights being at byte at of w.
#define GROUP(a, b, c, d, at, w) \
	VMOVDQU32  (SI)(a*1), Z4;        \
	VMOVDQU32  (SI)(b*1), Z5;        \
	VMOVDQU32  (SI)(c*1), Z6;        \
	VMOVDQU32  (SI)(d*1), Z7;        \
	VPUNPCKLBW Z5, Z4, Z8;           \
	VPUNPCKHBW Z5, Z4, Z9;           \
	VPUNPCKLBW Z7, Z6, Z10;          \
	VPUNPCKHBW Z7, Z6, Z11;          \
	VPUNPCKLWD Z10, Z8, Z12;         \
	VPUNPCKHWD Z10, Z8, Z13;         \
	VPUNPCKLWD Z11, Z9, Z14;         \
	VPUNPCKHWD Z11, Z9, Z15;         \
	VPDPBUSD   at(w), Z12, Z0;       \
	VPDPBUSD   (at+64)(w), Z13, Z1;  \
	VPDPBUSD   (at+128)(w), Z14, Z2; \
	VPDPBUSD   (at+192)(w), Z15, Z3

// LAST adds one tap; the other three weights of its group are 0.
#define LAST(a, at, w) \
	VMOVDQU32  (SI)(a*1), Z4;        \
	VPUNPCKLBW Z4, Z4, Z8;           \
	VPUNPCKHBW Z4, Z4, Z9;           \
	VPUNPCKLWD Z8, Z8, Z12;          \
	VPUNPCKHWD Z8, Z8, Z13;          \
	VPUNPCKLWD Z9, Z9, Z14;          \
	VPUNPCKHWD Z9, Z9, Z15;          \
	VPDPBUSD   at(w), Z12, Z0;       \
	VPDPBUSD   (at+64)(w), Z13, Z1;  \
	VPDPBUSD   (at+128)(w), Z14, Z2; \
	VPDPBUSD   (at+192)(w), Z15, Z3

#define STORE \
	REAL(Z0, 256);         \
	REAL(Z1, 320);         \
	REAL(Z2, 384);         \
	REAL(Z3, 448);         \
	VPACKSSDW Z1, Z0, Z0;  \
	VPACKSSDW Z3, Z2, Z2;  \
	VPADDSW   Z28, Z0, Z0; \
	VPADDSW   Z28, Z2, Z2; \
	VPACKSSWB Z2, Z0, Z0;  \
	VPMAXSB   Z29, Z0, Z0; \
	VMOVDQU32 Z0, (R9);    \
	ADDQ      $64, R9;     \
	ADDQ      $64, SI

// func depthwise(l *tiles.Line)
TEXT ·depthwise(SB), NOSPLIT, $0-8
	MOVQ l+0(FP), DI
	BEGIN

chunk:
	BIAS
	LEAQ 512(R8), R12
	MOVQ line_Offsets(DI), R11
	MOVQ line_Groups(DI), CX

group:
	MOVQ (R11), AX
	MOVQ 8(R11), BX
	MOVQ 16(R11), DX
	MOVQ 24(R11), R13
	GROUP(AX, BX, DX, R13, 0, R12)
	ADDQ $256, R12
	ADDQ $32, R11
	DECQ CX
	JNZ  group
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
	BIAS
	GROUP(AX, BX, CX, DX, 512, R8)
	GROUP(R11, R12, R13, R14, 768, R8)
	LAST(R15, 1024, R8)
	STORE
	ADDQ    $1280, R8
	CMPQ    R8, line_End(DI)
	CMOVQEQ line_First(DI), R8
	DECQ    R10
	JNZ     chunk
	VZEROUPPER
	RET
