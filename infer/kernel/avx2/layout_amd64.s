#include "textflag.h"

// Activations are laid out as int16. Stores are whole vectors, up to 30 bytes
// more than asked. No load reads more than asked: the last vector begins
// earlier where there are enough elements, and fewer are loaded by 8 or by one.

// WIDEN lays out CX, at least 1, elements from SI to DI, which stay; AX, BX and
// R8 change.
#define WIDEN \
	CMPQ      CX, $16;            \
	JGE       sixteens;           \
	CMPQ      CX, $8;             \
	JGE       eights;             \
	XORQ      BX, BX;             \
one:                                  \
	MOVBWSX   (SI)(BX*1), AX;     \
	MOVW      AX, (DI)(BX*2);     \
	INCQ      BX;                 \
	CMPQ      BX, CX;             \
	JNE       one;                \
	JMP       widened;            \
eights:                               \
	VPMOVSXBW (SI), X0;           \
	VPMOVSXBW -8(SI)(CX*1), X1;   \
	VMOVDQU   X0, (DI);           \
	VMOVDQU   X1, -16(DI)(CX*2);  \
	JMP       widened;            \
sixteens:                             \
	LEAQ      -16(CX), R8;        \
	XORQ      BX, BX;             \
sixteen:                              \
	VPMOVSXBW (SI)(BX*1), Y0;     \
	VMOVDQU   Y0, (DI)(BX*2);     \
	ADDQ      $16, BX;            \
	CMPQ      BX, R8;             \
	JLE       sixteen;            \
	VPMOVSXBW (SI)(R8*1), Y0;     \
	VMOVDQU   Y0, (DI)(R8*2);     \
widened:

// func layOut(dst unsafe.Pointer, src *int8, n int)
TEXT ·layOut(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	TESTQ CX, CX
	JZ    widened
	WIDEN
	VZEROUPPER
	RET

// func fill(dst unsafe.Pointer, v int8, n int)
TEXT ·fill(SB), NOSPLIT, $0-24
	MOVQ         dst+0(FP), DI
	MOVBLSX      v+8(FP), AX
	MOVQ         n+16(FP), CX
	MOVQ         AX, X0
	VPBROADCASTW X0, Y0

loop:
	VMOVDQU Y0, (DI)
	ADDQ    $32, DI
	SUBQ    $16, CX
	JG      loop
	VZEROUPPER
	RET

// func layOutPixels(dst unsafe.Pointer, src *int8, count, n, to, from int)
TEXT ·layOutPixels(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ count+16(FP), DX
	MOVQ n+24(FP), CX
	MOVQ to+32(FP), R9
	MOVQ from+40(FP), R10

pixel:
	WIDEN
	ADDQ R10, SI
	ADDQ R9, DI
	DECQ DX
	JNZ  pixel
	VZEROUPPER
	RET
