package firmware

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"canting/capture"
)

// metrics are what /metrics tells. The motif label takes the model's labels
// and "unknown".
type metrics struct {
	registry  *prometheus.Registry
	frames    prometheus.Counter
	inference prometheus.Histogram
	verdicts  *prometheus.CounterVec
	swaps     prometheus.Counter
	refusals  *prometheus.CounterVec
	rollbacks *prometheus.CounterVec
	reloads   *prometheus.CounterVec
}

func newMetrics(cam camera) *metrics {
	registry := prometheus.NewRegistry()
	register := promauto.With(registry)
	register.NewCounterFunc(prometheus.CounterOpts{
		Name: "canting_camera_restarts_total",
		Help: "Times the camera process was started again.",
	}, func() float64 { return float64(cam.Status().Restarts) })
	register.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "canting_camera_live",
		Help: "1 while the camera gives frames.",
	}, func() float64 {
		if cam.Status().State == capture.Live {
			return 1
		}
		return 0
	})
	return &metrics{
		registry: registry,
		frames: register.NewCounter(prometheus.CounterOpts{
			Name: "canting_frames_total",
			Help: "Frames that were classified.",
		}),
		inference: register.NewHistogram(prometheus.HistogramOpts{
			Name:    "canting_inference_seconds",
			Help:    "Time of one forward pass of the model.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 12), // 0.5 ms to 1 s
		}),
		verdicts: register.NewCounterVec(prometheus.CounterOpts{
			Name: "canting_verdicts_total",
			Help: "Presses of the shutter that were answered, by motif.",
		}, []string{"motif"}),
		swaps: register.NewCounter(prometheus.CounterOpts{
			Name: "canting_model_swaps_total",
			Help: "Models that took over from another.",
		}),
		refusals: register.NewCounterVec(prometheus.CounterOpts{
			Name: "canting_model_refusals_total",
			Help: "Models that were not let in, by reason.",
		}, []string{"reason"}),
		rollbacks: register.NewCounterVec(prometheus.CounterOpts{
			Name: "canting_model_rollbacks_total",
			Help: "Models that were taken back within their first minute, by reason.",
		}, []string{"reason"}),
		reloads: register.NewCounterVec(prometheus.CounterOpts{
			Name: "canting_configuration_reloads_total",
			Help: "Changes of the configuration, by what became of them: applied or refused.",
		}, []string{"result"}),
	}
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
