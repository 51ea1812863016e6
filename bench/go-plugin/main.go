// Program go-plugin is both sides of HashiCorp's go-plugin over gRPC. With the argument `serve`
// it is the plugin, which go-plugin itself starts. Otherwise it is the host, which takes one
// sample and prints it as JSON.
//
// It uses the Go packages of Debian, and the benchmark that it belongs to builds it without
// modules. No protobuf compiler is needed: see messages.go.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"
)

// The sample to take.
type order struct {
	row string
	// For how long one sample repeats its calls.
	time time.Duration
	// How many callbacks one sample has.
	callbacks uint64
	// How often one sample starts the plugin.
	starts int
	// How many plugins an idle host has, how long it takes to become idle, and for how long it is
	// watched.
	plugins         int
	settle, watched time.Duration
	// A program that pins itself to the processor that its environment names, and then becomes
	// the program that its arguments name.
	pinner string
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "serve" {
		serve()
		return
	}
	sample, err := measure(parseFlags())
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(sample)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "go-plugin:", err)
		os.Exit(1)
	}
}

func parseFlags() order {
	var o order
	flag.StringVar(&o.row, "row", "", "what is measured")
	flag.DurationVar(&o.time, "time", 150*time.Millisecond, "of one sample")
	flag.Uint64Var(&o.callbacks, "callbacks", 100_000, "in one sample")
	flag.IntVar(&o.starts, "starts", 8, "in one sample")
	flag.IntVar(&o.plugins, "plugins", 4, "of an idle host")
	flag.DurationVar(&o.settle, "settle", 500*time.Millisecond, "before a host is idle")
	flag.DurationVar(&o.watched, "watched", 2*time.Second, "for which an idle host is watched")
	flag.StringVar(&o.pinner, "pinner", "", "pins the plugin to its processor")
	flag.Parse()
	return o
}

func measure(o order) ([]float64, error) {
	switch o.row {
	case "add":
		return add(o)
	case "rare":
		return rare(o)
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
	case "joined-callbacks", "receive-items":
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
