// Residual sums, and maxima and sums over windows, 16 elements at a time. Where
// the elements are no multiple of 16 the last block starts early and computes
// some of them again.

        .include "requantize.inc"

// addRows is quant.Sum.Of over n >= 16 elements.
//
// v0 elements of a, v1 of b; v4-v7 sums; v24 the multipliers, v25 the bias, v26
// the shift to the right, v29-v31 the output's range and zero point.
//func addRows(args *addArgs)
addRows:
        ldp     x1, x2, [x0]                    // out, a
        ldp     x3, x4, [x0, #16]               // b, n
        ldr     d24, [x0, #32]                  // multipliers of a and b
        add     x16, x0, #40
        ld1r    {v25.4s}, [x16], #4
        ld1r    {v26.4s}, [x16]
        load_output #48
1:
        ldr     q0, [x2], #16
        ldr     q1, [x3], #16
        sshll   v2.8h, v0.8b, #0
        sshll2  v3.8h, v0.16b, #0
        sshll   v16.8h, v1.8b, #0
        sshll2  v17.8h, v1.16b, #0
        sshll   v4.4s, v2.4h, #0
        sshll2  v5.4s, v2.8h, #0
        sshll   v6.4s, v3.4h, #0
        sshll2  v7.4s, v3.8h, #0
        sshll   v20.4s, v16.4h, #0
        sshll2  v21.4s, v16.8h, #0
        sshll   v22.4s, v17.4h, #0
        sshll2  v23.4s, v17.8h, #0
.irp r, 4, 5, 6, 7
        mul     v\r\().4s, v\r\().4s, v24.s[0]
.endr
.irp r, 4, 5, 6, 7
        add     v\r\().4s, v\r\().4s, v25.4s
.endr
        mla     v4.4s, v20.4s, v24.s[1]
        mla     v5.4s, v21.4s, v24.s[1]
        mla     v6.4s, v22.4s, v24.s[1]
        mla     v7.4s, v23.4s, v24.s[1]
.irp r, 4, 5, 6, 7
        sshl    v\r\().4s, v\r\().4s, v26.4s
.endr
        narrow16 v4, v5, v6, v7
        str     q4, [x1], #16
        subs    x4, x4, #16
        b.le    3f
        cmp     x4, #16
        b.ge    1b
        // The last block ends where the elements end.
        sub     x5, x4, #16
        add     x1, x1, x5
        add     x2, x2, x5
        add     x3, x3, x5
        mov     x4, #16
        b       1b
3:
        ret

// windowMax is the largest of each of at least 16 channels over a rectangle of
// pixels, clamped.
//
// x1 out, x2 in, x3 rows, x4 columns, x5 bytes from row to row, x6 channels, x7
// the channel at hand; v0 the maxima.
//func windowMax(args *windowArgs)
windowMax:
        ldp     x1, x2, [x0]
        ldp     x3, x4, [x0, #16]
        ldp     x5, x6, [x0, #32]
        load_output #48
        mov     x7, #0
1:
        add     x8, x2, x7                      // the row's first pixel
        mov     x9, x3
        mov     v0.16b, v30.16b
2:
        mov     x10, x8
        mov     x11, x4
3:
        ld1     {v1.16b}, [x10], x6
        smax    v0.16b, v0.16b, v1.16b
        subs    x11, x11, #1
        b.ne    3b
        add     x8, x8, x5
        subs    x9, x9, #1
        b.ne    2b
        smin    v0.16b, v0.16b, v29.16b
        str     q0, [x1, x7]
        add     x7, x7, #16
        sub     x12, x6, #16
        cmp     x7, x12
        b.le    1b
        sub     x13, x7, #16
        mov     x7, x12
        cmp     x13, x12
        b.lt    1b
        ret

// windowSum is the sum of each of at least 16 channels over a rectangle of
// pixels as int32.
//
// Registers as in windowMax; v0-v3 the sums.
//func windowSum(args *windowArgs)
windowSum:
        ldp     x1, x2, [x0]
        ldp     x3, x4, [x0, #16]
        ldp     x5, x6, [x0, #32]
        mov     x7, #0
1:
        add     x8, x2, x7
        mov     x9, x3
        movi    v0.4s, #0
        movi    v1.4s, #0
        movi    v2.4s, #0
        movi    v3.4s, #0
2:
        mov     x10, x8
        mov     x11, x4
3:
        ld1     {v4.16b}, [x10], x6
        sshll   v5.8h, v4.8b, #0
        sshll2  v6.8h, v4.16b, #0
        saddw   v0.4s, v0.4s, v5.4h
        saddw2  v1.4s, v1.4s, v5.8h
        saddw   v2.4s, v2.4s, v6.4h
        saddw2  v3.4s, v3.4s, v6.8h
        subs    x11, x11, #1
        b.ne    3b
        add     x8, x8, x5
        subs    x9, x9, #1
        b.ne    2b
        add     x12, x1, x7, lsl #2
        st1     {v0.4s-v3.4s}, [x12]
        add     x7, x7, #16
        sub     x12, x6, #16
        cmp     x7, x12
        b.le    1b
        sub     x13, x7, #16
        mov     x7, x12
        cmp     x13, x12
        b.lt    1b
        ret
