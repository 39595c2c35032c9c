// What convolutions see of a picture, laid out for gemm: for each group of 4
// pixels and each step of 4 bytes along their patches, the 4 bytes of pixel 0,
// then those of pixels 1, 2 and 3. Where the last group has fewer than 4 pixels,
// its last one stands there again.

.arch armv8.2-a+dotprod

// The offsets of the next 4 pixels, from x2 on, into x7 to x10. x3 pixels are
// left.
.macro PIXELS
	cmp x3, #4
	b.lo 1f
	ldpsw x7, x8, [x2], #8
	ldpsw x9, x10, [x2], #8
	b 4f
1:
	ldrsw x7, [x2]
	mov x8, x7
	cmp x3, #2
	b.lo 2f
	ldrsw x8, [x2, #4]
2:
	mov x9, x8
	b.ls 3f
	ldrsw x9, [x2, #8]
3:
	mov x10, x9
4:
.endm

// Each pixel's patch consists of runs of length bytes, a multiple of 4; run r of
// pixel i begins at src + pixels[i] + runs[r]. No byte beyond them is read.
//
//	x11 next run, x12 runs left, x13 its place, x14-x17 it of the 4 pixels, x19 blocks of 16 bytes left
//func pack(patches, src *int8, pixels *int32, count int, runs *int, runCount, length int)
pack:
	PIXELS
	mov x11, x4
	mov x12, x5
pack_run:
	ldr x13, [x11], #8
	add x13, x13, x1
	add x14, x13, x7
	add x15, x13, x8
	add x16, x13, x9
	add x17, x13, x10
	lsr x19, x6, #4
	cbz x19, pack_8
pack_16:
	ldr q0, [x14], #16
	ldr q1, [x15], #16
	ldr q2, [x16], #16
	ldr q3, [x17], #16
	st4 {v0.4s-v3.4s}, [x0], #64
	subs x19, x19, #1
	b.ne pack_16
pack_8:
	tbz x6, #3, pack_4
	ldr d0, [x14], #8
	ldr d1, [x15], #8
	ldr d2, [x16], #8
	ldr d3, [x17], #8
	st4 {v0.2s-v3.2s}, [x0], #32
pack_4:
	tbz x6, #2, pack_next
	ldr s0, [x14]
	ldr s1, [x15]
	ldr s2, [x16]
	ldr s3, [x17]
	st4 {v0.s-v3.s}[0], [x0], #16
pack_next:
	subs x12, x12, #1
	b.ne pack_run
	subs x3, x3, #4
	b.hi pack
	ret

.macro NARROW pixel, offset
	ldr q0, [x1, \offset]
	ldr q1, [x11, \offset]
	ldr q2, [x12, \offset]
	tbl v\pixel\().16b, {v0.16b-v2.16b}, v30.16b
.endm

// Patches of at most 3 runs, one from each of 3 rows, of at most 16 bytes, and of
// 32 bytes together: the first layer's 3 channels. The table says which of the 48
// bytes that are read make up the patch. Up to 64 bytes are written behind the
// patches, and 15 read behind a run.
//
//	v16-v19 bytes 0-15 of the 4 pixels' patches, v20-v23 bytes 16-31; v30-v31 the table
//	x11 and x12 the second and third row, x13 bytes of a group
//func packNarrow(patches, src *int8, pixels *int32, count, row, steps int, table *[32]uint8)
packNarrow:
	ld1 {v30.16b, v31.16b}, [x6]
	add x11, x1, x4
	add x12, x11, x4
	lsl x13, x5, #4
	sub x13, x13, #64
packNarrow_group:
	PIXELS
	NARROW 16, x7
	tbl v20.16b, {v0.16b-v2.16b}, v31.16b
	NARROW 17, x8
	tbl v21.16b, {v0.16b-v2.16b}, v31.16b
	NARROW 18, x9
	tbl v22.16b, {v0.16b-v2.16b}, v31.16b
	NARROW 19, x10
	tbl v23.16b, {v0.16b-v2.16b}, v31.16b
	st4 {v16.4s-v19.4s}, [x0], #64
	st4 {v20.4s-v23.4s}, [x0], x13
	subs x3, x3, #4
	b.hi packNarrow_group
	ret

// The sum of each pixel's patch times factor; mask has 1 for each byte that
// counts and 0 for those that only fill a step, for the 4 pixels of a group alike.
//func patchSums(sums *int32, patches, mask *int8, steps, groups, factor int)
patchSums:
	dup v3.4s, w5
patchSums_group:
	mov x6, x2
	mov x7, x3
	movi v0.4s, #0
patchSums_step:
	ldr q1, [x1], #16
	ldr q2, [x6], #16
	sdot v0.4s, v1.16b, v2.16b
	subs x7, x7, #1
	b.ne patchSums_step
	mul v0.4s, v0.4s, v3.4s
	str q0, [x0], #16
	subs x4, x4, #1
	b.ne patchSums_group
	ret
