// Loops over the elements of a layer's pictures, which Go's compiler does not
// turn into vector instructions. A picture's pixels have their channels side by
// side. No array overlaps another, but for the runs of nn_scatter_add.

// nn_clamp writes x, no less than 0 and no more than limit.
void nn_clamp(float *y, const float *x, long n, float limit);

// nn_clamp_back writes dy where y is above 0 and below limit, and 0 elsewhere.
void nn_clamp_back(float *dx, const float *dy, const float *y, long n, float limit);

// nn_add writes a + b.
void nn_add(float *y, const float *a, const float *b, long n);

// nn_affine writes a*x + c, a and c per channel.
void nn_affine(float *y, const float *x, const float *a, const float *c, long pixels, long channels);

// nn_affine2 writes a*u + b*v + c, a, b and c per channel.
void nn_affine2(float *y, const float *u, const float *v, const float *a, const float *b, const float *c, long pixels, long channels);

// nn_channel_sums adds the sum of a and of a*b to sum and product, per channel.
void nn_channel_sums(double *sum, double *product, const float *a, const float *b, long pixels, long channels);

// nn_multiply_add adds a*b to y, for all channels of so many pixels; the arrays go
// on by their steps from one pixel to the next.
void nn_multiply_add(float *y, const float *a, const float *b, long pixels, long channels, long y_step, long a_step, long b_step);

// nn_pool writes the largest of 2x2 pixels of two lines, the first at x, the second
// `line` numbers behind it, and where in x it is: the first, if several are equal.
void nn_pool(float *y, int *from, const float *x, long pixels, long channels, long line);

// nn_gather copies runs of n numbers; the arrays go on by their steps from one run
// to the next.
void nn_gather(float *to, const float *from, long runs, long n, long to_step, long from_step);

// nn_scatter_add adds runs of n numbers to others, which may overlap one another.
void nn_scatter_add(float *to, const float *from, long runs, long n, long to_step, long from_step);
