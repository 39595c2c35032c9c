#include "onednn.h"

#include <cmath>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <oneapi/dnnl/dnnl.hpp>

using dnnl::memory;
using dnnl::primitive_attr;
using tag = memory::format_tag;
using type = memory::data_type;

namespace {

thread_local std::string problem;

struct tensor {
	onednn_type type;
	memory data;
};

struct call {
	dnnl::primitive primitive;
	std::unordered_map<int, memory> arguments;
};

memory::dims shape(const onednn_type &t) { return {1, t.c, t.h, t.w}; }
type element(const onednn_type &t) { return t.is_unsigned ? type::u8 : type::s8; }
memory::desc nhwc(const onednn_type &t) { return {shape(t), element(t), tag::nhwc}; }

}  // namespace

struct onednn_net {
	dnnl::engine engine{dnnl::engine::kind::cpu, 0};
	dnnl::stream stream{engine};
	std::vector<tensor> tensors;
	std::vector<call> calls;

	int add(onednn_type t, memory data) {
		tensors.push_back({t, std::move(data)});
		return static_cast<int>(tensors.size()) - 1;
	}
	int add(onednn_type t) { return add(t, memory(nhwc(t), engine)); }

	// Sums are scaled to the output's scale, then clipped.
	primitive_attr requantization(const onednn_type &in, const onednn_type &out, const float *scales, onednn_activation a) {
		std::vector<float> ratios(out.c);
		for (int i = 0; i < out.c; i++) ratios[i] = scales[i] * in.scale / out.scale;
		primitive_attr attributes;
		attributes.set_output_scales(1 << 1, ratios);
		dnnl::post_ops after;
		if (a.clip && std::isinf(a.ceiling)) after.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
		if (a.clip && !std::isinf(a.ceiling)) after.append_eltwise(1, dnnl::algorithm::eltwise_clip, 0, a.ceiling / out.scale);
		attributes.set_post_ops(after);
		return attributes;
	}

	// Weights in the layout that the primitive chose, packed once.
	memory packed(const memory::dims &dims, tag layout, const signed char *weights, const memory::desc &wanted) {
		memory plain({dims, type::s8, layout}, engine, const_cast<signed char *>(weights)), out(wanted, engine);
		dnnl::reorder(plain, out).execute(stream, plain, out);
		stream.wait();
		return out;
	}

	memory zeroBias(int n) {
		memory bias({{n}, type::s32, tag::x}, engine);
		auto *values = static_cast<int32_t *>(bias.get_data_handle());
		for (int i = 0; i < n; i++) values[i] = 0;
		return bias;
	}
};

template <typename F>
static int guarded(F build) {
	try {
		return build();
	} catch (const std::exception &e) {
		problem = e.what();
		return -1;
	}
}

const char *onednn_error(void) { return problem.c_str(); }

const char *onednn_version(void) {
	static std::string text;
	const dnnl_version_t *v = dnnl_version();
	text = std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
	return text.c_str();
}

onednn_net *onednn_new(void) {
	onednn_net *net = nullptr;
	guarded([&] { net = new onednn_net; return 0; });
	return net;
}

int onednn_input(onednn_net *net, onednn_type t) {
	return guarded([&] { return net->add(t); });
}

int onednn_convolution(onednn_net *net, int x, onednn_type out, onednn_window w, int depthwise, const signed char *weights, const float *scales, onednn_activation a) {
	return guarded([&] {
		const tensor in = net->tensors.at(x);
		const int c = in.type.c;
		const memory::dims dims = depthwise ? memory::dims{c, 1, 1, w.kernel_h, w.kernel_w} : memory::dims{out.c, c, w.kernel_h, w.kernel_w};
		dnnl::convolution_forward::desc op(dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, nhwc(in.type), {dims, type::s8, tag::any},
			{{out.c}, type::s32, tag::x}, nhwc(out), {w.stride_h, w.stride_w}, {w.top, w.left}, {w.bottom, w.right});
		dnnl::convolution_forward::primitive_desc pd(op, net->requantization(in.type, out, scales, a), net->engine);
		memory packed = net->packed(dims, depthwise ? tag::hwigo : tag::ohwi, weights, pd.weights_desc());
		int y = net->add(out);
		net->calls.push_back({dnnl::convolution_forward(pd), {{DNNL_ARG_SRC, in.data}, {DNNL_ARG_WEIGHTS, packed}, {DNNL_ARG_BIAS, net->zeroBias(out.c)}, {DNNL_ARG_DST, net->tensors[y].data}}});
		return y;
	});
}

