// Package avx2 has the kernels for processors with AVX2. VPMADDWD multiplies
// int16 and adds pairs in int32, which is exact; VPMADDUBSW would do twice as
// many int8 at once, but saturates its pairs at int16, which 255*127*2 exceeds.
// 3x3 convolutions of stride 1 save multiplications by Winograd's algorithm.
package avx2
