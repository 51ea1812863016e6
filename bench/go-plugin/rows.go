package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// How many calls are made before the clock starts.
const warmUp = 500

// Each row measures what the row of the same name measures with the other peers.

func add(o order) ([]float64, error) {
	r, err := launch(o)
	if err != nil {
		return nil, err
	}
	defer r.stop()
	call := func(n int64) error { return r.addChecked(n, 1) }
	if _, err := timed(0, warmUp, call); err != nil {
		return nil, err
	}
	before, err := r.millisOfBoth()
	if err != nil {
		return nil, err
	}
	times, err := timed(o.time, 0, call)
	if err != nil {
		return nil, err
	}
	after, err := r.millisOfBoth()
	used := (after - before) * 1e3 / float64(len(times))
	return []float64{quantile(times, 0.5), quantile(times, 0.99), used}, err
}

// A call each millisecond.
func rare(o order) ([]float64, error) {
	r, err := launch(o)
	if err != nil {
		return nil, err
	}
	defer r.stop()
	if _, err := r.callRarely(200); err != nil {
		return nil, err
	}
	before, err := r.millisOfBoth()
	if err != nil {
		return nil, err
	}
	calls := o.time.Milliseconds()
	times, err := r.callRarely(calls)
	if err != nil {
		return nil, err
	}
	after, err := r.millisOfBoth()
	return []float64{quantile(times, 0.5), (after - before) * 1e3 / float64(calls)}, err
}

// Returns how long each call took, in microseconds.
func (r running) callRarely(calls int64) ([]float64, error) {
	var times []float64
	for n := int64(0); n < calls; n++ {
		time.Sleep(time.Millisecond)
		began := time.Now()
		if err := r.addChecked(n, 1); err != nil {
			return nil, err
		}
		times = append(times, float64(time.Since(began).Nanoseconds())/1e3)
	}
	return times, nil
}

func echo(o order) ([]float64, error) {
	r, err := launch(o)
	if err != nil {
		return nil, err
	}
	defer r.stop()
	bytes := []byte(strings.Repeat("x", 1024))
	times, err := timed(o.time, warmUp, func(int64) error { return r.echoAll(bytes) })
	return []float64{quantile(times, 0.5)}, err
}

// The rate of the median call, in GB/s.
func large(o order, call func(*client, []byte) error) ([]float64, error) {
	r, err := launch(o)
	if err != nil {
		return nil, err
	}
	defer r.stop()
	bytes := make([]byte, 16<<20)
	for index := range bytes {
		bytes[index] = byte(index % 251)
	}
	// One call is not enough to warm up: gRPC's window and Go's heap grow gradually.
	times, err := timed(o.time, 5, func(int64) error { return call(r.client, bytes) })
	return []float64{float64(len(bytes)) / quantile(times, 0.5) / 1e3}, err
}

func callBacks(o order) ([]float64, error) {
	r, err := launch(o)
	if err != nil {
		return nil, err
	}
	defer r.stop()
	if err := r.callBack(1000); err != nil {
		return nil, err
	}
	began := time.Now()
	err = r.callBack(o.callbacks)
	return []float64{float64(o.callbacks) / time.Since(began).Seconds() / 1e3}, err
}

func start(o order) ([]float64, error) {
	var times []float64
	for index := 0; index < o.starts; index++ {
		began := time.Now()
		r, err := launch(o)
		if err != nil {
			return nil, err
		}
		err = r.addChecked(2, 3)
		times = append(times, time.Since(began).Seconds()*1e3)
		r.stop()
		if err != nil {
			return nil, err
		}
	}
	return []float64{quantile(times, 0.5)}, nil
}

func memory(o order) ([]float64, error) {
	r, err := launch(o)
	if err != nil {
		return nil, err
	}
	defer r.stop()
	for n := int64(0); n < 1000; n++ {
		if err := r.addChecked(n, 1); err != nil {
			return nil, err
		}
	}
	time.Sleep(50 * time.Millisecond)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.process()))
	if err != nil {
		return nil, err
	}
	kib, err := field(string(status), "VmRSS:")
	return []float64{kib / 1024}, err
}

// The number that follows a name in a file of /proc.
func field(status, name string) (float64, error) {
	_, rest, found := strings.Cut(status, name)
	var value float64
	if _, err := fmt.Sscan(rest, &value); !found || err != nil {
		return 0, fmt.Errorf("no %s", name)
	}
	return value, nil
}