int onednn_dense(onednn_net *net, int x, onednn_type out, const signed char *weights, const float *scales, onednn_activation a) {
	return guarded([&] {
		const tensor in = net->tensors.at(x);
		const memory::dims dims{out.c, in.type.c, in.type.h, in.type.w};
		const memory::desc flat({1, out.c}, element(out), tag::nc);
		dnnl::inner_product_forward::desc op(dnnl::prop_kind::forward_inference, in.data.get_desc(), {dims, type::s8, tag::any}, {{out.c}, type::s32, tag::x}, flat);
		dnnl::inner_product_forward::primitive_desc pd(op, net->requantization(in.type, out, scales, a), net->engine);
		memory packed = net->packed(dims, tag::ohwi, weights, pd.weights_desc());
		int y = net->add(out);
		memory result(flat, net->engine, net->tensors[y].data.get_data_handle());
		net->calls.push_back({dnnl::inner_product_forward(pd), {{DNNL_ARG_SRC, in.data}, {DNNL_ARG_WEIGHTS, packed}, {DNNL_ARG_BIAS, net->zeroBias(out.c)}, {DNNL_ARG_DST, result}}});
		return y;
	});
}

int onednn_pool(onednn_net *net, int x, onednn_type out, onednn_window w, int maximum) {
	return guarded([&] {
		const tensor in = net->tensors.at(x);
		out.is_unsigned = in.type.is_unsigned;
		auto algorithm = maximum ? dnnl::algorithm::pooling_max : dnnl::algorithm::pooling_avg_exclude_padding;
		dnnl::pooling_forward::desc op(dnnl::prop_kind::forward_inference, algorithm, in.data.get_desc(), nhwc(out), {w.stride_h, w.stride_w}, {w.kernel_h, w.kernel_w}, {w.top, w.left}, {w.bottom, w.right});
		dnnl::pooling_forward::primitive_desc pd(op, net->engine);
		int y = net->add(out);
		net->calls.push_back({dnnl::pooling_forward(pd), {{DNNL_ARG_SRC, in.data}, {DNNL_ARG_DST, net->tensors[y].data}}});
		return y;
	});
}

int onednn_add(onednn_net *net, int a, int b, onednn_type out) {
	return guarded([&] {
		const tensor first = net->tensors.at(a), second = net->tensors.at(b);
		primitive_attr attributes;
		attributes.set_scales(DNNL_ARG_SRC_0, 0, {first.type.scale / out.scale});
		attributes.set_scales(DNNL_ARG_SRC_1, 0, {second.type.scale / out.scale});
		dnnl::binary::desc op(dnnl::algorithm::binary_add, first.data.get_desc(), second.data.get_desc(), nhwc(out));
		dnnl::binary::primitive_desc pd(op, attributes, net->engine);
		int y = net->add(out);
		net->calls.push_back({dnnl::binary(pd), {{DNNL_ARG_SRC_0, first.data}, {DNNL_ARG_SRC_1, second.data}, {DNNL_ARG_DST, net->tensors[y].data}}});
		return y;
	});
}

int onednn_run(onednn_net *net) {
	return guarded([&] {
		for (auto &c : net->calls) c.primitive.execute(net->stream, c.arguments);
		net->stream.wait();
		return 0;
	});
}
