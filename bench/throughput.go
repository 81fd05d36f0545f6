package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/storelink/storelink/bench/harness"
)

// side is one way of making calls; it gives the calls a second from the first to the last, as the sandbox saw them.
type side struct {
	name  string
	world *world
	run   func(w *world, calls int) error
}

// throughput alternates a bare loop of signed calls with everything else. What is timed is the same for all: from the
// first call to the last as the sandbox sees them, the queue being full before.
func throughput(b *bench) ([]harness.Figure, error) {
	calls, rounds := pick(b, 3000, 100), pick(b, 5, 1)
	loose, err := b.newWorld(false, "--rate", "0")
	if err != nil {
		return nil, err
	}
	defer loose.close()
	durable, err := b.newWorld(true, "--rate", "0")
	if err != nil {
		return nil, err
	}
	defer durable.close()
	sides := []side{
		{"bare loop, official SDK", loose, runBare},
		{"storelink", loose, runStorelink},
		{"storelink, appendfsync always", durable, runStorelink},
		{"plain asynq, no ledger", loose, runAsynq},
	}
	var figures []harness.Figure
	pg, err := b.startPostgres()
	if err != nil {
		figures = append(figures, harness.Figure{Group: "throughput", Name: "River on PostgreSQL", Note: "skipped: " + err.Error()})
	} else {
		defer pg.close()
		sides = append(sides, side{"River on PostgreSQL", loose, pg.run})
	}
	speeds, costs := make([][]float64, len(sides)), make([][]float64, len(sides))
	for round := range rounds {
		for i, s := range sides {
			if err := s.world.forget(); err != nil {
				return nil, err
			}
			if err := s.run(s.world, calls); err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			st, err := s.world.stats()
			if err != nil || len(st.Interfaces) != 1 || st.Calls < int64(calls) {
				return nil, errors.Join(err, fmt.Errorf("%s: the sandbox saw %d calls", s.name, st.Calls))
			}
			took := st.Interfaces[0].Last.Sub(st.Interfaces[0].First).Seconds()
			speeds[i] = append(speeds[i], float64(st.Calls-1)/took)
			costs[i] = append(costs[i], s.world.used().Seconds()*1000/float64(st.Calls))
			b.log("round %d, %s: %.0f calls/s, %.2f ms of processor a call", round+1, s.name, speeds[i][round], costs[i][round])
		}
	}
	out := []harness.Figure{}
	for i, s := range sides {
		median, spread := harness.Median(speeds[i])
		out = append(out, harness.Figure{Group: "throughput", Name: s.name, Value: median, Unit: "calls/s", Spread: spread})
		if i == 0 {
			continue
		}
		ratios := make([]float64, rounds)
		for r := range ratios {
			ratios[r] = speeds[i][r] / speeds[0][r]
		}
		median, spread = harness.Median(ratios)
		f := harness.Figure{Group: "throughput", Name: s.name + " / bare loop", Value: median, Unit: "ratio", Spread: spread}
		if s.name == "storelink" {
			f = f.AtLeast(0.85)
		}
		out = append(out, f)
		if pg != nil && i == len(sides)-1 {
			continue // PostgreSQL's processes are not counted
		}
		for r := range ratios {
			ratios[r] = costs[0][r] / costs[i][r]
		}
		median, spread = harness.Median(ratios)
		out = append(out, harness.Figure{Group: "throughput", Name: "processor time a call, bare loop / " + s.name, Value: median,
			Unit: "ratio", Spread: spread, Note: "client, server and Redis; what the ratio above is on cores that are kept busy"})
	}
	return append(out, figures...), nil
}

func runBare(w *world, calls int) error {
	w.mark()
	p, err := w.start("peer", "bare", w.config, strconv.Itoa(calls))
	if err != nil {
		return err
	}
	return p.Wait()
}

func runStorelink(w *world, calls int) error {
	list, err := w.list(calls * 200)
	if err != nil {
		return err
	}
	id, err := w.submit(list, 0)
	if err != nil {
		return err
	}
	w.mark()
	p, err := w.worker(w.config)
	if err != nil {
		return err
	}
	defer p.Stop()
	s, err := w.ended(id, 5*time.Minute)
	if err == nil && (s.State != "completed" || s.Succeeded != int64(calls*200)) {
		err = fmt.Errorf("%+v", s)
	}
	return err
}

