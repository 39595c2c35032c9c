// Products of pixels with filters: 1x1 convolutions on the input as it lies, all
// others on gathered patches, and fully connected layers.
//
// Both operands run along the depth, 16 elements a vector. SMULL multiplies the
// lower 8 elements of a pixel and a filter, SMLAL2 adds the products of the upper
// 8: two products of int8 fit int16 unless both are -128 * -128, which the
// packing excludes. SADALP adds each two of those 8 sums to an int32 lane; at the
// end ADDP adds the four lanes. What does not fill 16 elements, or does not fit
// int16, goes in blocks of 8: SMULL and SADALP.
//
// A tile is 4 pixels by 4 channels:
//
//	v0-v3   16 elements of the 4 pixels      v4-v7  of the 4 filters
//	v8-v15  products
//	v16-v31 sums, pixel p and channel c in v(16 + 4p + c)
//
//	x1  out                      x13 channels
//	x2  in                       x14 the block's first channel
//	x3  weights of the block     x15 pixels left
//	x4  bias and scale of it     x16, x17 the tile's input and output
//	x5  range and zero point     x19-x22  the 4 pixels
//	x6  bytes from pixel 0 to 1 and from 2 to 3 of a tile    x24 blocks of 8 left
//	x7  bytes from pixel 0 to 2  x23 weights at hand
//	x8  bytes from tile to tile  x25 what is left of the blocks of 16, negative
//	x9  bytes from pixel to pixel of the output
//	x10 pixels                   x11, x12 blocks of 16 and of 8 of depth
//	x26 what to subtract from    x27 the bytes of the blocks of 16, negative: the
//	    the pixels' sums, or 0       input's pointers point behind those blocks

        .include "requantize.inc"

