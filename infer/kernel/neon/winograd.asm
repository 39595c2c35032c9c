// 3x3 convolutions of stride 1 by Winograd's F(4x4,3x3) on integers: 36 products
// of int16 for 16 outputs instead of 144 of int8 (Lavin and Gray, 2016, "Fast
// Algorithms for Convolutional Neural Networks").
//
// The matrices have integer elements: the filters' is 24 times the usual one but
// for its last row (6 times), which the outputs' makes up for, and its second row
// and the inputs' have the other sign:
//
//	    inputs                filters       outputs
//	 4  0 -5  0  1  0         6  0  0       1  1  1  1  1  0
//	 0  4  4 -1 -1  0         4  4  4       0  1 -1  2 -2  0
//	 0  4 -4 -1  1  0        -4  4 -4       0  1  1  4  4  0
//	 0 -2 -1  2  1  0         1  2  4       0  1 -1  8 -8  4
//	 0  2 -1 -2  1  0         1 -2  4
//	 0  4  0 -5  0  1         0  0  6
//
// Transformed inputs are at most 10*10*128 = 12800, transformed filters at most
// 12*12*127 = 18288, so both fit int16. Outputs are 576 times the convolution's
// sum, modulo 2^32, no matter which sums in between have wrapped: multiplied by
// the inverse of 9 modulo 2^32 they are 64 times the sum, which is exact when the
// sum is less than 2^25. The packing proves that from the filters.
//
// In memory, with tiles in groups of up to 8:
//
//	inputs   [36][channels in / 8][8 tiles][8] int16
//	filters  [channels out / 8][36][channels in][8] int16
//	products [36][8 tiles][8] int32, of 8 channels out

        .include "requantize.inc"

// Transforms a to f along a row and stores the 6 results at x4; x17, x19, x20, x25
// and x26 are 1 to 5 times the bytes from position to position. v30 holds 5.
.macro transform_row a, b, c, d, e, f
        shl     v0.8h, \a\().8h, #2
        shl     v1.8h, \c\().8h, #2
        shl     v2.8h, \b\().8h, #2
        sub     v3.8h, \e\().8h, \c\().8h
        sub     v4.8h, \d\().8h, \b\().8h
        mls     v0.8h, \c\().8h, v30.8h
        sub     v1.8h, v1.8h, \e\().8h
        sub     v5.8h, v2.8h, \d\().8h
        shl     v4.8h, v4.8h, #1
        mls     v2.8h, \d\().8h, v30.8h
        add     v0.8h, v0.8h, \e\().8h
        add     v6.8h, v1.8h, v5.8h
        sub     v1.8h, v5.8h, v1.8h
        add     v5.8h, v3.8h, v4.8h
        sub     v3.8h, v3.8h, v4.8h
        add     v2.8h, v2.8h, \f\().8h
        str     q0, [x4]
        str     q6, [x4, x17]
        str     q1, [x4, x19]
        str     q5, [x4, x20]
        str     q3, [x4, x25]
        str     q2, [x4, x26]
        add     x4, x4, x5
.endm

