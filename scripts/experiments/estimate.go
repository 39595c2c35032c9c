package main

import (
	"fmt"
	"math"
)

// estimate is a share with its interval.
type estimate struct{ Mean, Low, High float64 }

func (e estimate) String() string {
	return fmt.Sprintf("%.1f (%.1f to %.1f)", 100*e.Mean, 100*e.Low, 100*e.High)
}

// wilson is the 95 % score interval of a share of n.
func wilson(p, n float64) estimate {
	const z = 1.959963984540054
	centre, spread := p+z*z/(2*n), z*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return estimate{p, (centre - spread) / (1 + z*z/n), (centre + spread) / (1 + z*z/n)}
}
