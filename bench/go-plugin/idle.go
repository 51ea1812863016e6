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
	time0, wakeUps0, err := usage("self")
	if err != nil {
		return nil, err
	}
	time.Sleep(o.watched)
	time1, wakeUps1, err := usage("self")
	seconds := o.watched.Seconds()
	return []float64{(time1 - time0) / seconds, (wakeUps1 - wakeUps0) / seconds}, err
}

// The processor time of this host and its plugin, in milliseconds.
func (r running) millisOfBoth() (float64, error) {
	host, _, err := usage("self")
	if err != nil {
		return 0, err
	}
	plugin, _, err := usage(fmt.Sprint(r.process()))
	return host + plugin, err
}

// What all threads of a process have used: processor time in milliseconds, and how often a
// thread has gone to sleep voluntarily.
func usage(process string) (millis, sleeps float64, err error) {
	threads, err := filepath.Glob("/proc/" + process + "/task/*")
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
