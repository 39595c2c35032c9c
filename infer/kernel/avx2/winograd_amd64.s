#include "go_asm.h"
#include "textflag.h"

// The transforms of Winograd's F(2x2, 3x3).

// EXPAND4 makes places 4i to 4i+3 of 16 channels: with row i of B^T it takes the
// difference or sum of two rows of pixels, op(row at a, row at b), and then the
// same of columns. R8 to R11 are the window's 4 columns in that channel.
#define EXPAND4(a, b, op) \
	VMOVDQU (R8)(a*1), Y0;      \
	VMOVDQU (R9)(a*1), Y1;      \
	VMOVDQU (R10)(a*1), Y2;     \
	VMOVDQU (R11)(a*1), Y3;     \
	op      (R8)(b*1), Y0, Y0;  \
	op      (R9)(b*1), Y1, Y1;  \
	op      (R10)(b*1), Y2, Y2; \
	op      (R11)(b*1), Y3, Y3; \
	VPSUBW  Y2, Y0, Y0;         \
	VPADDW  Y2, Y1, Y4;         \
	VPSUBW  Y1, Y2, Y5;         \
	VPSUBW  Y3, Y1, Y6;         \
	VMOVDQU Y0, (BX);           \
	ADDQ    R12, BX;            \
	VMOVDQU Y4, (BX);           \
	ADDQ    R12, BX;            \
	VMOVDQU Y5, (BX);           \
	ADDQ    R12, BX;            \
	VMOVDQU Y6, (BX);           \
	ADDQ    R12, BX

// func expand(e *tiles.Expansion)
//
//	DI the Expansion         R8-R11 the window's columns   R12 bytes between places
//	AX, DX, R13, R15 the window's rows 0 to 3 from there (in bytes)
//	SI the output            CX channels left, in bytes
TEXT ·expand(SB), NOSPLIT, $0-8
	MOVQ e+0(FP), DI
	MOVQ expansion_In(DI), R8
	MOVQ expansion_Place(DI), R12
	MOVQ expansion_Row(DI), DX
	LEAQ (DX)(DX*1), R13
	LEAQ (DX)(DX*2), R15
	MOVQ expansion_Out(DI), SI

window:
	MOVQ expansion_Pixel(DI), CX
	LEAQ (R8)(CX*1), R9
	LEAQ (R9)(CX*1), R10
	LEAQ (R10)(CX*1), R11

channels:
	XORQ AX, AX
	MOVQ SI, BX
	EXPAND4(AX, R13, VPSUBW)
	EXPAND4(DX, R13, VPADDW)
	EXPAND4(R13, DX, VPSUBW)
	EXPAND4(DX, R15, VPSUBW)
	ADDQ $32, R8
	ADDQ $32, R9
	ADDQ $32, R10
	ADDQ $32, R11
	ADDQ $32, SI
	SUBQ $32, CX
	JNZ  channels

	// Behind the last channel the first column is the second.
	ADDQ expansion_Pixel(DI), R8
	DECQ expansion_Count(DI)
	JNZ  window
	VZEROUPPER
	RET

// COLUMN makes column j's two sums, t0 of the rows 0, 1, 2 and t1 of 1, -2, -3,
// from the places j, 4+j, 8+j and 12+j: A^T from the left.
#define COLUMN(t0, t1) \
	VMOVDQU (R8), t0;             \
	VMOVDQU (R8)(R12*4), t1;      \
	VPADDD  t1, t0, t0;           \
	VPADDD  (R8)(R12*8), t0, t0;  \
	VPSUBD  (R8)(R12*8), t1, t1;  \
	VPSUBD  (R8)(R13*4), t1, t1;  \
	ADDQ    R12, R8

// ROWSUMS makes the two outputs of a row of 4, A from the right, a and b, a
// quarter of it with the bias at mem.
#define ROWSUMS(a, b, c, d, mem) \
	VPADDD b, a, a;     \
	VPADDD c, a, a;     \
	VPSUBD c, b, b;     \
	VPSUBD d, b, b;     \
	VPSRAD $2, a, a;    \
	VPSRAD $2, b, b;    \
	VPADDD mem, a, a;   \
	VPADDD mem, b, b

