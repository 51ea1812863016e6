package main

import (
	"math"
	"sort"
	"time"
)

// Makes warmUp calls, and then times calls, one after the other, until this much time has passed.
// Returns how long each timed call took, in microseconds.
func timed(duration time.Duration, warmUp int64, call func(int64) error) ([]float64, error) {
	for n := int64(0); n < warmUp; n++ {
		if err := call(n); err != nil {
			return nil, err
		}
	}
	var times []float64
	began := time.Now()
	for before := began; before.Sub(began) < duration; {
		if err := call(int64(len(times))); err != nil {
			return nil, err
		}
		now := time.Now()
		times = append(times, float64(now.Sub(before).Nanoseconds())/1e3)
		before = now
	}
	return times, nil
}

// The value below which this share (0 to 1) of the values lies. NaN if there are no values.
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
