// Program go-plugin is both sides of HashiCorp's go-plugin over gRPC: `serve` is the plugin,
// as go-plugin itself starts it, and `host` takes one sample and prints it as JSON.
//
// It is written against the packages of Debian, and built without modules by the benchmark
// that it belongs to. No protobuf compiler is needed: see messages.go.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"
)

// What a sample is to be.
type order struct {
	row string
	// How long one sample of repeated calls takes.
	time time.Duration
	// How many callbacks there are to be.
	callbacks uint64
	// How often the plugin is started.
	starts int
	// How many plugins an idle host has, until when it settles, and for how long it is watched.
	plugins         int
	settle, watched time.Duration
	// A program that takes the seat that its environment names, and becomes what follows it.
	seater string
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "serve" {
		serve()
		return
	}
	sample, err := measure(ordered())
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(sample)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "go-plugin:", err)
		os.Exit(1)
	}
}

func ordered() order {
	var o order
	flag.StringVar(&o.row, "row", "", "what is measured")
	flag.DurationVar(&o.time, "time", 150*time.Millisecond, "of one sample")
	flag.Uint64Var(&o.callbacks, "callbacks", 100_000, "in one sample")
	flag.IntVar(&o.starts, "starts", 8, "in one sample")
	flag.IntVar(&o.plugins, "plugins", 4, "of an idle host")
	flag.DurationVar(&o.settle, "settle", 500*time.Millisecond, "before a host is idle")
	flag.DurationVar(&o.watched, "watched", 2*time.Second, "for which an idle host is watched")
	flag.StringVar(&o.seater, "seater", "", "seats the plugin on its processor")
	flag.Parse()
	return o
}

func measure(o order) ([]float64, error) {
	switch o.row {
	case "add":
		return add(o)
	case "echo":
		return echo(o)
	case "in-flight":
		return inFlight(o)
	case "beside-slow":
		return besideSlow(o)
	case "take":
		return large(o, (*client).takeAll)
	case "echo-large":
		return large(o, (*client).echoAll)
	case "joined-callbacks":
		return callBacks(o)
	case "start":
		return start(o)
	case "memory":
		return memory(o)
	case "idle-host":
		return idleHost(o)
	}
	return nil, fmt.Errorf("there is no row %q", o.row)
}
