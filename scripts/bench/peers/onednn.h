// A chain of oneDNN's int8 primitives, built operator by operator. Functions
// that build return a tensor's number, or -1 with onednn_error set.
#ifdef __cplusplus
extern "C" {
#endif
typedef struct onednn_net onednn_net;

typedef struct {
	int kernel_h, kernel_w, stride_h, stride_w;
	int top, left, bottom, right;  // padding
} onednn_window;

// What follows a sum: clipping at 0 and, unless infinite, at ceiling.
typedef struct {
	int clip;
	float ceiling;
} onednn_activation;

// A tensor's type: NHWC of batch 1, u8 where no value is below 0, s8 otherwise.
typedef struct {
	int h, w, c, is_unsigned;
	float scale;
} onednn_type;

const char *onednn_error(void);
const char *onednn_version(void);
onednn_net *onednn_new(void);
int onednn_input(onednn_net *, onednn_type);
// weights are OHWI, for a depthwise convolution HWO; scales are one for each
// output channel.
int onednn_convolution(onednn_net *, int x, onednn_type out, onednn_window, int depthwise, const signed char *weights, const float *scales, onednn_activation);
int onednn_dense(onednn_net *, int x, onednn_type out, const signed char *weights, const float *scales, onednn_activation);
int onednn_pool(onednn_net *, int x, onednn_type out, onednn_window, int maximum);
int onednn_add(onednn_net *, int a, int b, onednn_type out);
int onednn_run(onednn_net *);
#ifdef __cplusplus
}
#endif
