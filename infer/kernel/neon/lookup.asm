// Replaces bytes by a table's.

.arch armv8-a

// Bytes of src, in blocks of 16, index the table. TBL and TBX look in 64 bytes;
// TBX leaves alone what lies outside them.
//
//	v16-v31 table, v0 indices, v1 results, v2 64
//func lookupBlocks(dst, src *int8, table *[256]int8, blocks int)
lookupBlocks:
	ld1 {v16.16b-v19.16b}, [x2], #64
	ld1 {v20.16b-v23.16b}, [x2], #64
	ld1 {v24.16b-v27.16b}, [x2], #64
	ld1 {v28.16b-v31.16b}, [x2]
	movi v2.16b, #64
1:
	ldr q0, [x1], #16
	tbl v1.16b, {v16.16b-v19.16b}, v0.16b
	sub v0.16b, v0.16b, v2.16b
	tbx v1.16b, {v20.16b-v23.16b}, v0.16b
	sub v0.16b, v0.16b, v2.16b
	tbx v1.16b, {v24.16b-v27.16b}, v0.16b
	sub v0.16b, v0.16b, v2.16b
	tbx v1.16b, {v28.16b-v31.16b}, v0.16b
	str q1, [x0], #16
	subs x3, x3, #1
	b.ne 1b
	ret
