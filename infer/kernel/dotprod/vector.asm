// One pixel's patch, as it lies, times weights that are packed as for gemm: a
// fully connected layer.

.arch armv8.2-a+dotprod
.altmacro
.include "requantize.inc"

//	v0      16 bytes of the patch         x0 out               x7  range
//	v1-v8   weights of 4 steps            x1 patch             x8  patch at the step
//	v16-v19 sums of even and odd steps    x2 weights           x9  steps left, by fours
//	v24-v25 scales, v26-v29 what requantizing needs         x3 steps             x10 first channel
//	                                      x4 channels, at least 8
//func gemv(out, patch *int8, weights *byte, steps, channels int, to *outputRange)
gemv:
	mov x7, x5
	OUTPUTRANGE 26, 27, 28, 29
	mov x10, #0
gemv_block:
	mov x8, x1
	lsr x9, x3, #2
	and x11, x3, #3
	ldp q16, q17, [x2], #32
	ldp q24, q25, [x2], #32
	movi v18.4s, #0
	movi v19.4s, #0
	cbz x9, gemv_rest
gemv_16:
	ldr q0, [x8], #16
	ldp q1, q2, [x2], #32
	ldp q3, q4, [x2], #32
	ldp q5, q6, [x2], #32
	ldp q7, q8, [x2], #32
	sdot v16.4s, v1.16b, v0.4b[0]
	sdot v17.4s, v2.16b, v0.4b[0]
	sdot v18.4s, v3.16b, v0.4b[1]
	sdot v19.4s, v4.16b, v0.4b[1]
	sdot v16.4s, v5.16b, v0.4b[2]
	sdot v17.4s, v6.16b, v0.4b[2]
	sdot v18.4s, v7.16b, v0.4b[3]
	sdot v19.4s, v8.16b, v0.4b[3]
	subs x9, x9, #1
	b.ne gemv_16
gemv_rest:
	cbz x11, gemv_end
gemv_4:
	ldr s0, [x8], #4
	ldp q1, q2, [x2], #32
	sdot v16.4s, v1.16b, v0.4b[0]
	sdot v17.4s, v2.16b, v0.4b[0]
	subs x11, x11, #1
	b.ne gemv_4
gemv_end:
	add v16.4s, v16.4s, v18.4s
	add v17.4s, v17.4s, v19.4s
	REQUANTIZE 16, 1, 24, 26, 27, 28, 29
	add x11, x0, x10
	str d16, [x11]
	// Blocks begin at 0, 8, ... and the last one at channels - 8.
	add x10, x10, #8
	cmp x10, x4
	b.hs gemv_done
	sub x11, x4, #8
	cmp x10, x11
	csel x10, x10, x11, ls
	b gemv_block
gemv_done:
	ret
