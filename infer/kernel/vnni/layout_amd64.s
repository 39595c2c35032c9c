#include "textflag.h"

// Activations are laid out as uint8, shifted by 128: v XOR 0x80. Stores are
// whole vectors, up to 63 bytes more than asked; loads are masked.

// MASK sets K1 to the lowest n bits, n being 1 to 64 in CX.
#define MASK(n) \
	MOVQ  $-1, BX; \
	BZHIQ n, BX, BX; \
	KMOVQ BX, K1

// func layOut(dst unsafe.Pointer, src *int8, n int)
TEXT ·layOut(SB), NOSPLIT, $0-24
	MOVQ         dst+0(FP), DI
	MOVQ         src+8(FP), SI
	MOVQ         n+16(FP), CX
	MOVL         $0x80808080, AX
	VPBROADCASTD AX, Z31
	SUBQ         $64, CX
	JL           tail

whole:
	VPXORD    (SI), Z31, Z0
	VMOVDQU32 Z0, (DI)
	ADDQ      $64, SI
	ADDQ      $64, DI
	SUBQ      $64, CX
	JGE       whole

tail:
	ADDQ       $64, CX
	JZ         done
	MASK(CX)
	VMOVDQU8.Z (SI), K1, Z0
	VPXORD     Z31, Z0, Z0
	VMOVDQU32  Z0, (DI)

done:
	VZEROUPPER
	RET

// func fill(dst unsafe.Pointer, v int8, n int)
TEXT ·fill(SB), NOSPLIT, $0-24
	MOVQ         dst+0(FP), DI
	MOVBLZX      v+8(FP), AX
	MOVQ         n+16(FP), CX
	XORL         $0x80, AX
	VPBROADCASTB AX, Z0

loop:
	VMOVDQU32 Z0, (DI)
	ADDQ      $64, DI
	SUBQ      $64, CX
	JG        loop
	VZEROUPPER
	RET

// func layOutPixels(dst unsafe.Pointer, src *int8, count, n, to, from int)
TEXT ·layOutPixels(SB), NOSPLIT, $0-48
	MOVQ         dst+0(FP), DI
	MOVQ         src+8(FP), SI
	MOVQ         count+16(FP), DX
	MOVQ         n+24(FP), R8
	MOVQ         to+32(FP), R9
	MOVQ         from+40(FP), R10
	MOVL         $0x80808080, AX
	VPBROADCASTD AX, Z31

	// A pixel is R11 whole vectors and CX, 1 to 64, bytes.
	LEAQ -1(R8), R11
	MOVQ R11, CX
	ANDQ $63, CX
	INCQ CX
	SHRQ $6, R11
	SHLQ $6, R11
	MASK(CX)

pixel:
	XORQ AX, AX
	CMPQ AX, R11
	JEQ  tail

whole:
	VPXORD    (SI)(AX*1), Z31, Z0
	VMOVDQU32 Z0, (DI)(AX*1)
	ADDQ      $64, AX
	CMPQ      AX, R11
	JNE       whole

tail:
	VMOVDQU8.Z (SI)(AX*1), K1, Z0
	VPXORD     Z31, Z0, Z0
	VMOVDQU32  Z0, (DI)(AX*1)
	ADDQ       R10, SI
	ADDQ       R9, DI
	DECQ       DX
	JNZ        pixel
	VZEROUPPER
	RET
