package main

import (
	"time"
)

const (
	callers     = 64
	slowCallers = 4
	// How many calls of each caller are left out whenever all callers start at once: the first
	// calls are late in any case.
	firstCalls = 5
)

// 64 callers, each of which always has one call in flight.
func inFlight(o order) ([]float64, error) {
	r, err := launch(o)
	if err != nil {
		return nil, err
	}
	defer r.stop()
	for n := int64(0); n < warmUp; n++ {
		if err := r.addChecked(n, 1); err != nil {
			return nil, err
		}
	}
	before, err := r.millisOfBoth()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	times, err := r.crowd(o.time, 0)
	if err != nil {
		return nil, err
	}
	seconds, calls := time.Since(began).Seconds(), float64(len(times))
	after, err := r.millisOfBoth()
	return []float64{calls / seconds / 1e3, (after - before) * 1e3 / calls}, err
}

// 64 quick callers, first alone and then beside 4 callers that keep calling the slow method.
func besideSlow(o order) ([]float64, error) {
	r, err := launch(o)
	if err != nil {
		return nil, err
	}
	defer r.stop()
	if _, err := r.crowd(o.time/4, firstCalls); err != nil {
		return nil, err
	}
	alone, err := r.crowd(o.time/2, firstCalls)
	if err != nil {
		return nil, err
	}
	stop, ended := make(chan struct{}), make(chan error, slowCallers)
	for index := 0; index < slowCallers; index++ {
		go func() {
			for {
				select {
				case <-stop:
					ended <- nil
					return
				default:
				}
				if err := r.slow(); err != nil {
					ended <- err
					return
				}
			}
		}()
	}
	beside, err := r.crowd(o.time, firstCalls)
	close(stop)
	for index := 0; index < slowCallers; index++ {
		if failure := <-ended; err == nil {
			err = failure
		}
	}
	if err != nil {
		return nil, err
	}
	after, err := r.crowd(o.time/2, firstCalls)
	alone = append(alone, after...)
	late, lateAlone := quantile(beside, 0.999), quantile(alone, 0.999)
	return []float64{late / 1e3, late / lateAlone, quantile(beside, 1) / quantile(alone, 1)}, err
}

// Lets all callers call for this long. Returns how long each call took, in microseconds, without
// the first calls of each caller.
func (c *client) crowd(duration time.Duration, skipped int) ([]float64, error) {
	type outcome struct {
		times []float64
		err   error
	}
	outcomes := make(chan outcome)
	for caller := int64(0); caller < callers; caller++ {
		go func(caller int64) {
			times, err := timed(duration, 0, func(n int64) error { return c.addChecked(n, caller) })
			outcomes <- outcome{times, err}
		}(caller)
	}
	var all []float64
	var err error
	for caller := 0; caller < callers; caller++ {
		outcome := <-outcomes
		if len(outcome.times) > skipped {
			all = append(all, outcome.times[skipped:]...)
		}
		if outcome.err != nil {
			err = outcome.err
		}
	}
	return all, err
}
