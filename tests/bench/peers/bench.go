// go-zookeeper on the workloads of the bench: bench WORKLOAD DEPTH HOST:PORT WARM_MS MS MAX_OPS prints the Result as JSON.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/go-zookeeper/zk"
)

type silent struct{}

func (silent) Printf(string, ...interface{}) {}

func cpu() float64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	of := func(t syscall.Timeval) float64 { return float64(t.Sec)*1e6 + float64(t.Usec) }
	return of(usage.Utime) + of(usage.Stime)
}

// resident memory in bytes, after a collection.
func resident() float64 {
	debug.FreeOSMemory()
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		log.Fatal(err)
	}
	return float64(number(strings.Fields(string(statm))[1])) * float64(os.Getpagesize())
}

func number(text string) int64 {
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func operation(conn *zk.Conn, workload string, worker int64) func() error {
	data := make([]byte, 100)
	own := fmt.Sprintf("/bench/own/%d", worker)
	switch workload {
	case "getData":
		return func() error { _, _, err := conn.Get("/bench/data"); return err }
	case "getData100K":
		return func() error { _, _, err := conn.Get("/bench/big"); return err }
	case "setData":
		return func() error { _, err := conn.Set("/bench/data", data, -1); return err }
	case "exists":
		return func() error { _, _, err := conn.Exists("/bench/data"); return err }
	case "createDelete":
		return func() error {
			if _, err := conn.Create(own, data, 0, zk.WorldACL(zk.PermAll)); err != nil {
				return err
			}
			return conn.Delete(own, -1)
		}
	case "children":
		return func() error { _, _, err := conn.Children("/bench/children"); return err }
	case "multi":
		return func() error {
			ops := make([]interface{}, 10)
			for i := range ops {
				ops[i] = &zk.SetDataRequest{Path: fmt.Sprintf("/bench/multi/%d", i), Data: data, Version: -1}
			}
			_, err := conn.Multi(ops...)
			return err
		}
	}
	log.Fatalf("no loop for %s", workload)
	return nil
}

// events follows nodes with one-shot watches, each set again by a read, and counts the events.
func events(conn *zk.Conn, workload string, depth int64, count *int64) {
	folder := "/bench/watch/"
	if workload == "watches" {
		folder = "/bench/many/"
	}
	arm := func(path string) <-chan zk.Event {
		_, _, events, err := conn.GetW(path)
		if err != nil {
			log.Fatal(err)
		}
		return events
	}
	var armed sync.WaitGroup
	for node := int64(0); node < depth; node++ {
		armed.Add(1)
		go func(path string) {
			events := arm(path)
			armed.Done()
			for {
				<-events
				atomic.AddInt64(count, 1)
				events = arm(path)
			}
		}(folder + strconv.FormatInt(node, 10))
	}
	armed.Wait()
}

func main() {
	workload, depth, connect := os.Args[1], number(os.Args[2]), os.Args[3]
	warm, span, most := number(os.Args[4]), number(os.Args[5]), number(os.Args[6])
	conn, _, err := zk.Connect([]string{connect}, 10*time.Second, zk.WithLogger(silent{}))
	if err != nil {
		log.Fatal(err)
	}
	var count int64
	var over int32
	var rss float64
	var latencies []float64
	var measuring int32
	var workers sync.WaitGroup
	isEvents := workload == "watchEvents" || workload == "watches"
	if isEvents {
		before := resident()
		events(conn, workload, depth, &count)
		rss = (resident() - before) / float64(depth)
		if _, _, err := conn.Exists("/bench/many"); err != nil {
			log.Fatal(err)
		}
		depth = 0
	}
	for worker := int64(0); worker < depth; worker++ {
		workers.Add(1)
		one := operation(conn, workload, worker)
		go func() {
			defer workers.Done()
			for atomic.LoadInt32(&over) == 0 {
				begun := time.Now()
				if err := one(); err != nil {
					log.Fatal(err)
				}
				if depth == 1 && atomic.LoadInt32(&measuring) == 1 {
					latencies = append(latencies, float64(time.Since(begun).Nanoseconds())/1000)
				}
				atomic.AddInt64(&count, 1)
			}
		}()
	}
	time.Sleep(time.Duration(warm) * time.Millisecond)
	atomic.StoreInt32(&measuring, 1)
	fromCount, fromCpu, from := atomic.LoadInt64(&count), cpu(), time.Now()
	for time.Since(from) < time.Duration(span)*time.Millisecond && atomic.LoadInt64(&count)-fromCount < most {
		time.Sleep(5 * time.Millisecond)
	}
	result := map[string]float64{
		"ops":       float64(atomic.LoadInt64(&count) - fromCount),
		"micros":    float64(time.Since(from).Microseconds()),
		"cpuMicros": cpu() - fromCpu,
	}
	atomic.StoreInt32(&over, 1)
	workers.Wait()
	if isEvents {
		result["rssBytes"] = rss
	}
	if len(latencies) > 0 {
		sort.Float64s(latencies)
		result["p50"], result["p99"] = latencies[len(latencies)/2], latencies[len(latencies)*99/100]
	}
	text, _ := json.Marshal(result)
	fmt.Println(string(text))
}
