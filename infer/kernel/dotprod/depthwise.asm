// Depthwise convolutions of 3x3 by SDOT, which adds 4 products: for each pixel
// column and channel, the bytes of 4 rows of input lie side by side, and the
// weights of one kernel column, in the same order, meet them. With a vertical
// stride of 1, the 4 rows serve 2 output rows: the weights of one are w0 w1 w2 0,
// those of the other 0 w0 w1 w2. With a larger stride they serve one.

.arch armv8.2-a+dotprod
.altmacro
.include "requantize.inc"

// Lays 4 rows of a picture out as above: for each 16 channels, the pixels from
// left to right, and for each 64 bytes, 4 of each channel; the last 8 channels
// have 32 bytes a pixel. channels is a multiple of 8. Before and after the
// columns stand left and right pixels of the value pad.
//
//	x10-x13 the rows, x14 pixels left, x15 channels left, v4-v7 the pad
//func interleave(dst, row0, row1, row2, row3 *int8, columns, channels, left, right, pad int)
interleave:
	dup v4.16b, w9
	mov v5.16b, v4.16b
	mov x15, x6
interleave_block:
	mov x10, x1
	mov x11, x2
	mov x12, x3
	mov x13, x4
	subs x15, x15, #16
	b.lo interleave_8
	cbz x7, 2f
	mov x14, x7
1:
	stp q4, q5, [x0], #32
	stp q4, q5, [x0], #32
	subs x14, x14, #1
	b.ne 1b
2:
	mov x14, x5
3:
	ld1 {v0.16b}, [x10], x6
	ld1 {v1.16b}, [x11], x6
	ld1 {v2.16b}, [x12], x6
	ld1 {v3.16b}, [x13], x6
	st4 {v0.16b-v3.16b}, [x0], #64
	subs x14, x14, #1
	b.ne 3b
	cbz x8, 5f
	mov x14, x8
4:
	stp q4, q5, [x0], #32
	stp q4, q5, [x0], #32
	subs x14, x14, #1
	b.ne 4b
5:
	add x1, x1, #16
	add x2, x2, #16
	add x3, x3, #16
	add x4, x4, #16
	cbnz x15, interleave_block
	ret
interleave_8:
	cbz x7, 2f
	mov x14, x7
1:
	stp q4, q5, [x0], #32
	subs x14, x14, #1
	b.ne 1b
2:
	mov x14, x5
3:
	ld1 {v0.8b}, [x10], x6
	ld1 {v1.8b}, [x11], x6
	ld1 {v2.8b}, [x12], x6
	ld1 {v3.8b}, [x13], x6
	st4 {v0.8b-v3.8b}, [x0], #32
	subs x14, x14, #1
	b.ne 3b
	cbz x8, 5f
	mov x14, x8
4:
	stp q4, q5, [x0], #32
	subs x14, x14, #1
	b.ne 4b
5:
	ret

// Begins the blocks of 8 channels, and each of them; v24-v25 become its scales,
// v26-v29 what requantizing needs.
.macro FIRSTBLOCK name
	OUTPUTRANGE 26, 27, 28, 29
	mov x16, x0
	mov x17, x1
	mov x19, x4
	mov x20, #0
	lsl x9, x8, #6
	mov x8, x6
\name\()_block:
	mov x6, #64
	cbnz x20, 1f
	cmp x8, #8
	b.ne 1f
	mov x6, #32
