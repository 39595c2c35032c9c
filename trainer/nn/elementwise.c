#include "elementwise.h"

// The compiler makes each loop for several processors; the best is chosen when
// the program starts.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define VECTORISED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define VECTORISED
#endif

// Something that is not a number stays so: a training that diverges is seen.
VECTORISED void nn_clamp(float *restrict y, const float *restrict x, long n, float limit) {
	for (long i = 0; i < n; i++) {
		float v = 0 > x[i] ? 0 : x[i];
		y[i] = limit < v ? limit : v;
	}
}

VECTORISED void nn_clamp_back(float *restrict dx, const float *restrict dy, const float *restrict y, long n, float limit) {
	for (long i = 0; i < n; i++)
		dx[i] = (y[i] > 0) & (y[i] < limit) ? dy[i] : 0;
}

VECTORISED void nn_add(float *restrict y, const float *restrict a, const float *restrict b, long n) {
	for (long i = 0; i < n; i++)
		y[i] = a[i] + b[i];
}

VECTORISED void nn_affine(float *restrict y, const float *restrict x, const float *restrict a, const float *restrict c, long pixels, long channels) {
	for (; pixels > 0; pixels--, x += channels, y += channels)
		for (long i = 0; i < channels; i++)
			y[i] = a[i] * x[i] + c[i];
}

VECTORISED void nn_affine2(float *restrict y, const float *restrict u, const float *restrict v, const float *restrict a, const float *restrict b, const float *restrict c, long pixels, long channels) {
	for (; pixels > 0; pixels--, u += channels, v += channels, y += channels)
		for (long i = 0; i < channels; i++)
			y[i] = a[i] * u[i] + b[i] * v[i] + c[i];
}

// So many pixels are summed in single precision, and so many channels at a time.
enum { run = 32, group = 16 };

VECTORISED void nn_channel_sums(double *restrict sum, double *restrict product, const float *restrict a, const float *restrict b, long pixels, long channels) {
	for (; pixels > 0; pixels -= run, a += run * channels, b += run * channels) {
		long n = pixels < run ? pixels : run, first = 0;
		for (; first + group <= channels; first += group) {
			float s[group] = {0}, p[group] = {0};
			for (long j = 0; j < n; j++)
				for (long i = 0; i < group; i++) {
					float v = a[j * channels + first + i];
					s[i] += v;
					p[i] += v * b[j * channels + first + i];
				}
			for (long i = 0; i < group; i++) {
				sum[first + i] += s[i];
				product[first + i] += p[i];
			}
		}
		for (; first < channels; first++) {
			float s = 0, p = 0;
			for (long j = 0; j < n; j++) {
				s += a[j * channels + first];
				p += a[j * channels + first] * b[j * channels + first];
			}
			sum[first] += s;
			product[first] += p;
		}
	}
}

VECTORISED void nn_multiply_add(float *restrict y, const float *restrict a, const float *restrict b, long pixels, long channels, long y_step, long a_step, long b_step) {
	for (; pixels > 0; pixels--, y += y_step, a += a_step, b += b_step)
		for (long i = 0; i < channels; i++)
			y[i] += a[i] * b[i];
}

VECTORISED void nn_pool(float *restrict y, int *restrict from, const float *restrict x, long pixels, long channels, long line) {
	const int right = channels, below = line, corner = line + channels;
	for (long p = 0; p < pixels; p++, x += 2 * channels, y += channels, from += channels)
		for (long i = 0; i < channels; i++) {
			float most = x[i];
			int at = 0;
			at = x[right + i] > most ? right : at;
			most = x[right + i] > most ? x[right + i] : most;
			at = x[below + i] > most ? below : at;
			most = x[below + i] > most ? x[below + i] : most;
			at = x[corner + i] > most ? corner : at;
			most = x[corner + i] > most ? x[corner + i] : most;
			y[i] = most;
			from[i] = 2 * p * channels + i + at;
		}
}

static inline void gather(float *restrict to, const float *restrict from, long runs, long n, long to_step, long from_step) {
	for (; runs > 0; runs--, to += to_step, from += from_step)
		for (long i = 0; i < n; i++)
			to[i] = from[i];
}

VECTORISED void nn_gather(float *restrict to, const float *restrict from, long runs, long n, long to_step, long from_step) {
	// Three pixels of three colours, which nearly every network starts with, are
	// copied in a few instructions where their number is known.
	if (n == 9)
		gather(to, from, runs, 9, to_step, from_step);
	else
		gather(to, from, runs, n, to_step, from_step);
}

VECTORISED void nn_scatter_add(float *to, const float *restrict from, long runs, long n, long to_step, long from_step) {
	for (; runs > 0; runs--, to += to_step, from += from_step)
		for (long i = 0; i < n; i++)
			to[i] += from[i];
}
