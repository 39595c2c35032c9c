package firmware

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"canting/capture"
)

// metrics are what /metrics tells; docs/operations.md explains each to the
// engineer. The motif label takes the model's labels and "unknown".
type metrics struct {
	registry  *prometheus.Registry
	frames    prometheus.Counter
	inference prometheus.Summary
	labelAge  prometheus.Summary
	verdicts  *prometheus.CounterVec
	advice    *prometheus.CounterVec
	swaps     *prometheus.CounterVec
	refusals  *prometheus.CounterVec
	rollbacks *prometheus.CounterVec
	reloads   *prometheus.CounterVec
	collected *prometheus.CounterVec
}

// quantiles are the summaries', with the error allowed in each rank.
var quantiles = map[float64]float64{0.5: 0.05, 0.9: 0.01, 0.99: 0.001}

func newMetrics(cam camera) *metrics {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		machine{sysfs},
	)
	register := promauto.With(registry)
	registerCamera(register, cam)
	b := thisBuild()
	register.NewGauge(prometheus.GaugeOpts{
		Name:        "canting_build_info",
		Help:        "Always 1; its labels say which program this is.",
		ConstLabels: prometheus.Labels{"version": b.Version, "commit": b.Revision, "go": b.Go},
	}).Set(1)
	return &metrics{
		registry: registry,
		frames: register.NewCounter(prometheus.CounterOpts{
			Name: "canting_frames_total",
			Help: "Frames that were classified.",
		}),
		inference: register.NewSummary(prometheus.SummaryOpts{
			Name:       "canting_inference_seconds",
			Help:       "Time of one forward pass of the model.",
			Objectives: quantiles,
		}),
		labelAge: register.NewSummary(prometheus.SummaryOpts{
			Name:       "canting_label_age_seconds",
			Help:       "Time from a frame's capture until its label was published.",
			Objectives: quantiles,
		}),
		verdicts: register.NewCounterVec(prometheus.CounterOpts{
			Name: "canting_verdicts_total",
			Help: "Presses of the shutter that were answered, by motif.",
		}, []string{"motif"}),
		advice: register.NewCounterVec(prometheus.CounterOpts{
			Name: "canting_verdict_advice_total",
			Help: "Answered presses that named no motif, by what the visitor was advised of.",
		}, []string{"advice"}),
		swaps: register.NewCounterVec(prometheus.CounterOpts{
			Name: "canting_model_swaps_total",
			Help: "Models that took over from another, by where the new one came from.",
		}, []string{"source"}),
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
		collected: register.NewCounterVec(prometheus.CounterOpts{
			Name: "canting_collected_pictures_total",
			Help: "Pictures that collect asked for, by what became of them: kept, dropped or failed.",
		}, []string{"result"}),
	}
}

func registerCamera(register promauto.Factory, cam camera) {
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
	register.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "canting_camera_frames_per_second",
		Help: "New frames a second that the camera gives, over about a second.",
	}, func() float64 { return cam.Status().FPS })
	register.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "canting_camera_memory_bytes",
		Help: "Resident memory of the camera process; 0 while there is none.",
	}, func() float64 { return float64(cam.Status().MemoryBytes) })
}

// countViewers tells how many watch.
func (m *metrics) countViewers(of string, count func() int64) {
	promauto.With(m.registry).NewGaugeFunc(prometheus.GaugeOpts{
		Name:        "canting_viewers",
		Help:        "Who is connected now, to the stream or to the events.",
		ConstLabels: prometheus.Labels{"of": of},
	}, func() float64 { return float64(count()) })
}

// servingModel tells which model serves at the time of asking.
type servingModel struct{ kiosk *kiosk }

var modelInfo = prometheus.NewDesc("canting_model_info",
	"Always 1; its labels say which model serves, and the kernel that runs it.",
	[]string{"sha256", "source", "kernel"}, nil)

func (servingModel) Describe(out chan<- *prometheus.Desc) { out <- modelInfo }

func (s servingModel) Collect(out chan<- prometheus.Metric) {
	c := s.kiosk.serving.Load()
	out <- prometheus.MustNewConstMetric(modelInfo, prometheus.GaugeValue, 1, c.model.Digest(), c.origin.Source, c.model.Kernel())
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
