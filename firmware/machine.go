package firmware

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// sysfs is where the kernel tells of the machine.
const sysfs = "/sys"

// temperature is the warmest thermal zone's, in degrees Celsius.
func temperature(sysfs string) (celsius float64, err error) {
	zones, err := filepath.Glob(filepath.Join(sysfs, "class/thermal/thermal_zone*/temp"))
	if err != nil {
		return 0, err
	}
	err = errors.New("this machine shows no temperature")
	for _, zone := range zones {
		text, readErr := os.ReadFile(zone)
		millidegrees, parseErr := strconv.Atoi(strings.TrimSpace(string(text)))
		if readErr != nil || parseErr != nil {
			continue
		}
		if degrees := float64(millidegrees) / 1000; err != nil || degrees > celsius {
			celsius, err = degrees, nil
		}
	}
	return celsius, err
}

// throttles are the lowest bits of a Raspberry Pi's word on what holds it back
// now (raspberrypi.com, documentation of vcgencmd get_throttled).
var throttles = []string{"under_voltage", "frequency_capped", "throttled", "soft_temperature_limit"}

// throttled is that word; ok is false on other machines.
func throttled(sysfs string) (word uint64, ok bool) {
	paths, err := filepath.Glob(filepath.Join(sysfs, "devices/platform/soc*/soc*firmware/get_throttled"))
	if err != nil || len(paths) == 0 {
		return 0, false
	}
	text, err := os.ReadFile(paths[0])
	if err != nil {
		return 0, false
	}
	word, err = strconv.ParseUint(strings.TrimPrefix(strings.TrimSpace(string(text)), "0x"), 16, 64)
	return word, err == nil
}

// machine tells how hot the machine is and what holds it back, as far as the
// machine itself tells: what it does not know is no metric.
type machine struct{ sysfs string }

var (
	temperatureGauge = prometheus.NewDesc("canting_temperature_celsius", "Of the warmest thermal zone.", nil, nil)
	throttledGauge   = prometheus.NewDesc("canting_throttled", "1 while a Raspberry Pi is held back, by cause.", []string{"cause"}, nil)
)

// Describe implements prometheus.Collector.
func (machine) Describe(out chan<- *prometheus.Desc) {
	out <- temperatureGauge
	out <- throttledGauge
}

// Collect implements prometheus.Collector.
func (m machine) Collect(out chan<- prometheus.Metric) {
	if celsius, err := temperature(m.sysfs); err == nil {
		out <- prometheus.MustNewConstMetric(temperatureGauge, prometheus.GaugeValue, celsius)
	}
	if word, ok := throttled(m.sysfs); ok {
		for bit, cause := range throttles {
			out <- prometheus.MustNewConstMetric(throttledGauge, prometheus.GaugeValue, float64(word>>bit&1), cause)
		}
	}
}
