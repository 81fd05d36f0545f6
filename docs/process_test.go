package docs_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/redistest"
)

// patience is how long anything in these tests may take. It is far more than what it takes.
const patience = 60 * time.Second

// output is what a process has written so far.
type output struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	more chan struct{} // has a value where something was written since the last look
}

func newOutput() *output { return &output{more: make(chan struct{}, 1)} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// process is one that goes on until it is stopped.
type process struct {
	cmd  *exec.Cmd
	out  *output
	exit chan error // its end, once
}

// start starts a process that ends with the test at the latest.
func start(t *testing.T, dir string, environ []string, name string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(name, args...), out: newOutput(), exit: make(chan error, 1)}
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = dir, environ, p.out, p.out
	redistest.DiesWithTest(p.cmd)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { // ends with the process, which the cleanup ends
		p.exit <- p.cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it may be gone already
		<-ended
	})
	return p
}

// says waits until the process has written what a pattern matches, and gives the match.
func (p *process) says(t *testing.T, pattern string) []string {
	t.Helper()
	re, late := regexp.MustCompile(pattern), time.After(patience)
	for {
		if m := re.FindStringSubmatch(p.out.String()); m != nil {
			return m
		}
		select {
		case <-p.out.more:
		case err := <-p.exit:
			p.exit <- err
			if m := re.FindStringSubmatch(p.out.String()); m != nil {
				return m
			}
			t.Fatalf("%s ended (%v) and never said %s:\n%s", p.cmd.Path, err, pattern, p.out)
		case <-late:
			t.Fatalf("%s never said %s:\n%s", p.cmd.Path, pattern, p.out)
		}
	}
}

// stop asks the process to stop, as a service manager would, and gives its exit status.
func (p *process) stop(t *testing.T) int {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	select {
	case err := <-p.exit:
		p.exit <- err
		return status(t, err)
	case <-time.After(patience):
		t.Fatalf("%s does not stop:\n%s", p.cmd.Path, p.out)
		return -1
	}
}

// status is the exit status that an error of package exec tells of.
func status(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	if e := (*exec.ExitError)(nil); errors.As(err, &e) {
		return e.ExitCode()
	}
	t.Fatal(err)
	return -1
}
