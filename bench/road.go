package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/storelink/storelink/bench/harness"
	"github.com/storelink/storelink/internal/testkit"
)

// roadJob is the environment variable that tells the bench, run again in a network namespace of its own, what to do: a
// roadRun as JSON.
const roadJob = "STORELINK_BENCH_ROAD"

type roadRun struct {
	Bin, Dir string
	Quick    bool
	Parallel int
}

// roadCase is one case of a jitter that the kernel knows of.
type roadCase struct {
	jitter, spread time.Duration
	loss           float64
	workers        int
}

func (c roadCase) String() string {
	name := fmt.Sprintf("%s, jitter %s below TCP, own work %s", workers(c.workers), short(c.jitter), short(c.spread))
	if c.loss > 0 {
		name += fmt.Sprintf(", %g %% of packets lost", 100*c.loss)
	}
	return name
}

// road measures the share of the allowance where calls are late because their packets are. It is done by this program, run
// again in a network namespace of its own.
func road(b *bench) ([]harness.Figure, error) {
	if err := exec.CommandContext(b.ctx, "unshare", "-n", "ip", "tuntap", "add", "dev", "try", "mode", "tun").Run(); err != nil {
		return []harness.Figure{{Group: "road", Name: "jitter below TCP",
			Note: fmt.Sprintf("skipped: a network namespace with a device cannot be made here: %v", err)}}, nil
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	job, err := json.Marshal(roadRun{b.bin, b.dir, b.quick, b.parallel})
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(b.ctx, "unshare", "-n", self)
	cmd.Env, cmd.Stderr = append(os.Environ(), roadJob+"="+string(job)), os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it stops what it started
	out, err := cmd.Output()
	var figures []harness.Figure
	if len(out) > 0 {
		err = errors.Join(err, json.Unmarshal(out, &figures))
	}
	return figures, err
}

// onRoad is road's other half. It prints the figures as JSON.
func onRoad(ctx context.Context, job string) error {
	var run roadRun
	if err := json.Unmarshal([]byte(job), &run); err != nil {
		return err
	}
	if err := testkit.RoadNamespace(); err != nil {
		return err
	}
	b := &bench{ctx: ctx, bin: run.Bin, dir: run.Dir, quick: run.Quick, parallel: run.Parallel, log: logged}
	var cases []roadCase
	for _, jitter := range ms(0, 20, 60) {
		for _, spread := range ms(0, 300) {
			cases = append(cases, roadCase{jitter: jitter, spread: spread, workers: 2})
		}
	}
	cases = append(cases, roadCase{jitter: 20 * time.Millisecond, workers: 1}, roadCase{jitter: 20 * time.Millisecond, workers: 8},
		roadCase{jitter: 20 * time.Millisecond, loss: 0.005, workers: 2})
	if b.quick {
		cases = cases[4:6]
	}
	minute, roads := pick(b, 60, 6), atomic.Int32{}
	figures, err := b.atATime(len(cases), func(i int) ([]harness.Figure, error) {
		figures, err := b.roadCase(cases[i], int(roads.Add(1)), minute)
		if err != nil {
			err = fmt.Errorf("%s: %w", cases[i], err)
		}
		return figures, err
	})
	return errors.Join(err, json.NewEncoder(os.Stdout).Encode(figures))
}

// roadCase runs one case for three minutes on the nth road.
func (b *bench) roadCase(c roadCase, n, minute int) ([]harness.Figure, error) {
	r, err := testkit.NewRoad(n)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	r.Set(testkit.Way{RTT: 40 * time.Millisecond, Jitter: c.jitter, Loss: c.loss})
	w, err := b.newWorldOf(worldKind{durable: true, road: r}, "--rate", strconv.Itoa(calls20), "--work", "40ms", "--work-spread",
		c.spread.String())
	if err != nil {
		return nil, err
	}
	defer w.close()
	if err := w.work(3*minute, c.workers); err != nil {
		return nil, err
	}
	s, err := w.after(time.Duration(3*minute) * time.Second)
	if err != nil {
		return nil, err
	}
	as := usage{jitter: c.jitter, spread: c.spread, rtt: time.Millisecond, workers: c.workers} // whose bars are these
	if c.loss > 0 {
		as.what = fmt.Sprintf(", %g %% of packets lost", 100*c.loss)
	}
	first, later := as.figure("", s.between(0, minute)), as.figure("", s.between(minute, 3*minute))
	first.Group, later.Group = "road", "road"
	first.Name, later.Name = c.String()+": first minute", c.String()+": the minutes after"
	out := []harness.Figure{as.firstBar(first), as.laterBar(later)}
	for _, f := range out {
		b.log("road: %s: %.1f %%, %s", f.Name, f.Value, f.Note)
	}
	return out, nil
}
