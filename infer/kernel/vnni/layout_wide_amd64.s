#include "textflag.h"

// Activations are laid out as int16. Stores are whole vectors, up to 62 bytes
// more than asked; loads are masked.

// MASK sets K1 to the lowest n bits, n being 1 to 32.
#define MASK(n) \
	MOVL  $-1, BX;     \
	BZHIL n, BX, BX;   \
	KMOVD BX, K1

// func layOutWide(dst unsafe.Pointer, src *int8, n int)
TEXT ·layOutWide(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	SUBQ $32, CX
	JL   tail

whole:
	VPMOVSXBW (SI), Z0
	VMOVDQU32 Z0, (DI)
	ADDQ      $32, SI
	ADDQ      $64, DI
	SUBQ      $32, CX
	JGE       whole

tail:
	ADDQ       $32, CX
	JZ         done
	MASK(CX)
	VMOVDQU8.Z (SI), K1, Y0
	VPMOVSXBW  Y0, Z0
	VMOVDQU32  Z0, (DI)

done:
	VZEROUPPER
	RET

// func fillWide(dst unsafe.Pointer, v int8, n int)
TEXT ·fillWide(SB), NOSPLIT, $0-24
	MOVQ         dst+0(FP), DI
	MOVBLSX      v+8(FP), AX
	MOVQ         n+16(FP), CX
	VPBROADCASTW AX, Z0

loop:
	VMOVDQU32 Z0, (DI)
	ADDQ      $64, DI
	SUBQ      $32, CX
	JG        loop
	VZEROUPPER
	RET

// func layOutPixelsWide(dst unsafe.Pointer, src *int8, count, n, to, from int)
TEXT ·layOutPixelsWide(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ count+16(FP), DX
	MOVQ n+24(FP), R8
	MOVQ to+32(FP), R9
	MOVQ from+40(FP), R10

	// A pixel is R11, a multiple of 32, and CX, 1 to 32, elements.
	LEAQ -1(R8), R11
	MOVQ R11, CX
	ANDQ $31, CX
	INCQ CX
	ANDQ $~31, R11
	MASK(CX)

pixel:
	XORQ AX, AX
	CMPQ AX, R11
	JEQ  tail

whole:
	VPMOVSXBW (SI)(AX*1), Z0
	VMOVDQU32 Z0, (DI)(AX*2)
	ADDQ      $32, AX
	CMPQ      AX, R11
	JNE       whole

tail:
	VMOVDQU8.Z (SI)(AX*1), K1, Y0
	VPMOVSXBW  Y0, Z0
	VMOVDQU32  Z0, (DI)(AX*2)
	ADDQ       R10, SI
	ADDQ       R9, DI
	DECQ       DX
	JNZ        pixel
	VZEROUPPER
	RET
