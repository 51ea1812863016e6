package main

import (
	"math"
	"sort"
	"time"
)

// Calls this often, and then, timed, one after the other, for as long as there is time.
func timed(long time.Duration, warmUp int64, call func(int64) error) ([]float64, error) {
	for n := int64(0); n < warmUp; n++ {
		if err := call(n); err != nil {
			return nil, err
		}
	}
	var times []float64
	began := time.Now()
	for before := began; before.Sub(began) < long; {
		if err := call(int64(len(times))); err != nil {
			return nil, err
		}
		now := time.Now()
		times = append(times, float64(now.Sub(before).Nanoseconds())/1e3)
		before = now
	}
	return times, nil
}

// The value below which this share of the values lies.
func quantile(values []float64, share float64) float64 {
	sorted := append([]float64(nil), values...)
	sort.Float64s(sorted)
	if len(sorted) == 0 {
		return math.NaN()
	}
	place := float64(len(sorted)-1) * share
	below, above := sorted[int(math.Floor(place))], sorted[int(math.Ceil(place))]
	return below + (above-below)*(place-math.Floor(place))
}
