// The product of packed patches and packed weights, requantized to int8.
//
// Four pixels' patches are one group: for each step of 4 bytes along the patch a
// group has 16 bytes, those of pixel 0, 1, 2 and 3. Weights come in blocks of 8
// output channels: 8 int32 of bias, 8 float32 of scale, and for each step 32
// bytes, 4 of each channel.
//
// A tile is 1 to 3 groups (4, 8 or 12 pixels) times 8 channels. SDOT by element
// multiplies 4 channels with one pixel: 4 bytes each, summed into one int32 of
// each channel. Blocks of channels are the outer loop and tiles the inner one,
// so that a block stays in the first-level cache while all pixels pass.
//
//	v0-v5   patches: group g has v(2g) for an even and v(2g+1) for an odd step
//	v6-v7   weights of a step: channels 0-3 and 4-7
//	v8-v31  sums: pixel r of group g has v(8+8g+2r) and v(9+8g+2r)
//
//	x0 out, at the first pixel's first channel    x9   out of the tile
//	x1 patches                                    x10  patches of group 0, x21 and x22 of groups 1 and 2
//	x2 weights of the block                       x11  weights of the step
//	x3 steps                                      x12  steps left, by fours
//	x4 pixels                                     x13  pixels left
//	x5 channels, at least 8                       x17  first channel of the block
//	x6 bytes from pixel to pixel of out           x14-x16  the same behind pixels 0-2 of a tile's last group
//	x7 range                                      x19  bytes of a group, x20 of a block of weights
//	x8 an int32 to add to each pixel, or nil      x23  those of the tile
//
// Where the last group has fewer than 4 pixels, the patches of its last one
// stand there again: their equal results are written to the same place.

.arch armv8.2-a+dotprod
.altmacro
.include "requantize.inc"

.macro MULTIPLY sum, weights, patches, pixel
	sdot v\sum\().4s, v\weights\().16b, v\patches\().4b[\pixel]
.endm

// One step of all groups, whose patches are in v0, v2 and v4, or with odd in
// v1, v3 and v5.
.macro STEP groups, odd
	ldp q6, q7, [x11], #32
	.set g, 0
	.rept \groups
		.irp r, 0, 1, 2, 3
			MULTIPLY %(8 + 8*g + 2*\r), 6, %(2*g + \odd), \r
			MULTIPLY %(9 + 8*g + 2*\r), 7, %(2*g + \odd), \r
		.endr
		.set g, g + 1
	.endr
.endm

.macro TWOSTEPS groups
	ldp q0, q1, [x10], #32
	.if \groups > 1
		ldp q2, q3, [x21], #32
	.endif
	.if \groups > 2
		ldp q4, q5, [x22], #32
	.endif
	STEP \groups, 0
	STEP \groups, 1
.endm

.macro ONESTEP groups
	ldr q0, [x10], #16
	.if \groups > 1
		ldr q2, [x21], #16
	.endif
	.if \groups > 2
		ldr q4, [x22], #16
	.endif
	STEP \groups, 0
.endm

.macro BIAS low, high
	ldp q\low, q\high, [x2]
.endm

// All steps of a tile; leaves x10 behind its patches.
.macro SUMS groups
	.set i, 8
	.rept 4*\groups
		BIAS %i, %(i+1)
		.set i, i + 2
	.endr
	add x11, x2, #64
	.if \groups > 1
		add x21, x10, x19
	.endif
	.if \groups > 2
		add x22, x21, x19
	.endif
	lsr x12, x3, #2
	cbz x12, 2f
1:
	TWOSTEPS \groups
	TWOSTEPS \groups
	subs x12, x12, #1
	b.ne 1b
2:
	tbz x3, #1, 3f
	TWOSTEPS \groups
3:
	tbz x3, #0, 4f
	ONESTEP \groups
4:
	.if \groups == 2
		mov x10, x21
	.endif
	.if \groups == 3
		mov x10, x22
	.endif
.endm

