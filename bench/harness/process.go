// Package harness starts the programs that are measured, tells when they are ready, and makes figures of what they did. It
// must never run what is measured in its own process.
package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Process is a program at work. Its output is in a file of its folder.
type Process struct {
	cmd  *exec.Cmd
	log  string
	exit chan struct{}
}

// Start starts a program. Its output goes to a file in dir.
func Start(dir string, env []string, name string, args ...string) (*Process, error) {
	log, err := os.CreateTemp(dir, filepath.Base(name)+"-*.log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd, log: log.Name(), exit: make(chan struct{})}
	go func() { // ends with the process, which Stop and Wait wait for
		_ = cmd.Wait()
		close(p.exit)
	}()
	return p, nil
}

// Stop asks it to end, and makes it after ten seconds.
func (p *Process) Stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may be gone already
	select {
	case <-p.exit:
	case <-time.After(10 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.exit
	}
}

// Wait waits for its end; an exit status other than those given is an error with its output's end.
func (p *Process) Wait(allowed ...int) error {
	<-p.exit
	code := p.cmd.ProcessState.ExitCode()
	for _, a := range append(allowed, 0) {
		if code == a {
			return nil
		}
	}
	return fmt.Errorf("%s ended with exit status %d: %s", filepath.Base(p.cmd.Path), code, p.Tail())
}

// Gone says whether it has ended.
func (p *Process) Gone() bool {
	select {
	case <-p.exit:
		return true
	default:
		return false
	}
}

// Tail is the end of its output.
func (p *Process) Tail() string {
	text, _ := os.ReadFile(p.log)
	if len(text) > 600 {
		text = text[len(text)-600:]
	}
	return strings.TrimSpace(string(text))
}

// PeakMiB is the most memory that a process which has ended was resident with.
func (p *Process) PeakMiB() float64 {
	usage := p.cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return float64(usage.Maxrss) / 1024 // Linux: KiB
}

// CPU is the processor time that a process which has ended used.
func (p *Process) CPU() time.Duration {
	return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
}

// Usage reads from /proc what a process at work has used and is resident with.
func (p *Process) Usage() (cpu time.Duration, residentMiB float64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	_, rest, ok := strings.Cut(string(text), ") ")
	f := strings.Fields(rest)
	if !ok || len(f) < 22 {
		return 0, 0, errors.New("/proc/PID/stat cannot be read")
	}
	var user, system, pages int64
	if _, err := fmt.Sscan(f[11]+" "+f[12]+" "+f[21], &user, &system, &pages); err != nil {
		return 0, 0, err
	}
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux that Go runs on
	return time.Duration(user+system) * tick, float64(pages) * float64(os.Getpagesize()) / (1 << 20), nil
}

// Until asks again and again until it is so.
func Until(ctx context.Context, limit time.Duration, what string, so func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if yes, err := so(); err != nil || yes {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within %v: %s", limit, what)
		case <-tick.C:
		}
	}
}

// FreePort gives an address on loopback that nobody listens on.
func FreePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// Machine names what the figures were made on.
type Machine struct {
	CPU      string  `json:"cpu"`
	Cores    int     `json:"cores"`
	MemoryGB float64 `json:"memory_gb"`
	Kernel   string  `json:"kernel"`
}

// Load is the load average of the last minute, 0 where it cannot be read.
func Load() (average float64) {
	text, _ := os.ReadFile("/proc/loadavg")
	_, _ = fmt.Sscan(string(text), &average)
	return average
}

// ThisMachine reads it from /proc.
func ThisMachine() Machine {
	m := Machine{Cores: runtime.NumCPU()}
	cpu, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(cpu)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			m.CPU = strings.TrimSpace(value)
			break
		}
	}
	memory, _ := os.ReadFile("/proc/meminfo")
	var kib float64
	_, _ = fmt.Sscanf(string(memory), "MemTotal: %f", &kib)
	m.MemoryGB = kib * 1024 / 1e9
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	m.Kernel = strings.TrimSpace(string(kernel))
	return m
}

// Output runs a program to its end and gives what it printed.
func Output(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	var errs strings.Builder
	cmd.Stderr = io.Writer(&errs)
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", filepath.Base(name), strings.Join(args, " "), err, strings.TrimSpace(errs.String()))
	}
	return strings.TrimSpace(string(out)), nil
}