// untilCalls waits until the sandbox has seen so many.
func (w *world) untilCalls(calls int, limit time.Duration, p *harness.Process) error {
	return harness.Until(w.ctx, limit, fmt.Sprintf("%d calls", calls), func() (bool, error) {
		if p.Gone() {
			return false, p.Wait()
		}
		time.Sleep(20 * time.Millisecond) // so that looking costs nothing
		s, err := w.stats()
		return s.Calls >= int64(calls), err
	})
}

func runAsynq(w *world, calls int) error {
	p, err := w.start("peer", "asynq", "enqueue", w.address, strconv.Itoa(calls))
	if err != nil {
		return err
	}
	if err := p.Wait(); err != nil {
		return err
	}
	w.mark()
	if p, err = w.start("peer", "asynq", "work", w.address, w.config); err != nil {
		return err
	}
	defer p.Stop()
	return w.untilCalls(calls, 5*time.Minute, p)
}

// postgres is a server of the bench's own.
type postgres struct {
	*bench
	dir, bin, port string
	process        *exec.Cmd
	n              int
}

// postgresBin is the folder of Debian's newest PostgreSQL, or "".
func postgresBin() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(found) == 0 {
		return ""
	}
	return slices.Max(found)
}

// startPostgres makes a cluster in a folder and starts it, as nobody's user if this is root, which PostgreSQL refuses.
func (b *bench) startPostgres() (*postgres, error) {
	bin := postgresBin()
	if bin == "" {
		return nil, errors.New("PostgreSQL is not installed: see bench/setup")
	}
	address, err := harness.FreePort()
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(address)
	pg := &postgres{bench: b, bin: bin, port: port}
	if pg.dir, err = os.MkdirTemp("", "storelink-bench-postgres-"); err != nil {
		return nil, err
	}
	if os.Geteuid() == 0 {
		who, err := user.Lookup("postgres")
		if err != nil {
			return nil, err
		}
		uid, _ := strconv.Atoi(who.Uid)
		gid, _ := strconv.Atoi(who.Gid)
		if err := os.Chown(pg.dir, uid, gid); err != nil {
			return nil, err
		}
	}
	if out, err := pg.command("initdb", "-D", pg.dir+"/data", "-A", "trust", "-U", "bench", "-N").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	pg.process = pg.command("postgres", "-D", pg.dir+"/data", "-p", port, "-h", "127.0.0.1", "-k", pg.dir)
	if err := pg.process.Start(); err != nil {
		return nil, err
	}
	err = harness.Until(b.ctx, 20*time.Second, "PostgreSQL is up", func() (bool, error) {
		return pg.command("psql", "-h", "127.0.0.1", "-p", port, "-U", "bench", "-d", "postgres", "-c", "select 1").Run() == nil, nil
	})
	if err != nil {
		pg.close()
		return nil, err
	}
	return pg, nil
}

func (pg *postgres) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(pg.bin, name), args...)
	cmd.Dir = pg.dir
	if os.Geteuid() == 0 {
		if who, err := user.Lookup("postgres"); err == nil {
			uid, _ := strconv.Atoi(who.Uid)
			gid, _ := strconv.Atoi(who.Gid)
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		}
	}
	return cmd
}

func (pg *postgres) close() {
	_ = pg.process.Process.Signal(syscall.SIGINT) // a fast shutdown
	_ = pg.process.Wait()
	_ = os.RemoveAll(pg.dir)
}

// database makes one, and gives its address.
func (pg *postgres) database() (string, error) {
	pg.n++
	name := "bench" + strconv.Itoa(pg.n)
	if out, err := pg.command("createdb", "-h", "127.0.0.1", "-p", pg.port, "-U", "bench", name).CombinedOutput(); err != nil {
		return "", fmt.Errorf("createdb: %w: %s", err, out)
	}
	return "postgres://bench@127.0.0.1:" + pg.port + "/" + name, nil
}

func (pg *postgres) run(w *world, calls int) error {
	address, err := pg.database()
	if err != nil {
		return err
	}
	p, err := w.start("peer", "river", "enqueue", address, strconv.Itoa(calls))
	if err != nil {
		return err
	}
	if err := p.Wait(); err != nil {
		return err
	}
	w.mark()
	if p, err = w.start("peer", "river", "work", address, w.config); err != nil {
		return err
	}
	defer p.Stop()
	return w.untilCalls(calls, 5*time.Minute, p)
}