// v0 and v1 become the scales, v2 to v5 what requantizing needs.
.macro CONSTANTS
	ldp q0, q1, [x2, #32]
	OUTPUTRANGE 2, 3, 4, 5
.endm

.macro STORE n, half, advance
	st1 {v\n\().d}[\half], [x9], \advance
.endm

.macro CORRECT low, high
	ld1r {v6.4s}, [x23], #4
	add v\low\().4s, v\low\().4s, v6.4s
	add v\high\().4s, v\high\().4s, v6.4s
.endm

// All pixels of a tile become int8 and are stored.
.macro FINISH groups
	CONSTANTS
	cbz x8, 1f
	.set i, 8
	.rept 4*\groups
		CORRECT %i, %(i+1)
		.set i, i + 2
	.endr
1:
	REQUANTIZE 8, 4, 0, 2, 3, 4, 5
	.if \groups > 1
		REQUANTIZE 16, 4, 0, 2, 3, 4, 5
	.endif
	.if \groups > 2
		REQUANTIZE 24, 4, 0, 2, 3, 4, 5
	.endif
	.set i, 8
	.rept 2*\groups - 2
		STORE %i, 0, x6
		STORE %i, 1, x6
		.set i, i + 4
	.endr
	STORE %i, 0, x14
	STORE %i, 1, x15
	STORE %(i+4), 0, x16
	STORE %(i+4), 1, x6
.endm

.macro LARGER to, a, b
	smax v\to\().4s, v\a\().4s, v\b\().4s
.endm

// Each group of a tile, the 4 pixels of one pool, becomes 1 pixel. Scales are
// not negative, so that the largest sum has the largest result.
.macro FINISHPOOL groups
	CONSTANTS
	.set i, 8
	.set row, 8
	.rept \groups
		LARGER %i, %i, %(i+2)
		LARGER %(i+1), %(i+1), %(i+3)
		LARGER %(i+4), %(i+4), %(i+6)
		LARGER %(i+5), %(i+5), %(i+7)
		LARGER %row, %i, %(i+4)
		LARGER %(row+1), %(i+1), %(i+5)
		.set i, i + 8
		.set row, row + 2
	.endr
	REQUANTIZE 8, \groups, 0, 2, 3, 4, 5
	STORE 8, 0, x6
	.if \groups > 1
		STORE 8, 1, x6
	.endif
	.if \groups > 2
		STORE 12, 0, x6
	.endif
.endm

.macro START
	lsl x19, x3, #4
	lsl x20, x3, #5
	add x20, x20, #64
	mov x17, #0
.endm

// Blocks of 8 channels begin at 0, 8, ... and the last one at channels - 8.
.macro NEXTBLOCK again
	add x2, x2, x20
	add x17, x17, #8
	cmp x17, x5
	b.hs 1f
	sub x24, x5, #8
	cmp x17, x24
	csel x17, x17, x24, ls
	b \again
1:
.endm

// With fewer pixels left than a tile has, the last one is written several times.
.macro LASTSTRIDES groups
	sub x24, x13, #4*\groups - 4
	cmp x24, #2
	csel x14, x6, xzr, hs
	cmp x24, #3
	csel x15, x6, xzr, hs
	cmp x24, #4
	csel x16, x6, xzr, hs
.endm

// Multiplies patches with weights: out has channels for each pixel, and stride
// bytes from one pixel to the next.
//func gemm(out, patches *int8, weights *byte, steps, pixels, channels, stride int, to *outputRange, corrections *int32)
gemm:
	START
gemm_block:
	add x9, x0, x17
	mov x10, x1
	mov x13, x4
	mov x23, x8
	mov x14, x6
	mov x15, x6
	mov x16, x6
gemm_tile:
	cmp x13, #16
	b.hi gemm_3
	cmp x13, #12
	b.hi gemm_2
	cmp x13, #8
	b.hi gemm_last3
	cmp x13, #4
	b.hi gemm_last2
	LASTSTRIDES 1
	SUMS 1
	FINISH 1
	b gemm_next
gemm_last2:
	LASTSTRIDES 2
gemm_2:
	SUMS 2
	FINISH 2
	subs x13, x13, #8
	b.hi gemm_tile
	b gemm_next
gemm_last3:
	LASTSTRIDES 3
gemm_3:
	SUMS 3
	FINISH 3
	subs x13, x13, #12
	b.hi gemm_tile
gemm_next:
	NEXTBLOCK gemm_block
	ret

// As gemm, with a max pool of 4 pixels, each group of the patches, to 1.
//func gemmPool(out, patches *int8, weights *byte, steps, pixels, channels, stride int, to *outputRange)
gemmPool:
	START
gemmPool_block:
	add x9, x0, x17
	mov x10, x1
	mov x13, x4
gemmPool_tile:
	cmp x13, #16
	b.hi gemmPool_3
	cmp x13, #12
	b.eq gemmPool_3
	cmp x13, #4
	b.hi gemmPool_2
	SUMS 1
	FINISHPOOL 1
	b gemmPool_next
gemmPool_2:
	SUMS 2
	FINISHPOOL 2
	subs x13, x13, #8
	b.hi gemmPool_tile
	b gemmPool_next
gemmPool_3:
	SUMS 3
	FINISHPOOL 3
	subs x13, x13, #12
	b.hi gemmPool_tile
gemmPool_next:
	NEXTBLOCK gemmPool_block
	ret
