// A plugin in Go. Its method uses threads, processes, pipes, timers, random numbers and a pair of sockets, and
// then attempts what is refused.
package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

// The work of some threads at once.
func threads() int {
	results := make(chan int)
	for _, text := range []string{"a", "bc"} {
		go func(text string) {
			runtime.LockOSThread()
			results <- len(text)
		}(text)
	}
	return <-results + <-results
}

func pair() string {
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return err.Error()
	}
	read := make([]byte, 1)
	if _, err := syscall.Write(ends[0], []byte("x")); err != nil {
		return err.Error()
	}
	if _, err := syscall.Read(ends[1], read); err != nil {
		return err.Error()
	}
	return string(read)
}

func everyday() any {
	processes, err := exec.Command("/bin/sh", "-c", "echo a | cat").Output()
	if err != nil {
		processes = []byte(err.Error())
	}
	group := exec.Command("/bin/true")
	group.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	random, _ := rand.Read(make([]byte, 8))
	<-time.After(time.Millisecond)
	return map[string]any{
		"threads": threads(), "processes": string(processes), "group": group.Run() == nil,
		"pair": pair(), "random": random,
	}
}

// The number of a system's error; none if there is no error.
func number(err error) any {
	var number syscall.Errno
	if errors.As(err, &number) {
		return int(number)
	}
	return nil
}

func refused() any {
	_, udp := net.ListenPacket("udp4", "127.0.0.1:0")
	_, tcp := net.Dial("tcp4", "127.0.0.1:9")
	var processors uint64 = 1
	_, _, affinity := syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, uintptr(os.Getppid()), 8,
		uintptr(unsafe.Pointer(&processors)))
	priority := syscall.Setpriority(syscall.PRIO_PROCESS, os.Getppid(), 19)
	return map[string]any{
		"udp": number(udp), "tcp": number(tcp), "affinity": number(affinity),
		"priority": number(priority),
	}
}

func main() {
	about := func() any {
		methods := []map[string]string{{"name": "everyday"}, {"name": "refused"}}
		return map[string]any{"name": "Script", "protocol": 2, "methods": methods}
	}
	known := map[string]func() any{"/Activate": about, "/everyday": everyday, "/refused": refused}
	listener, err := net.FileListener(os.NewFile(3, "socket"))
	if err != nil {
		panic(err)
	}
	panic(http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Goplug-Protocol", "2")
		var answer any
		if method := known[r.URL.Path]; method != nil {
			answer = method()
		}
		json.NewEncoder(w).Encode(answer)
		if r.URL.Path == "/Stop" {
			go os.Exit(0)
		}
	})))
}