.macro arguments
        ldp     x1, x2, [x0]
        ldp     x3, x4, [x0, #16]
        ldp     x5, x6, [x0, #32]
        ldp     x7, x8, [x0, #48]
        ldp     x9, x10, [x0, #64]
        ldp     x11, x12, [x0, #80]
        ldr     x13, [x0, #96]
        mov     x14, #0
        lsl     x27, x11, #4
        add     x2, x2, x27
        neg     x27, x27
.endm

// Goes to 1b with the next block of 4 channels; the last one ends at the last
// channel.
.macro next_block
        mov     x3, x23
        add     x4, x4, #32
        add     x14, x14, #4
        sub     x25, x13, #4
        cmp     x14, x25
        b.le    1b
        sub     x24, x14, #4
        mov     x14, x25
        cmp     x24, x25
        b.lt    1b
        ret
.endm

.macro start_tile
        mov     x19, x16
        add     x20, x16, x6
        add     x21, x16, x7
        add     x22, x21, x6
        mov     x23, x3
        mov     x25, x27
        mov     x24, x12
.endm

// The products of a filter with 4 pixels.
.macro multiply_column op, half, w, t0, t1, t2, t3
        \op     \t0\().8h, v0.\half, \w\().\half
        \op     \t1\().8h, v1.\half, \w\().\half
        \op     \t2\().8h, v2.\half, \w\().\half
        \op     \t3\().8h, v3.\half, \w\().\half
.endm

.macro add_column op, t0, t1, t2, t3, a, b, c, d
        \op     \a\().4s, \t0\().8h
        \op     \b\().4s, \t1\().8h
        \op     \c\().4s, \t2\().8h
        \op     \d\().4s, \t3\().8h
.endm

// 16 of the depth; op is saddlp to set the sums and sadalp to add to them. Eight
// products in flight hide their latency on the A53, which runs in order.
.macro depth16 op
        ldr     q0, [x19, x25]
        ldr     q1, [x20, x25]
        ldr     q2, [x21, x25]
        ldr     q3, [x22, x25]
        ld1     {v4.16b-v7.16b}, [x23]
        add     x23, x23, #64
        multiply_column smull, 8b, v4, v8, v9, v10, v11
        multiply_column smull, 8b, v5, v12, v13, v14, v15
        multiply_column smlal2, 16b, v4, v8, v9, v10, v11
        multiply_column smlal2, 16b, v5, v12, v13, v14, v15
        add_column \op, v8, v9, v10, v11, v16, v20, v24, v28
        add_column \op, v12, v13, v14, v15, v17, v21, v25, v29
        multiply_column smull, 8b, v6, v8, v9, v10, v11
        multiply_column smull, 8b, v7, v12, v13, v14, v15
        multiply_column smlal2, 16b, v6, v8, v9, v10, v11
        multiply_column smlal2, 16b, v7, v12, v13, v14, v15
        add_column \op, v8, v9, v10, v11, v18, v22, v26, v30
        add_column \op, v12, v13, v14, v15, v19, v23, v27, v31
.endm

.macro column8 op, w, a, b, c, d
        smull   v8.8h, v0.8b, \w\().8b
        smull   v9.8h, v1.8b, \w\().8b
        smull   v10.8h, v2.8b, \w\().8b
        smull   v11.8h, v3.8b, \w\().8b
        \op     \a\().4s, v8.8h
        \op     \b\().4s, v9.8h
        \op     \c\().4s, v10.8h
        \op     \d\().4s, v11.8h
.endm

.macro depth8 op
        ldr     d0, [x19], #8
        ldr     d1, [x20], #8
        ldr     d2, [x21], #8
        ldr     d3, [x22], #8
        ld1     {v4.8b-v7.8b}, [x23], #32
        column8 \op, v4, v16, v20, v24, v28
        column8 \op, v5, v17, v21, v25, v29
        column8 \op, v6, v18, v22, v26, v30
        column8 \op, v7, v19, v23, v27, v31
.endm

// All the depth of a tile; then the sums of pixel p are v(16 + 4p).
.macro tile
        start_tile
        cbz     x25, 5f
        depth16 saddlp
        adds    x25, x25, #16
        b.eq    4f
3:
        depth16 sadalp
        adds    x25, x25, #16
        b.ne    3b
4:
        cbz     x24, 6f
41:
        depth8  sadalp
        subs    x24, x24, #1
        b.ne    41b
        b       6f
5:
        depth8  saddlp
        subs    x24, x24, #1
        b.ne    41b
6:
        ldp     q0, q1, [x4]                    // bias, scale
        addp    v16.4s, v16.4s, v17.4s
        addp    v18.4s, v18.4s, v19.4s
        addp    v20.4s, v20.4s, v21.4s
        addp    v22.4s, v22.4s, v23.4s
        addp    v24.4s, v24.4s, v25.4s
        addp    v26.4s, v26.4s, v27.4s
        addp    v28.4s, v28.4s, v29.4s
        addp    v30.4s, v30.4s, v31.4s
        addp    v16.4s, v16.4s, v18.4s
        addp    v20.4s, v20.4s, v22.4s
        addp    v24.4s, v24.4s, v26.4s
        addp    v28.4s, v28.4s, v30.4s
.endm

// gemm computes at least 4 pixels by at least 4 channels; where the pixels are no
// multiple of 4 the last tile starts early.
//func gemm(args *gemmArgs)
gemm:
        arguments
1:
        mov     x16, x2
        add     x17, x1, x14
        mov     x15, x10
        ldr     x26, [x0, #104]
2:
        tile
        cbz     x26, 9f
        ldr     q2, [x26], #16
        dup     v4.4s, v2.s[0]
        dup     v5.4s, v2.s[1]
        dup     v6.4s, v2.s[2]
        dup     v7.4s, v2.s[3]
        sub     v16.4s, v16.4s, v4.4s
        sub     v20.4s, v20.4s, v5.4s
        sub     v24.4s, v24.4s, v6.4s
        sub     v28.4s, v28.4s, v7.4s
9:
.irp r, 16, 20, 24, 28
        add     v\r\().4s, v\r\().4s, v0.4s
.endr
        ld1     {v29.16b-v31.16b}, [x5]
        scale_round4 v16, v20, v24, v28, v1, v1, v1, v1
        narrow16 v16, v20, v24, v28
        mov     x25, x17
        st1     {v16.s}[0], [x25], x9
        st1     {v16.s}[1], [x25], x9
        st1     {v16.s}[2], [x25], x9
        st1     {v16.s}[3], [x25], x9
        subs    x15, x15, #4
        b.eq    8f
        cmp     x15, #4
        b.lt    7f
        add     x16, x16, x8
        mov     x17, x25
        b       2b
7:
        madd    x16, x15, x6, x16
        madd    x17, x15, x9, x17
        lsl     x25, x15, #2
        mov     x15, #4
        cbz     x26, 2b
        sub     x26, x26, #16
        add     x26, x26, x25
        b       2b
8:
        next_block

// gemmPool is gemm with the largest of the 4 pixels of each tile; pixels counts
// tiles.
//func gemmPool(args *gemmArgs)
gemmPool:
        arguments
1:
        mov     x16, x2
        add     x17, x1, x14
        mov     x15, x10
2:
        tile
        smax    v16.4s, v16.4s, v20.4s
        smax    v24.4s, v24.4s, v28.4s
        ld1     {v29.16b-v31.16b}, [x5]
        smax    v16.4s, v16.4s, v24.4s
        add     v16.4s, v16.4s, v0.4s
        scale_round v16, v1
        sqxtn   v16.4h, v16.4s
        sqadd   v16.4h, v16.4h, v31.4h
        sqxtn   v16.8b, v16.8h
        smax    v16.8b, v16.8b, v30.8b
        smin    v16.8b, v16.8b, v29.8b
        st1     {v16.s}[0], [x17], x9
        add     x16, x16, x8
        subs    x15, x15, #1
        b.ne    2b
        next_block

.macro row16 op
        ldr     q0, [x19, x25]
        ld1     {v4.16b-v7.16b}, [x23]
        add     x23, x23, #64
        smull   v8.8h, v0.8b, v4.8b
        smull   v9.8h, v0.8b, v5.8b
        smull   v10.8h, v0.8b, v6.8b
        smull   v11.8h, v0.8b, v7.8b
        smlal2  v8.8h, v0.16b, v4.16b
        smlal2  v9.8h, v0.16b, v5.16b
        smlal2  v10.8h, v0.16b, v6.16b
        smlal2  v11.8h, v0.16b, v7.16b
        \op     v16.4s, v8.8h
        \op     v17.4s, v9.8h
        \op     v18.4s, v10.8h
        \op     v19.4s, v11.8h
.endm

.macro row8 op
        ldr     d0, [x19], #8
        ld1     {v4.8b-v7.8b}, [x23], #32
        smull   v8.8h, v0.8b, v4.8b
        smull   v9.8h, v0.8b, v5.8b
        smull   v10.8h, v0.8b, v6.8b
        smull   v11.8h, v0.8b, v7.8b
        \op     v16.4s, v8.8h
        \op     v17.4s, v9.8h
        \op     v18.4s, v10.8h
        \op     v19.4s, v11.8h
.endm

// gemm1 computes pixels one by one: fully connected layers, and pictures of less
// than 4 pixels. Only v16-v19 hold sums.
//func gemm1(args *gemmArgs)
gemm1:
        arguments
        ld1     {v29.16b-v31.16b}, [x5]
1:
        mov     x16, x2
        add     x17, x1, x14
        mov     x15, x10
        ldr     x26, [x0, #104]
2:
        mov     x19, x16
        mov     x23, x3
        mov     x25, x27
        mov     x24, x12
        cbz     x25, 5f
        row16   saddlp
        adds    x25, x25, #16
        b.eq    4f
3:
        row16   sadalp
        adds    x25, x25, #16
        b.ne    3b
4:
        cbz     x24, 6f
41:
        row8    sadalp
        subs    x24, x24, #1
        b.ne    41b
        b       6f
5:
        row8    saddlp
        subs    x24, x24, #1
        b.ne    41b
6:
        ldp     q0, q1, [x4]
        addp    v16.4s, v16.4s, v17.4s
        addp    v18.4s, v18.4s, v19.4s
        addp    v16.4s, v16.4s, v18.4s
        cbz     x26, 7f
        ld1r    {v2.4s}, [x26], #4
        sub     v16.4s, v16.4s, v2.4s
7:
        add     v16.4s, v16.4s, v0.4s
        scale_round v16, v1
        sqxtn   v16.4h, v16.4s
        sqadd   v16.4h, v16.4h, v31.4h
        sqxtn   v16.8b, v16.8h
        smax    v16.8b, v16.8b, v30.8b
        smin    v16.8b, v16.8b, v29.8b
        st1     {v16.s}[0], [x17], x9
        add     x16, x16, x6
        subs    x15, x15, #1
        b.ne    2b
        next_block

// pixelSums writes the product of each pixel with one vector, as int32: what
// weights with a zero point have too much.
//
// x1 out, x2 in, x3 the vector, x4 pixels, x5, x6 blocks of 16 and of 8 of depth;
// v4-v7 sums.
//func pixelSums(args *pixelSumsArgs)
pixelSums:
        ldp     x1, x2, [x0]
        ldp     x3, x4, [x0, #16]
        ldp     x5, x6, [x0, #32]
1:
        mov     x7, x3
        mov     x8, x5
        movi    v4.4s, #0
        movi    v5.4s, #0
        cbz     x8, 3f
2:
        ldr     q0, [x2], #16
        ldr     q1, [x7], #16
        smull   v2.8h, v0.8b, v1.8b
        smull2  v3.8h, v0.16b, v1.16b
        sadalp  v4.4s, v2.8h
        sadalp  v5.4s, v3.8h
        subs    x8, x8, #1
        b.ne    2b
3:
        mov     x8, x6
        cbz     x8, 5f
4:
        ldr     d0, [x2], #8
        ldr     d1, [x7], #8
        smull   v2.8h, v0.8b, v1.8b
        sadalp  v4.4s, v2.8h
        subs    x8, x8, #1
        b.ne    4b
5:
        add     v4.4s, v4.4s, v5.4s
        addv    s4, v4.4s
        str     s4, [x1], #4
        subs    x4, x4, #1
        b.ne    1b
        ret

// gather copies what each pixel of a row sees, side by side: rows of up to 32
// bytes. It reads and writes 32 bytes each time, so that both ends need as many
// to spare.
//
// x1 to, x2 from; x3 bytes from row to row, x4 bytes of a row, x5 rows; x6 bytes
// from pixel to pixel of the source; x7 pixels; x8 bytes from the last row of a
// patch to the next patch; x9 the row at hand, or row 1 of 3 and x10 row 2.
//func gather(args *gatherArgs)
gather:
        ldp     x1, x2, [x0]
        ldp     x3, x4, [x0, #16]
        ldp     x5, x6, [x0, #32]
        ldp     x7, x8, [x0, #48]
        cmp     x5, #3
        b.eq    4f
        sub     x5, x5, #1
1:
        mov     x9, x2
        mov     x10, x5
        cbz     x10, 3f
2:
        ld1     {v0.16b-v1.16b}, [x9], x3
        st1     {v0.16b-v1.16b}, [x1], x4
        subs    x10, x10, #1
        b.ne    2b
3:
        ld1     {v0.16b-v1.16b}, [x9]
        st1     {v0.16b-v1.16b}, [x1], x8
        add     x2, x2, x6
        subs    x7, x7, #1
        b.ne    1b
        ret
4:
        add     x9, x2, x3
        add     x10, x9, x3
5:
        ld1     {v0.16b-v1.16b}, [x2], x6
        ld1     {v2.16b-v3.16b}, [x9], x6
        ld1     {v4.16b-v5.16b}, [x10], x6
        st1     {v0.16b-v1.16b}, [x1], x4
        st1     {v2.16b-v3.16b}, [x1], x4
        st1     {v4.16b-v5.16b}, [x1], x8
        subs    x7, x7, #1
        b.ne    5b
        ret