// Transforms two rows, interleaved for processors that run in order.
.macro transform_rows a, b, c, d, e, f, g, h, i, j, k, l
        add     x16, x4, x5
        shl     v0.8h, \a\().8h, #2
        shl     v8.8h, \g\().8h, #2
        shl     v1.8h, \c\().8h, #2
        shl     v9.8h, \i\().8h, #2
        shl     v2.8h, \b\().8h, #2
        shl     v10.8h, \h\().8h, #2
        sub     v3.8h, \e\().8h, \c\().8h
        sub     v11.8h, \k\().8h, \i\().8h
        sub     v4.8h, \d\().8h, \b\().8h
        sub     v12.8h, \j\().8h, \h\().8h
        mls     v0.8h, \c\().8h, v30.8h
        mls     v8.8h, \i\().8h, v30.8h
        sub     v1.8h, v1.8h, \e\().8h
        sub     v9.8h, v9.8h, \k\().8h
        sub     v5.8h, v2.8h, \d\().8h
        sub     v13.8h, v10.8h, \j\().8h
        shl     v4.8h, v4.8h, #1
        shl     v12.8h, v12.8h, #1
        mls     v2.8h, \d\().8h, v30.8h
        mls     v10.8h, \j\().8h, v30.8h
        add     v0.8h, v0.8h, \e\().8h
        add     v8.8h, v8.8h, \k\().8h
        add     v6.8h, v1.8h, v5.8h
        add     v14.8h, v9.8h, v13.8h
        sub     v1.8h, v5.8h, v1.8h
        sub     v9.8h, v13.8h, v9.8h
        add     v5.8h, v3.8h, v4.8h
        add     v13.8h, v11.8h, v12.8h
        sub     v3.8h, v3.8h, v4.8h
        sub     v11.8h, v11.8h, v12.8h
        add     v2.8h, v2.8h, \f\().8h
        add     v10.8h, v10.8h, \l\().8h
        str     q0, [x4]
        str     q8, [x16]
        str     q6, [x4, x17]
        str     q14, [x16, x17]
        str     q1, [x4, x19]
        str     q9, [x16, x19]
        str     q5, [x4, x20]
        str     q13, [x16, x20]
        str     q3, [x4, x25]
        str     q11, [x16, x25]
        str     q2, [x4, x26]
        str     q10, [x16, x26]
        add     x4, x16, x5
.endm

// 4a - 5b + c of 3 columns, which the offsets i, j and k are of.
.macro columns_end r, s, t, a, b, c, i, j, k
        ldr     d0, [\a, \i]
        ldr     d3, [\a, \j]
        ldr     d6, [\a, \k]
        ldr     d1, [\b, \i]
        ldr     d4, [\b, \j]
        ldr     d7, [\b, \k]
        ldr     d2, [\c, \i]
        ldr     d5, [\c, \j]
        ldr     d8, [\c, \k]
        sshll   \r\().8h, v0.8b, #2
        sshll   \s\().8h, v3.8b, #2
        sshll   \t\().8h, v6.8b, #2
        smlsl   \r\().8h, v1.8b, v31.8b
        smlsl   \s\().8h, v4.8b, v31.8b
        smlsl   \t\().8h, v7.8b, v31.8b
        saddw   \r\().8h, \r\().8h, v2.8b
        saddw   \s\().8h, \s\().8h, v5.8b
        saddw   \t\().8h, \t\().8h, v8.8b
.endm

// Rows 1 to 4 of two columns to v0-v3 and v4-v7.
.macro load_columns i, j
        ldr     d1, [x12, \i]
        ldr     d0, [x11, \i]
        ldr     d5, [x12, \j]
        ldr     d4, [x11, \j]
        ldr     d3, [x14, \i]
        ldr     d2, [x13, \i]
        ldr     d7, [x14, \j]
        ldr     d6, [x13, \j]
.endm

// The second row of the inputs' matrix for two columns to r and s, the third to t
// and u.
.macro columns_near r, s, t, u, i, j
        load_columns \i, \j
        sshll   v8.8h, v1.8b, #2
        sshll   v9.8h, v0.8b, #2
        sshll   v10.8h, v5.8b, #2
        sshll   v11.8h, v4.8b, #2
        ssubw   v8.8h, v8.8h, v3.8b
        ssubw   v9.8h, v9.8h, v2.8b
        ssubw   v10.8h, v10.8h, v7.8b
        ssubw   v11.8h, v11.8h, v6.8b
        add     \r\().8h, v9.8h, v8.8h
        sub     \t\().8h, v9.8h, v8.8h
        add     \s\().8h, v11.8h, v10.8h
        sub     \u\().8h, v11.8h, v10.8h
.endm

// The fourth and the fifth.
.macro columns_far r, s, t, u, i, j
        load_columns \i, \j
        ssubl   v9.8h, v2.8b, v0.8b
        ssubl   v11.8h, v6.8b, v4.8b
        ssubl   v8.8h, v3.8b, v1.8b
        ssubl   v10.8h, v7.8b, v5.8b
        shl     v9.8h, v9.8h, #1
        shl     v11.8h, v11.8h, #1
        add     \r\().8h, v8.8h, v9.8h
        sub     \t\().8h, v8.8h, v9.8h
        add     \s\().8h, v10.8h, v11.8h
        sub     \u\().8h, v10.8h, v11.8h