1:
	add x0, x16, x20
	mov x1, x17
	mov x4, x19
	ldp q24, q25, [x2, #32]
.endm

// Goes on with the next block, whose weights lie bytes behind.
.macro NEXTBLOCK name, bytes
	subs x8, x8, #8
	b.eq \name\()_end
	add x2, x2, #\bytes
	add x17, x17, #8
	eor x20, x20, #32
	cbnz x20, \name\()_block
	add x16, x16, x9
	b \name\()_block
\name\()_end:
	ret
.endm

.macro MULTIPLY sum, column, weights
	sdot v\sum\().4s, v\column\().16b, v\weights\().16b
.endm

// Two output rows, stride 1, in blocks of 8 channels, two pixels at a time. The
// weights of a block are 8 int32 of bias, 8 float32 of scale, and for each kernel
// column 32 bytes for the upper and 32 for the lower row, 4 of each channel. Of
// an odd width the last pixel is computed twice.
//
// The results are written in the order lower right, lower left, upper right,
// upper left: where only one row or pixel is wanted, the caller lets the places
// of both be the same.
//
//	x0 interleaved columns, x13 a column        v0-v5   weights of the upper row, two for a kernel column
//	x1 out, upper left, x10 upper right         v6-v11  those of the lower row
//	x2 weights of the block                     v12-v15 sums of the upper row: left pixel, right pixel
//	x11 out, lower left, x12 lower right        v16-v19 those of the lower row
//	x3 bytes to the lower row                   v20-v21 a column
//	x4 pixels left, x19 pixels                  x16 columns of the 16 channels, x20 0 or 32 for the second 8
//	x5 bytes from pixel to pixel of out         x17 out of the block
//	x6 bytes from column to column              x8  channels left
//	x9 bytes of 16 channels
//func depthwisePair(columns, out *int8, weights *byte, lower, pixels, stride, channels int, to *outputRange, width int)
depthwisePair:
	FIRSTBLOCK depthwisePair
	ldp q0, q1, [x2, #64]
	ldp q6, q7, [x2, #96]
	ldp q2, q3, [x2, #128]
	ldp q8, q9, [x2, #160]
	ldp q4, q5, [x2, #192]
	ldp q10, q11, [x2, #224]
	lsl x14, x5, #1
	cmp x4, #1
	csel x15, xzr, x5, eq
	add x10, x1, x15
	add x11, x1, x3
	add x12, x11, x15
depthwisePair_pixels:
	ldp q12, q13, [x2]
	ldp q14, q15, [x2]
	ldp q16, q17, [x2]
	ldp q18, q19, [x2]
	ldp q20, q21, [x0]
	add x13, x0, x6
	MULTIPLY 12, 20, 0
	MULTIPLY 13, 21, 1
	MULTIPLY 16, 20, 6
	MULTIPLY 17, 21, 7
	ldp q20, q21, [x13]
	add x0, x13, x6
	MULTIPLY 12, 20, 2
	MULTIPLY 13, 21, 3
	MULTIPLY 16, 20, 8
	MULTIPLY 17, 21, 9
	MULTIPLY 14, 20, 0
	MULTIPLY 15, 21, 1
	MULTIPLY 18, 20, 6
	MULTIPLY 19, 21, 7
	ldp q20, q21, [x0]
	MULTIPLY 12, 20, 4
	MULTIPLY 13, 21, 5
	MULTIPLY 16, 20, 10
	MULTIPLY 17, 21, 11
	MULTIPLY 14, 20, 2
	MULTIPLY 15, 21, 3
	MULTIPLY 18, 20, 8
	MULTIPLY 19, 21, 9
	add x13, x0, x6
	ldp q20, q21, [x13]
	MULTIPLY 14, 20, 4
	MULTIPLY 15, 21, 5
	MULTIPLY 18, 20, 10
	MULTIPLY 19, 21, 11
	REQUANTIZE 12, 4, 24, 26, 27, 28, 29
	st1 {v16.d}[1], [x12], x14
	st1 {v16.d}[0], [x11], x14
	st1 {v12.d}[1], [x10], x14
	st1 {v12.d}[0], [x1], x14
	subs x4, x4, #2
	b.ls depthwisePair_next
	cmp x4, #1
	b.ne depthwisePair_pixels
	// One is left: both pixels again, one further to the left.
	sub x0, x0, x6
	sub x1, x1, x5
	sub x10, x10, x5
	sub x11, x11, x5
	sub x12, x12, x5
	b depthwisePair_pixels
depthwisePair_next:
	NEXTBLOCK depthwisePair, 256

// The body of the two functions below.
.macro ROW name, legacy
	FIRSTBLOCK \name
	mul x12, x3, x6
	ldp q0, q1, [x2, #64]
	ldp q2, q3, [x2, #96]
	ldp q4, q5, [x2, #128]
	.if \legacy
		mov w13, #0x0101
		movk w13, #1, lsl #16
		dup v6.4s, w13
		ldr w13, [x7, #16]
		dup v7.4s, w13
	.endif
	lsl x14, x5, #1
	cmp x4, #1
	csel x11, xzr, x5, eq
	add x10, x1, x11
\name\()_pixels:
	ldp q12, q13, [x2]
	ldp q14, q15, [x2]
	.irp i, 12, 14
		.if \legacy
			movi v16.4s, #0
			movi v17.4s, #0
		.endif
		ldp q20, q21, [x0]
		add x13, x0, x6
		ldp q22, q23, [x13]
		MULTIPLY \i, 20, 0
		MULTIPLY %(\i + 1), 21, 1
		.if \legacy
			MULTIPLY 16, 20, 6
			MULTIPLY 17, 21, 6
		.endif
		add x13, x13, x6
		ldp q20, q21, [x13]
		MULTIPLY \i, 22, 2
		MULTIPLY %(\i + 1), 23, 3
		.if \legacy
			MULTIPLY 16, 22, 6
			MULTIPLY 17, 23, 6
		.endif
		add x0, x0, x12
		MULTIPLY \i, 20, 4
		MULTIPLY %(\i + 1), 21, 5
		.if \legacy
			MULTIPLY 16, 20, 6
			MULTIPLY 17, 21, 6
			LESS \i, 16
			LESS %(\i + 1), 17
		.endif
	.endr
	REQUANTIZE 12, 2, 24, 26, 27, 28, 29
	st1 {v12.d}[1], [x10], x14
	st1 {v12.d}[0], [x1], x14
	subs x4, x4, #2
	b.ls \name\()_next
	cmp x4, #1
	b.ne \name\()_pixels
	// One is left: both pixels again, one further to the left.
	sub x0, x0, x12
	sub x1, x1, x5
	sub x10, x10, x5
	b \name\()_pixels
\name\()_next:
	NEXTBLOCK \name, 160
.endm

.macro LESS sum, inputs
	mls v\sum\().4s, v\inputs\().4s, v7.4s
.endm

// One output row, any stride, in blocks of 8 channels, two pixels at a time.
// Weights are as above, with 32 bytes for each kernel column. Of an odd width the
// last pixel is computed twice.
//
//	x3 columns from pixel to pixel, x12 their bytes     v0-v5   weights, two for a kernel column
//	x10 out, right pixel                                v12-v15 sums: left pixel, right pixel
//	others as above                                     v20-v23 two columns
//func depthwiseRow(columns, out *int8, weights *byte, move, pixels, stride, channels int, to *outputRange, width int)
depthwiseRow:
	ROW depthwiseRow, 0

// The same for legacy weights with a zero point: it times the inputs' sum comes
// off the sums.
//
//	v6 1 1 1 0 for each channel, v7 the weights' zero point, v16-v17 sums of inputs
//func depthwiseRowLegacy(columns, out *int8, weights *byte, move, pixels, stride, channels int, to *outputRange, width int)
depthwiseRowLegacy:
	ROW depthwiseRowLegacy, 1
