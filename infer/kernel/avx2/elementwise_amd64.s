#include "go_asm.h"
#include "textflag.h"

// Loops over vectors that begin the last one earlier, so that it ends with the
// elements. Callers see to it that there is at least one whole vector.

// TERM leaves (a*A + b*B + bias) >> shift of 8 elements at byte at in sum.
#define TERM(at, sum, other) \
	VPMOVSXBD at(SI)(AX*1), sum;     \
	VPMOVSXBD at(DX)(AX*1), other;   \
	VPMULLD   Y10, sum, sum;         \
	VPMULLD   Y11, other, other;     \
	VPADDD    Y12, sum, sum;         \
	VPADDD    other, sum, sum;       \
	VPSRAD    X13, sum, sum

// func addVectors(out, a, b *int8, n int, s *sumOf)
TEXT ·addVectors(SB), NOSPLIT, $0-40
	MOVQ         out+0(FP), DI
	MOVQ         a+8(FP), SI
	MOVQ         b+16(FP), DX
	MOVQ         n+24(FP), CX
	MOVQ         s+32(FP), R8
	VPBROADCASTD sumOf_a(R8), Y10
	VPBROADCASTD sumOf_b(R8), Y11
	VPBROADCASTD sumOf_bias(R8), Y12
	VMOVD        sumOf_shift(R8), X13
	VPBROADCASTW sumOf_zero(R8), Y14
	VPBROADCASTB sumOf_min(R8), Y15
	VPBROADCASTB sumOf_max(R8), Y9
	VMOVDQU      ·order(SB), Y8
	SUBQ         $32, CX
	XORQ         AX, AX

loop:
	CMPQ      AX, CX
	CMOVQGT   CX, AX
	TERM(0, Y0, Y4)
	TERM(8, Y1, Y5)
	TERM(16, Y2, Y6)
	TERM(24, Y3, Y7)
	VPACKSSDW Y1, Y0, Y0
	VPACKSSDW Y3, Y2, Y2
	VPADDSW   Y14, Y0, Y0
	VPADDSW   Y14, Y2, Y2
	VPACKSSWB Y2, Y0, Y0
	VPMAXSB   Y15, Y0, Y0
	VPMINSB   Y9, Y0, Y0
	VPERMD    Y0, Y8, Y0
	VMOVDQU   Y0, (DI)(AX*1)
	ADDQ      $32, AX
	LEAQ      -32(AX), BX
	CMPQ      BX, CX
	JNE       loop
	VZEROUPPER
	RET

// func flipVectors(out, in *int8, n int)
TEXT ·flipVectors(SB), NOSPLIT, $0-24
	MOVQ         out+0(FP), DI
	MOVQ         in+8(FP), SI
	MOVQ         n+16(FP), CX
	MOVL         $0x80808080, AX
	MOVQ         AX, X1
	VPBROADCASTD X1, Y1
	SUBQ         $32, CX
	XORQ         AX, AX

loop:
	CMPQ    AX, CX
	CMOVQGT CX, AX
	VPXOR   (SI)(AX*1), Y1, Y0
	VMOVDQU Y0, (DI)(AX*1)
	ADDQ    $32, AX
	LEAQ    -32(AX), BX
	CMPQ    BX, CX
	JNE     loop
	VZEROUPPER
	RET

// WINDOW loads a window: SI its first pixel, R8 rows, R9 columns, R10 and R11
// their distances, CX the channels.
#define WINDOW \
	MOVQ window_src(BX), SI;         \
	MOVQ window_rows(BX), R8;        \
	MOVQ window_columns(BX), R9;     \
	MOVQ window_nextRow(BX), R10;    \
	MOVQ window_nextColumn(BX), R11; \
	MOVQ window_channels(BX), CX

// func maxVectors(out *int8, w *window, least, most int8)
TEXT ·maxVectors(SB), NOSPLIT, $0-18
	MOVQ         out+0(FP), DI
	MOVQ         w+8(FP), BX
	VPBROADCASTB least+16(FP), X2
	VPBROADCASTB most+17(FP), X3
	WINDOW
	SUBQ         $16, CX
	XORQ         AX, AX

channels:
	CMPQ    AX, CX
	CMOVQGT CX, AX
	VMOVDQA X2, X0
	LEAQ    (SI)(AX*1), DX
	MOVQ    R8, R12

row:
	MOVQ DX, R13
	MOVQ R9, BX

column:
	VPMAXSB (R13), X0, X0
	ADDQ    R11, R13
	DECQ    BX
	JNZ     column
	ADDQ    R10, DX
	DECQ    R12
	JNZ     row
	VPMINSB X3, X0, X0
	VMOVDQU X0, (DI)(AX*1)
	ADDQ    $16, AX
	LEAQ    -16(AX), BX
	CMPQ    BX, CX
	JNE     channels
	VZEROUPPER
	RET

// func sumVectors(sums *int32, w *window)
TEXT ·sumVectors(SB), NOSPLIT, $0-16
	MOVQ sums+0(FP), DI
	MOVQ w+8(FP), BX
	WINDOW
	SUBQ $8, CX
	XORQ AX, AX

channels:
	CMPQ    AX, CX
	CMOVQGT CX, AX
	VPXOR   Y0, Y0, Y0
	LEAQ    (SI)(AX*1), DX
	MOVQ    R8, R12

row:
	MOVQ DX, R13
	MOVQ R9, BX

column:
	VPMOVSXBD (R13), Y1
	VPADDD    Y1, Y0, Y0
	ADDQ      R11, R13
	DECQ      BX
	JNZ       column
	ADDQ      R10, DX
	DECQ      R12
	JNZ       row
	VMOVDQU   Y0, (DI)(AX*4)
	ADDQ      $8, AX
	LEAQ      -8(AX), BX
	CMPQ      BX, CX
	JNE       channels
	VZEROUPPER
	RET