.endm

// winogradInput transforms a tile of 6x6 pixels, 8 channels at a time.
//
// x1 in, x2 bytes from row to row, x3 channels and bytes from pixel to pixel, x4
// out, x5 bytes of 6 positions of out, x6 out of the channels at hand, x7 channels
// left; x10-x15 the 6 rows; x9, x3, x21-x24 offsets of the 6 columns; x17, x19,
// x20, x25, x26 offsets of positions 1 to 5.
// v16-v21 and v22-v27 transformed columns.
//func winogradInput(args *winogradInputArgs)
winogradInput:
        ldp     x1, x2, [x0]
        ldp     x3, x6, [x0, #16]
        ldr     x17, [x0, #32]
        mov     x7, x3
        mov     x9, #0
        lsl     x21, x3, #1
        add     x22, x21, x3
        lsl     x23, x3, #2
        add     x24, x23, x3
        lsl     x19, x17, #1
        add     x20, x19, x17
        lsl     x25, x17, #2
        add     x26, x25, x17
        lsl     x5, x20, #1
        movi    v31.8b, #5
        movi    v30.8h, #5
        mov     x10, x1
        add     x11, x10, x2
        add     x12, x11, x2
        add     x13, x12, x2
        add     x14, x13, x2
        add     x15, x14, x2
1:
        mov     x4, x6
        columns_end v16, v17, v18, x10, x12, x14, x9, x3, x21
        columns_end v19, v20, v21, x10, x12, x14, x22, x23, x24
        transform_row v16, v17, v18, v19, v20, v21
        columns_near v16, v17, v22, v23, x9, x3
        columns_near v18, v19, v24, v25, x21, x22
        columns_near v20, v21, v26, v27, x23, x24
        transform_rows v16, v17, v18, v19, v20, v21, v22, v23, v24, v25, v26, v27
        columns_far v16, v17, v22, v23, x9, x3
        columns_far v18, v19, v24, v25, x21, x22
        columns_far v20, v21, v26, v27, x23, x24
        transform_rows v16, v17, v18, v19, v20, v21, v22, v23, v24, v25, v26, v27
        columns_end v16, v17, v18, x11, x13, x15, x9, x3, x21
        columns_end v19, v20, v21, x11, x13, x15, x22, x23, x24
        transform_row v16, v17, v18, v19, v20, v21
        add     x10, x10, #8
        add     x11, x11, #8
        add     x12, x12, #8
        add     x13, x13, #8
        add     x14, x14, #8
        add     x15, x15, #8
        add     x6, x6, #128
        subs    x7, x7, #8
        b.gt    1b
        ret

// winogradMultiply8, 4 and 1 multiply so many tiles with 8 channels' filters.
//
// x1 inputs, x2 filters, x3 products, x4 blocks of 8 channels in, x5 those left,
// x6 positions left.
// v0-v7 8 channels of each tile, v8-v15 8 filters' elements at 8 channels in,
// v16-v31 sums: tile t, channels out 0-3 in v(16 + 2t) and 4-7 in v(17 + 2t).
.macro multiply_arguments
        ldp     x1, x2, [x0]
        ldp     x3, x4, [x0, #16]
        mov     x6, #36
.endm

.macro element8 op, op2, w, i
        \op     v16.4s, \w\().4h, v0.h[\i]
        \op2    v17.4s, \w\().8h, v0.h[\i]
        \op     v18.4s, \w\().4h, v1.h[\i]
        \op2    v19.4s, \w\().8h, v1.h[\i]
        \op     v20.4s, \w\().4h, v2.h[\i]
        \op2    v21.4s, \w\().8h, v2.h[\i]
        \op     v22.4s, \w\().4h, v3.h[\i]
        \op2    v23.4s, \w\().8h, v3.h[\i]
        \op     v24.4s, \w\().4h, v4.h[\i]
        \op2    v25.4s, \w\().8h, v4.h[\i]
        \op     v26.4s, \w\().4h, v5.h[\i]
        \op2    v27.4s, \w\().8h, v5.h[\i]
        \op     v28.4s, \w\().4h, v6.h[\i]
        \op2    v29.4s, \w\().8h, v6.h[\i]
        \op     v30.4s, \w\().4h, v7.h[\i]
        \op2    v31.4s, \w\().8h, v7.h[\i]
.endm

.macro element4 op, op2, w, i
        \op     v16.4s, \w\().4h, v0.h[\i]
        \op2    v17.4s, \w\().8h, v0.h[\i]
        \op     v18.4s, \w\().4h, v1.h[\i]
        \op2    v19.4s, \w\().8h, v1.h[\i]
        \op     v20.4s, \w\().4h, v2.h[\i]
        \op2    v21.4s, \w\().8h, v2.h[\i]
        \op     v22.4s, \w\().4h, v3.h[\i]
        \op2    v23.4s, \w\().8h, v3.h[\i]
.endm

.macro element1 op, op2, w, i
        \op     v16.4s, \w\().4h, v0.h[\i]
        \op2    v17.4s, \w\().8h, v0.h[\i]
.endm

// 8 channels in; the first op sets the sums or adds to them.
.macro channels8 element, op, op2
        ld1     {v8.8h-v11.8h}, [x2], #64
        ld1     {v12.8h-v15.8h}, [x2], #64
        \element \op, \op2, v8, 0
        \element smlal, smlal2, v9, 1
        \element smlal, smlal2, v10, 2
        \element smlal, smlal2, v11, 3
        \element smlal, smlal2, v12, 4
        \element smlal, smlal2, v13, 5
        \element smlal, smlal2, v14, 6
        \element smlal, smlal2, v15, 7
.endm

.macro load8
        ld1     {v0.8h-v3.8h}, [x1], #64
        ld1     {v4.8h-v7.8h}, [x1], #64
.endm

.macro load4
        ld1     {v0.8h-v3.8h}, [x1]
        add     x1, x1, #128
.endm

.macro load1
        ldr     q0, [x1], #128
.endm

.macro store8
        st1     {v16.4s-v19.4s}, [x3], #64
        st1     {v20.4s-v23.4s}, [x3], #64
        st1     {v24.4s-v27.4s}, [x3], #64
        st1     {v28.4s-v31.4s}, [x3], #64
.endm

.macro store4
        st1     {v16.4s-v19.4s}, [x3], #64
        st1     {v20.4s-v23.4s}, [x3]
        add     x3, x3, #192
.endm

.macro store1
        st1     {v16.4s-v17.4s}, [x3]
        add     x3, x3, #256
.endm

.macro multiply load, element, store
        multiply_arguments
1:
        mov     x5, x4
        \load
        channels8 \element, smull, smull2
        subs    x5, x5, #1
        b.eq    3f
2:
        \load
        channels8 \element, smlal, smlal2
        subs    x5, x5, #1
        b.ne    2b
3:
        \store
        subs    x6, x6, #1
        b.ne    1b
        ret
.endm

//func winogradMultiply8(args *winogradMultiplyArgs)
winogradMultiply8:
        multiply load8, element8, store8

//func winogradMultiply4(args *winogradMultiplyArgs)
winogradMultiply4:
        multiply load4, element4, store4

//func winogradMultiply1(args *winogradMultiplyArgs)
winogradMultiply1:
        multiply load1, element1, store1

// y0-y3 from m0-m5 along a row or a column; m1, m2 and m4 are lost. y0 may be m0
// and y1 may be m3. v7 holds 4 and 8.
.macro transform_output y0, y1, y2, y3, m0, m1, m2, m3, m4, m5
        add     \y2\().4s, \m1\().4s, \m2\().4s
        sub     \y3\().4s, \m1\().4s, \m2\().4s
        add     \m1\().4s, \m3\().4s, \m4\().4s
        sub     \m2\().4s, \m3\().4s, \m4\().4s
        add     \y0\().4s, \m0\().4s, \y2\().4s
        mla     \y2\().4s, \m1\().4s, v7.s[0]
        shl     \m4\().4s, \m2\().4s, #1
        add     \y0\().4s, \y0\().4s, \m1\().4s
        add     \y1\().4s, \y3\().4s, \m4\().4s
        mla     \y3\().4s, \m2\().4s, v7.s[1]
        mla     \y3\().4s, \m5\().4s, v7.s[0]
.endm

// Two of them, interleaved for processors that run in order.
.macro transform_outputs y0, y1, y2, y3, m0, m1, m2, m3, m4, m5, ny0, ny1, ny2, ny3, nm0, nm1, nm2, nm3, nm4, nm5
        add     \y2\().4s, \m1\().4s, \m2\().4s
        add     \ny2\().4s, \nm1\().4s, \nm2\().4s
        sub     \y3\().4s, \m1\().4s, \m2\().4s
        sub     \ny3\().4s, \nm1\().4s, \nm2\().4s
        add     \m1\().4s, \m3\().4s, \m4\().4s
        add     \nm1\().4s, \nm3\().4s, \nm4\().4s
        sub     \m2\().4s, \m3\().4s, \m4\().4s
        sub     \nm2\().4s, \nm3\().4s, \nm4\().4s
        add     \y0\().4s, \m0\().4s, \y2\().4s
        add     \ny0\().4s, \nm0\().4s, \ny2\().4s
        mla     \y2\().4s, \m1\().4s, v7.s[0]
        mla     \ny2\().4s, \nm1\().4s, v7.s[0]
        shl     \m4\().4s, \m2\().4s, #1
        shl     \nm4\().4s, \nm2\().4s, #1
        add     \y0\().4s, \y0\().4s, \m1\().4s
        add     \ny0\().4s, \ny0\().4s, \nm1\().4s
        add     \y1\().4s, \y3\().4s, \m4\().4s
        add     \ny1\().4s, \ny3\().4s, \nm4\().4s
        mla     \y3\().4s, \m2\().4s, v7.s[1]
        mla     \ny3\().4s, \nm2\().4s, v7.s[1]
        mla     \y3\().4s, \m5\().4s, v7.s[0]
        mla     \ny3\().4s, \nm5\().4s, v7.s[0]
.endm

// Column j of a tile's products to 6 registers.
.macro load_products j, m0, m1, m2, m3, m4, m5
        ldr     q\m0, [x10, #((0 * 6 + \j) * 256)]
        ldr     q\m1, [x10, #((1 * 6 + \j) * 256)]
        ldr     q\m2, [x10, #((2 * 6 + \j) * 256)]
        ldr     q\m3, [x10, #((3 * 6 + \j) * 256)]
        ldr     q\m4, [x10, #((4 * 6 + \j) * 256)]
        ldr     q\m5, [x10, #((5 * 6 + \j) * 256)]
.endm

.macro output_arguments
        ldp     x1, x2, [x0]
        ldp     x3, x4, [x0, #16]
        ldp     x5, x6, [x0, #32]
        ldr     x7, [x0, #48]
        ldr     q7, [x0, #64]
.endm

// 576 times a number to 64 times the number.
.macro divide_by_9 sum
        mul     \sum\().4s, \sum\().4s, v7.s[2]
.endm

// Row i of column j, half transformed, is v(8 + 4j + i). 576 times the bias goes to
// position (1, 1), from where all the outputs have it once. The outputs of row 0
// are v8, v20, v0, v1, of row 1 v9, v21, v2, v3, of row 2 v10, v22, v4, v5 and of
// row 3 v11, v23, v6, v12.
.macro transform_tile
        add     x11, x5, x9, lsl #1
        load_products 0, 0, 1, 2, 3, 4, 5
        ldr     q6, [x11]
        load_products 1, 26, 27, 28, 29, 30, 31
        add     v27.4s, v27.4s, v6.4s
        transform_outputs v8, v9, v10, v11, v0, v1, v2, v3, v4, v5, v12, v13, v14, v15, v26, v27, v28, v29, v30, v31
        load_products 2, 0, 1, 2, 3, 4, 5
        load_products 3, 26, 27, 28, 29, 30, 31
        transform_outputs v16, v17, v18, v19, v0, v1, v2, v3, v4, v5, v20, v21, v22, v23, v26, v27, v28, v29, v30, v31
        load_products 4, 0, 1, 2, 3, 4, 5
        transform_output v24, v25, v26, v27, v0, v1, v2, v3, v4, v5
        load_products 5, 0, 1, 2, 3, 4, 5
        transform_output v28, v29, v30, v31, v0, v1, v2, v3, v4, v5
        transform_outputs v8, v20, v0, v1, v8, v12, v16, v20, v24, v28, v9, v21, v2, v3, v9, v13, v17, v21, v25, v29
        transform_outputs v10, v22, v4, v5, v10, v14, v18, v22, v26, v30, v11, v23, v6, v12, v11, v15, v19, v23, v27, v31
        ldr     q25, [x11, #16]                 // scale
        ld1     {v29.16b-v31.16b}, [x6]
.irp sum, v8, v20, v0, v1, v9, v21, v2, v3, v10, v22, v4, v5, v11, v23, v6, v12
        divide_by_9 \sum
.endr
.endm

// Goes to 2b for the other 4 channels, to 1b for the next tile.
.macro next_tile
        add     x10, x10, #16
        add     x12, x12, #4
        add     x9, x9, #16
        cmp     x9, #32
        b.ne    2b
        add     x1, x1, #32
        add     x2, x2, #16
        subs    x7, x7, #1
        b.ne    1b
        ret
.endm

.macro output_row a, b, c, d
        scale_round4 \a, \b, \c, \d, v25, v25, v25, v25, 6
        narrow16 \a, \b, \c, \d
        add     x14, x13, x3
        add     x16, x13, x3, lsl #1
        add     x17, x14, x3, lsl #1
        st1     {\a\().s}[0], [x13]
        st1     {\a\().s}[1], [x14]
        st1     {\a\().s}[2], [x16]
        st1     {\a\().s}[3], [x17]
.endm

// winogradOutput transforms products to 4x4 output pixels of 8 channels, and
// requantizes them.
//
// x1 products of the tile, x2 where its output is: a pointer and the number of
// rows; x3, x4 bytes from pixel to pixel and from row to row of the output; x5
// bias and scale; x6 range and zero point; x7 tiles left; x9 16 times the half of
// the channels; x10, x12 products and output of that half, x13, x14, x16, x17 of
// pixels, x15 rows left.
// v0-v5 products, v6 bias, v7 constants, v8-v31 half transformed.
//func winogradOutput(args *winogradOutputArgs)
winogradOutput:
        output_arguments
1:
        mov     x9, #0
        mov     x10, x1
        ldr     x12, [x2]
2:
        transform_tile
        ldr     x15, [x2, #8]
        mov     x13, x12
        output_row v8, v20, v0, v1
        subs    x15, x15, #1
        b.eq    3f
        add     x13, x13, x4
        output_row v9, v21, v2, v3
        subs    x15, x15, #1
        b.eq    3f
        add     x13, x13, x4
        output_row v10, v22, v4, v5
        subs    x15, x15, #1
        b.eq    3f
        add     x13, x13, x4
        output_row v11, v23, v6, v12
3:
        next_tile

// winogradOutputPool is winogradOutput with a 2x2 max pool behind it.
//func winogradOutputPool(args *winogradOutputArgs)
winogradOutputPool:
        output_arguments
1:
        mov     x9, #0
        mov     x10, x1
        ldr     x12, [x2]
2:
        transform_tile
        smax    v8.4s, v8.4s, v20.4s
        smax    v0.4s, v0.4s, v1.4s
        smax    v9.4s, v9.4s, v21.4s
        smax    v2.4s, v2.4s, v3.4s
        smax    v10.4s, v10.4s, v22.4s
        smax    v4.4s, v4.4s, v5.4s
        smax    v11.4s, v11.4s, v23.4s
        smax    v6.4s, v6.4s, v12.4s
        smax    v1.4s, v0.4s, v2.4s
        smax    v0.4s, v8.4s, v9.4s
        smax    v2.4s, v10.4s, v11.4s
        smax    v3.4s, v4.4s, v6.4s
        scale_round4 v0, v1, v2, v3, v25, v25, v25, v25, 6
        narrow16 v0, v1, v2, v3
        ldr     x15, [x2, #8]
        add     x14, x12, x3
        st1     {v0.s}[0], [x12]
        st1     {v0.s}[1], [x14]
        cmp     x15, #2
        b.ne    3f
        add     x13, x12, x4
        add     x14, x14, x4
        st1     {v0.s}[2], [x13]
        st1     {v0.s}[3], [x14]
3:
        next_tile
