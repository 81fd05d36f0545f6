package testkit_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/storelink/storelink/internal/testkit"
)

// inNamespace is set where the test binary runs again in a network namespace of its own.
const inNamespace = "STORELINK_TEST_ROAD"

func TestTheKernelKnowsOfARoad(t *testing.T) {
	t.Parallel()
	if os.Getenv(inNamespace) == "" {
		if err := exec.Command("unshare", "-n", "ip", "tuntap", "add", "dev", "try", "mode", "tun").Run(); err != nil {
			t.Skipf("a network namespace with a device of its own cannot be made here: %v", err)
		}
		again := exec.Command("unshare", "-n", os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		again.Env = append(os.Environ(), inNamespace+"=1")
		out, err := again.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	if err := testkit.RoadNamespace(); err != nil {
		t.Fatal(err)
	}
	r, err := testkit.NewRoad(1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	l, err := net.Listen("tcp", r.Server)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err == nil {
			_, _ = io.Copy(c, c)
		}
	}()
	r.Set(testkit.Way{RTT: 20 * time.Millisecond, Jitter: 60 * time.Millisecond, Loss: 0.02})
	c, err := net.Dial("tcp", r.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	lines, long := bufio.NewReader(c), strings.Repeat("x", 5000) // of several packets
	for i := range 30 {
		began := time.Now()
		fmt.Fprintln(c, i, long)
		if line, err := lines.ReadString('\n'); err != nil || line != fmt.Sprintln(i, long) {
			t.Fatalf("%d: %v", i, err)
		}
		if took := time.Since(began); took < 20*time.Millisecond {
			t.Errorf("there and back took %v", took)
		}
	}
	rtt, variance := tcpInfo(t, c)
	if rtt < 20*time.Millisecond || rtt > 200*time.Millisecond || variance < 4*time.Millisecond {
		t.Errorf("the kernel thinks that a round trip takes %v, %v more or less", rtt, variance)
	}
}

// tcpInfo is what the kernel knows of a connection's round trip: the fields of struct tcp_info at 68 and 72.
func tcpInfo(t *testing.T, c net.Conn) (rtt, variance time.Duration) {
	t.Helper()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var info [104]byte
	size := uint32(len(info))
	err = raw.Control(func(fd uintptr) {
		_, _, errno := syscall.Syscall6(syscall.SYS_GETSOCKOPT, fd, syscall.IPPROTO_TCP, syscall.TCP_INFO,
			uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
		if errno != 0 {
			t.Error(errno)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	at := func(i int) time.Duration {
		return time.Duration(*(*uint32)(unsafe.Pointer(&info[i]))) * time.Microsecond
	}
	return at(68), at(72)
}
