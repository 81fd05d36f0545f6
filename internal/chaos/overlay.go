package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The files of a campaign's folder that not every machine can make.
const (
	skewedWorker = "worker-skewed" // a worker whose time.Now is as far ahead as the file in STORELINK_CLOCK says
	diskLibrary  = "disk.so"       // see testdata/disk.c
)

// skewSource is what package time gets beside its own files. The clock's file is that of testkit.Clock.
const skewSource = `package time

import (
	"syscall"
	"unsafe"
)

var skew = func() *int64 {
	name, ok := syscall.Getenv("STORELINK_CLOCK")
	if !ok {
		return nil
	}
	fd, err := syscall.Open(name, syscall.O_RDONLY, 0)
	if err != nil {
		return nil
	}
	defer syscall.Close(fd)
	b, err := syscall.Mmap(fd, 0, 8, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil
	}
	return (*int64)(unsafe.Pointer(&b[0]))
}()

func skewed(sec int64, nsec int32) (int64, int32) {
	if skew == nil {
		return sec, nsec
	}
	n := int64(nsec) + *skew
	sec += n / 1e9
	if n %= 1e9; n < 0 {
		n, sec = n+1e9, sec-1
	}
	return sec, int32(n)
}
`

// BuildSkewed makes what faults need that set clocks and fill disks: a worker whose clock can be set, built with another
// package time, and a library for redis-server. It needs gcc.
func BuildSkewed(ctx context.Context, module, bin string) error {
	goroot, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env GOROOT: %w", err)
	}
	original := filepath.Join(strings.TrimSpace(string(goroot)), "src", "time", "time.go")
	text, err := os.ReadFile(original)
	if err != nil {
		return err
	}
	const now = "\tsec, nsec, mono := runtimeNow()\n"
	if strings.Count(string(text), now) != 1 {
		return errors.New("package time has another time.Now than is known here")
	}
	changed, added, overlay := filepath.Join(bin, "time.go"), filepath.Join(bin, "skew.go"), filepath.Join(bin, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed,
		filepath.Join(filepath.Dir(original), "skew.go"): added}})
	if err != nil {
		return err
	}
	for name, data := range map[string]string{changed: strings.Replace(string(text), now, now+"\tsec, nsec = skewed(sec, nsec)\n", 1),
		added: skewSource, overlay: string(replace)} {
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", overlay, "-o", filepath.Join(bin, skewedWorker), "./cmd/worker")
	cmd.Dir = module
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build with a clock that can be set: %w\n%s", err, out)
	}
	cmd = exec.CommandContext(ctx, "gcc", "-O2", "-Wall", "-shared", "-fPIC", "-o", filepath.Join(bin, diskLibrary),
		filepath.Join("internal", "chaos", "testdata", "disk.c"), "-ldl")
	cmd.Dir = module
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build a disk that can be full: %w\n%s", err, out)
	}
	return nil
}

// made gives the path of such a file, or "" where it was not made.
func (o Options) made(name string) string {
	path := filepath.Join(o.Bin, name)
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}
