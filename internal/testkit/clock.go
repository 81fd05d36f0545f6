package testkit

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

//go:embed testdata/clock.c
var clockSource []byte

// Clock is a wall clock that can be set while a process runs which was started with Env. It needs Linux, gcc
// (cc), and a program that is linked dynamically, as redis-server is; programs in Go read the kernel's clock all the same.
type Clock struct {
	library string
	file    *os.File
}

// NewClock builds what is needed in a folder, which must stay for as long as the processes do. The clock is right until
// Shift.
func NewClock(dir string) (*Clock, error) {
	source, library := filepath.Join(dir, "clock.c"), filepath.Join(dir, "clock.so")
	if err := os.WriteFile(source, clockSource, 0o600); err != nil {
		return nil, fmt.Errorf("writing the clock's source: %w", err)
	}
	if out, err := exec.Command("gcc", "-O2", "-Wall", "-shared", "-fPIC", "-o", library, source, "-ldl").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the clock: %w: %s", err, out)
	}
	file, err := os.Create(filepath.Join(dir, "clock.shift"))
	if err != nil {
		return nil, fmt.Errorf("making the clock's file: %w", err)
	}
	c := &Clock{library: library, file: file}
	if err := c.Shift(0); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return c, nil
}

// Env are the variables with which a process reads this clock.
func (c *Clock) Env() []string {
	return []string{"LD_PRELOAD=" + c.library, "STORELINK_CLOCK=" + c.file.Name()}
}

// Shift sets the clock ahead of the true one by d, back if d is negative, from one moment to the next. Monotonic clocks
// are not concerned.
func (c *Clock) Shift(d time.Duration) error {
	// One write of eight bytes that lie in one cache line: a reader sees the old or the new.
	if _, err := c.file.WriteAt(binary.NativeEndian.AppendUint64(nil, uint64(d)), 0); err != nil {
		return fmt.Errorf("setting the clock: %w", err)
	}
	return nil
}

// Close ends its use; processes that read it keep the last shift.
func (c *Clock) Close() error { return c.file.Close() }
