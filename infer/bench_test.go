package infer

import (
	"os"
	"strings"
	"testing"

	"canting/infer/kernel"
)

// networks are the four that the engine's speed is measured on.
var networks = []struct{ name, file, missing string }{
	{"paper96", "../build/bench/paper96.tflite", "make build/bench/paper96.tflite writes it"},
	{"resnet8", "../../shared/models/mlcommons-tiny/pretrainedResnet_quant.tflite", "the real models are on the development machines only"},
	{"vww96", "../../shared/models/mlcommons-tiny/vww_96_int8.tflite", "the real models are on the development machines only"},
	{"mbv2_224", "../../shared/models/google-coral/tf2_mobilenet_v2_1.0_224_ptq.tflite", "the real models are on the development machines only"},
}

// eachModel calls f with each network in every kernel that this processor runs.
// The kernel is a key of benchstat's in the names: -col /kernel compares them.
func eachModel(b *testing.B, f func(*testing.B, *Model)) {
	for _, n := range networks {
		b.Run(n.name, func(b *testing.B) {
			file, err := os.ReadFile(n.file)
			if err != nil {
				b.Skipf("%v; %s", err, n.missing)
			}
			for _, name := range kernel.Available() {
				m, err := Load(file, Options{Kernel: name})
				if err != nil {
					b.Fatal(err)
				}
				f(b, m)
			}
		})
	}
}

// BenchmarkModel times whole inferences.
func BenchmarkModel(b *testing.B) {
	eachModel(b, func(b *testing.B, m *Model) {
		s := m.NewSession()
		defer s.Close()
		b.Run("kernel="+m.Kernel(), func(b *testing.B) {
			for b.Loop() {
				if err := s.Run(); err != nil {
					b.Fatal(err)
				}
			}
			report(b, m.MACs())
		})
	})
}

// BenchmarkLayer times every operator of every network, those of one shape once:
// mbv2_224/conv_14x14x96_14x14x576_1x1s1 is MobileNetV2's 1x1 convolution of
// 14x14 pixels from 96 to 576 channels with stride 1.
func BenchmarkLayer(b *testing.B) {
	eachModel(b, func(b *testing.B, m *Model) {
		s := m.NewSession()
		defer s.Close()
		seen := map[string]bool{}
		for i, step := range m.Steps() {
			name := layerName(step)
			if seen[name] {
				continue
			}
			seen[name] = true
			b.Run(name+"/kernel="+m.Kernel(), func(b *testing.B) {
				one := newTeam(1, m.plan.scratch, s.team.steps[i:i+1])
				for b.Loop() {
					if f := one.run(nil); f != nil {
						b.Fatal(f.err)
					}
				}
				report(b, step.MACs)
			})
		}
	})
}

// BenchmarkHeat times the heat map of one label: the demonstration model's, which
// averages its feature map, and that of the paper's network, which flattens it.
func BenchmarkHeat(b *testing.B) {
	for _, n := range []struct{ name, file string }{
		{"demo", "../firmware/demo/demo.tflite"},
		{networks[0].name, networks[0].file},
	} {
		b.Run(n.name, func(b *testing.B) {
			file, err := os.ReadFile(n.file)
			if err != nil {
				b.Skipf("%v; %s", err, networks[0].missing)
			}
			m, err := Load(file, Options{})
			if err != nil {
				b.Fatal(err)
			}
			s := m.NewSession()
			defer s.Close()
			patches(s.Input(), m.Input().Shape, 1)
			if err := s.Run(); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := s.Heat(0); !ok {
					b.Fatal("it has no heat map")
				}
			}
		})
	}
}

func layerName(s Step) string {
	operator := strings.NewReplacer("_2D", "", "DEPTHWISE_CONV", "depthwise", "FULLY_CONNECTED", "dense", "_", "").Replace(s.Operator)
	return strings.ToLower(operator) + "_" + strings.NewReplacer(" > ", "_", " ", "_", "/", "s").Replace(s.Shape)
}

func report(b *testing.B, macs int64) {
	if macs > 0 {
		b.ReportMetric(float64(macs)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GMAC/s")
	}
}
