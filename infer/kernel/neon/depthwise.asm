// Depthwise convolutions. Those of up to 9 taps, 3x3 and smaller of any stride and
// dilation, have kernels of their own, described here; depthwiseAny is below. The caller gives where each tap of the first pixel lies; taps outside
// the picture point to zero points, and missing ones have the weight 0.
//
// Products of int8 are at most 128*128, and two of them fit int16 unless both
// are 128*128, which the packing excludes. So taps are multiplied in pairs
// (SMULL, SMLAL) and each pair's int16 sum is added to the int32 sums (SADDW).
//
// The channels are walked in blocks, in each all the pixels of a row:
//
//	x1   out              x9       the block's first channel
//	x3   weights          x11-x17, x19, x20  the 9 taps of the pixel at hand
//	x4   bias             x21      out of the pixel at hand
//	x5   scale            x22      pixels left
//	x6   bytes from pixel to pixel of the input   x26  those of the pixel at hand
//	x8   channels, also the bytes from pixel to pixel of the output
//	v0-v3   the input at 4 taps     v16-v24  weights of the 9 taps
//	v4-v7   products                v25-v28  bias
//	v8-v11  sums                    v29-v31  range and zero point
//	v12-v15 scale

        .include "requantize.inc"

.macro arguments
        ldp     x1, x2, [x0]                    // out, taps
        ldp     x3, x4, [x0, #16]               // weights, bias
        ldp     x5, x6, [x0, #32]               // scale, step
        ldp     x7, x8, [x0, #48]               // pixels, channels
        load_output #64
        mov     x9, #0
.endm

// The pointers of block x9.
.macro block_pointers
        ldp     x11, x12, [x2]
        ldp     x13, x14, [x2, #16]
        ldp     x15, x16, [x2, #32]
        ldp     x17, x19, [x2, #48]
        ldr     x20, [x2, #64]
.irp r, 11, 12, 13, 14, 15, 16, 17, 19, 20
        add     x\r, x\r, x9
.endr
        add     x21, x1, x9
        mov     x22, x7
        add     x23, x3, x9                     // weights
        add     x24, x4, x9, lsl #2             // bias
        add     x25, x5, x9, lsl #2             // scale
.endm

// Goes to 1b with the next block of n channels; the last one ends at the last
// channel.
.macro next_block n
        add     x9, x9, \n
        sub     x10, x8, \n
        cmp     x9, x10
        b.le    1b
        sub     x23, x9, \n
        mov     x9, x10
        cmp     x23, x10
        b.lt    1b
        ret
.endm

// Adds the int16 sums p, q of 16 channels to those of a-d, giving v8-v11.
.macro widen16 p, q, a, b, c, d
        saddw   v8.4s, \a\().4s, \p\().4h
        saddw2  v9.4s, \b\().4s, \p\().8h
        saddw   v10.4s, \c\().4s, \q\().4h
        saddw2  v11.4s, \d\().4s, \q\().8h
.endm

.macro multiply16 op, p, q, x, w
        \op     \p\().8h, \x\().8b, \w\().8b
        \op\()2 \q\().8h, \x\().16b, \w\().16b
.endm

// depthwise16 is for 16 channels and more.
//func depthwise16(args *depthwiseArgs)
depthwise16:
        arguments
1:
        block_pointers
.irp r, 16, 17, 18, 19, 20, 21, 22, 23, 24
        ld1     {v\r\().16b}, [x23], x8
.endr
        ld1     {v25.4s-v28.4s}, [x24]
        ld1     {v12.4s-v15.4s}, [x25]
        mov     x26, #0
2:
        ldr     q0, [x11, x26]
        ldr     q1, [x12, x26]
        ldr     q2, [x13, x26]
        ldr     q3, [x14, x26]
        multiply16 smull, v4, v5, v0, v16
        multiply16 smull, v6, v7, v2, v18
        ldr     q0, [x15, x26]
        multiply16 smlal, v4, v5, v1, v17
        multiply16 smlal, v6, v7, v3, v19
        ldr     q1, [x16, x26]
        ldr     q2, [x17, x26]
        widen16 v4, v5, v25, v26, v27, v28
        ldr     q3, [x19, x26]
        multiply16 smull, v4, v5, v0, v20
        widen16 v6, v7, v8, v9, v10, v11
        ldr     q0, [x20, x26]
        multiply16 smull, v6, v7, v2, v22
        multiply16 smlal, v4, v5, v1, v21
        multiply16 smlal, v6, v7, v3, v23
        multiply16 smull, v2, v3, v0, v24
        widen16 v4, v5, v8, v9, v10, v11
        widen16 v6, v7, v8, v9, v10, v11
        widen16 v2, v3, v8, v9, v10, v11
        scale_round4 v8, v9, v10, v11, v12, v13, v14, v15
        narrow16 v8, v9, v10, v11
        add     x26, x26, x6
        str     q8, [x21]
        add     x21, x21, x8
        subs    x22, x22, #1
        b.ne    2b
        next_block #16

// depthwise8 is for 8 to 15 channels.
//func depthwise8(args *depthwiseArgs)
depthwise8:
        arguments
1:
        block_pointers
.irp r, 16, 17, 18, 19, 20, 21, 22, 23, 24
        ld1     {v\r\().8b}, [x23], x8
.endr
        ld1     {v25.4s-v26.4s}, [x24]
        ld1     {v12.4s-v13.4s}, [x25]
        mov     x26, #0
2:
        ldr     d0, [x11, x26]
        ldr     d2, [x13, x26]
        ldr     d1, [x12, x26]
        ldr     d3, [x14, x26]
        ldr     d8, [x15, x26]
        ldr     d10, [x17, x26]
        ldr     d9, [x16, x26]
        ldr     d11, [x19, x26]
        smull   v4.8h, v0.8b, v16.8b
        smull   v5.8h, v2.8b, v18.8b
        ldr     d0, [x20, x26]
        smull   v6.8h, v8.8b, v20.8b
        smull   v7.8h, v10.8b, v22.8b
        smlal   v4.8h, v1.8b, v17.8b
        smlal   v5.8h, v3.8b, v19.8b
        smlal   v6.8h, v9.8b, v21.8b
        smlal   v7.8h, v11.8b, v23.8b
        smull   v0.8h, v0.8b, v24.8b
        saddw   v8.4s, v25.4s, v4.4h
        saddw2  v9.4s, v26.4s, v4.8h
        saddl   v10.4s, v5.4h, v6.4h
        saddl2  v11.4s, v5.8h, v6.8h
        saddl   v2.4s, v7.4h, v0.4h
        saddl2  v3.4s, v7.8h, v0.8h
        add     v8.4s, v8.4s, v10.4s
        add     v9.4s, v9.4s, v11.4s
        add     v8.4s, v8.4s, v2.4s
        add     v9.4s, v9.4s, v3.4s
        scale_round2 v8, v9, v12, v13
        narrow8 v8, v9
        add     x26, x26, x6
        str     d8, [x21]
        add     x21, x21, x8
        subs    x22, x22, #1
        b.ne    2b
        next_block #8

// depthwiseAny computes one pixel of at least 8 channels, of any number of taps
// and of weights of int16: legacy weights less their zero point.
//
// x1 out, x2 taps, x3 weights, x4 bias, x5 scale, x6 number of taps, x7 the tap's
// pixel, x8 channels, x9 the channel at hand, x10 the tap, x11 its weights, x12
// taps left, x13 bytes of a tap's weights; v2, v3 sums.
//func depthwiseAny(args *depthwiseArgs)
depthwiseAny:
        arguments
        lsl     x13, x8, #1
1:
        add     x14, x4, x9, lsl #2
        add     x15, x5, x9, lsl #2
        ld1     {v2.4s-v3.4s}, [x14]
        ld1     {v4.4s-v5.4s}, [x15]
        mov     x10, x2
        add     x11, x3, x9, lsl #1
        mov     x12, x6
2:
        ldr     x7, [x10], #8
        ldr     d0, [x7, x9]
        ld1     {v1.8h}, [x11], x13
        sshll   v0.8h, v0.8b, #0
        smlal   v2.4s, v0.4h, v1.4h
        smlal2  v3.4s, v0.8h, v1.8h
        subs    x12, x12, #1
        b.ne    2b
        scale_round2 v2, v3, v4, v5
        narrow8 v2, v3
        str     d2, [x1, x9]
        next_block #8
