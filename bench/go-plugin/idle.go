package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// An idle host with several plugins: its processor time and how often it wakes up.
func idleHost(o order) ([]float64, error) {
	for index := 0; index < o.plugins; index++ {
		r, err := launch(o)
		if err != nil {
			return nil, err
		}
		defer r.stop()
		if err := r.addChecked(2, 3); err != nil {
			return nil, err
		}
	}
	time.Sleep(o.settle)
	time0, wakeUps0, err := usage()
	if err != nil {
		return nil, err
	}
	time.Sleep(o.watched)
	time1, wakeUps1, err := usage()
	seconds := o.watched.Seconds()
	return []float64{(time1 - time0) / seconds, (wakeUps1 - wakeUps0) / seconds}, err
}

// What all threads of this process have used: processor time in milliseconds, and how often a
// thread has gone to sleep voluntarily.
func usage() (millis, sleeps float64, err error) {
	threads, err := filepath.Glob("/proc/self/task/*")
	for _, thread := range threads {
		schedule, err := os.ReadFile(filepath.Join(thread, "schedstat"))
		if err != nil {
			return 0, 0, err
		}
		// The first of three numbers is the processor time in nanoseconds.
		var nanos float64
		if _, err := fmt.Sscan(string(schedule), &nanos); err != nil {
			return 0, 0, err
		}
		status, err := os.ReadFile(filepath.Join(thread, "status"))
		if err != nil {
			return 0, 0, err
		}
		switches, err := field(string(status), "\nvoluntary_ctxt_switches:")
		if err != nil {
			return 0, 0, err
		}
		millis, sleeps = millis+nanos/1e6, sleeps+switches
	}
	return millis, sleeps, err
}