// OUTPUTS leaves a window's outputs of 8 channels, those at byte at of the sums,
// in y00, y01, y10, y11.
#define OUTPUTS(at, y00, y01, y10, y11) \
	LEAQ at(SI), R8;                          \
	COLUMN(y00, y10);                         \
	COLUMN(y01, y11);                         \
	COLUMN(Y8, Y10);                          \
	COLUMN(Y9, Y11);                          \
	ROWSUMS(y00, y01, Y8, Y9, at(R9));        \
	ROWSUMS(y10, y11, Y10, Y11, at(R9))

#define REAL(a, scale) \
	VCVTDQ2PS a, a;        \
	VMULPS    scale, a, a; \
	VMINPS    Y14, a, a;   \
	VCVTPS2DQ a, a

// BEGIN loads the Contraction at DI.
#define BEGIN \
	MOVQ         contraction_In(DI), SI;                  \
	MOVQ         contraction_Place(DI), R12;              \
	LEAQ         (R12)(R12*2), R13;                       \
	MOVQ         contraction_Bias(DI), R9;                \
	MOVQ         contraction_Scale(DI), CX;               \
	MOVQ         contraction_Out(DI), AX;                 \
	MOVQ         contraction_Below(DI), BX;               \
	MOVQ         contraction_Pixel(DI), DX;               \
	MOVQ         contraction_Count(DI), R10;              \
	VPBROADCASTB (contraction_Requantization+8)(DI), Y12; \
	VPBROADCASTW (contraction_Requantization+4)(DI), Y13; \
	VBROADCASTSS (contraction_Requantization+0)(DI), Y14; \
	VMOVDQU      ·order(SB), Y15

// PAIR stores 2 pixels of 16 channels, a and b the first's, c and d the second's;
// x is the lower half of a.
#define PAIR(out, a, x, b, c, d) \
	REAL(a, (CX));                   \
	REAL(b, 32(CX));                 \
	REAL(c, (CX));                   \
	REAL(d, 32(CX));                 \
	VPACKSSDW    b, a, a;            \
	VPACKSSDW    d, c, c;            \
	VPADDSW      Y13, a, a;          \
	VPADDSW      Y13, c, c;          \
	VPACKSSWB    c, a, a;            \
	VPMAXSB      Y12, a, a;          \
	VPERMD       a, Y15, a;          \
	VMOVDQU      x, (out);           \
	VEXTRACTI128 $1, a, (out)(DX*1)

// func contract(c *tiles.Contraction)
//
//	DI the Contraction       SI  a window's sums       R8  a column's
//	R12 bytes between places  R13 3 times that         R9 bias   CX scale
//	AX, BX the output rows   DX  bytes between pixels  R10 windows left
//	Y0-Y3, Y4-Y7 the outputs of channels 0-7 and 8-15
//	Y12 lower bound (bytes), Y13 zero point (words), Y14 upper bound, Y15 order
TEXT ·contract(SB), NOSPLIT, $0-8
	MOVQ c+0(FP), DI
	BEGIN

window:
	OUTPUTS(0, Y0, Y1, Y2, Y3)
	OUTPUTS(32, Y4, Y5, Y6, Y7)
	PAIR(AX, Y0, X0, Y4, Y1, Y5)
	PAIR(BX, Y2, X2, Y6, Y3, Y7)
	LEAQ (AX)(DX*2), AX
	LEAQ (BX)(DX*2), BX
	ADDQ $64, SI
	DECQ R10
	JNZ  window
	VZEROUPPER
	RET

// func contractPooled(c *tiles.Contraction)
TEXT ·contractPooled(SB), NOSPLIT, $0-8
	MOVQ c+0(FP), DI
	BEGIN

window:
	OUTPUTS(0, Y0, Y1, Y2, Y3)
	OUTPUTS(32, Y4, Y5, Y6, Y7)
	VPMAXSD   Y1, Y0, Y0
	VPMAXSD   Y3, Y2, Y2
	VPMAXSD   Y2, Y0, Y0
	VPMAXSD   Y5, Y4, Y4
	VPMAXSD   Y7, Y6, Y6
	VPMAXSD   Y6, Y4, Y4
	REAL(Y0, (CX))
	REAL(Y4, 32(CX))
	VPACKSSDW Y4, Y0, Y0
	VPADDSW   Y13, Y0, Y0
	VPACKSSWB Y0, Y0, Y0
	VPMAXSB   Y12, Y0, Y0
	VPERMD    Y0, Y15, Y0
	VMOVDQU   X0, (AX)
	ADDQ      DX, AX
	ADDQ      $64, SI
	DECQ      R10
	JNZ       window
	VZEROUPPER
	RET
