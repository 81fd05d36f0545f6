package testkit_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/testkit"
)

// echo is a server that sends every line back, and ends when its client has.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	return l.Addr().String()
}

func newLink(t *testing.T) *testkit.Link {
	t.Helper()
	l, err := testkit.NewLink(echo(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// dialled is a connection through a link, and its round trip.
func dialled(t *testing.T, l *testkit.Link) (net.Conn, func() time.Duration) {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	lines := bufio.NewReader(c)
	return c, func() time.Duration {
		t.Helper()
		began := time.Now()
		fmt.Fprintln(c, "there and back")
		if line, err := lines.ReadString('\n'); err != nil || line != "there and back\n" {
			t.Fatalf("%q, %v", line, err)
		}
		return time.Since(began)
	}
}

func TestARoundTripTakesAsLongAsSaid(t *testing.T) {
	t.Parallel()
	l := newLink(t)
	_, trip := dialled(t, l)
	trip()
	for _, d := range []time.Duration{60 * time.Millisecond, 120 * time.Millisecond} {
		l.SetRTT(d)
		if got := trip(); got < d {
			t.Errorf("a round trip of %v took %v", d, got)
		}
	}
	l.SetDelays(0, 70*time.Millisecond)
	if got := trip(); got < 70*time.Millisecond {
		t.Errorf("a way back of 70 ms took %v", got)
	}
}

func TestWhatIsSentLaterDoesNotOvertake(t *testing.T) {
	t.Parallel()
	l := newLink(t)
	c, trip := dialled(t, l)
	trip()
	const n = 200
	go func() {
		for i := range n {
			l.SetDelays(time.Duration(i%3)*time.Millisecond, time.Duration(i%5)*time.Millisecond)
			fmt.Fprintln(c, i)
		}
	}()
	lines := bufio.NewReader(c)
	for i := range n {
		if line, err := lines.ReadString('\n'); err != nil || line != fmt.Sprintln(i) {
			t.Fatalf("%q, %v, want %d", line, err, i)
		}
	}
}

func TestManyBytesComeThroughWhole(t *testing.T) {
	t.Parallel()
	l := newLink(t)
	l.SetRTT(time.Millisecond)
	c, _ := dialled(t, l)
	const n = 3 << 20
	sent := make(chan error, 1)
	go func() {
		for i := range n / 1024 {
			b := make([]byte, 1024)
			b[0], b[1] = byte(i), byte(i>>8)
			if _, err := c.Write(b); err != nil {
				sent <- err
				return
			}
		}
		sent <- c.(*net.TCPConn).CloseWrite()
	}()
	got, err := io.ReadAll(c) // the end comes through too
	if err != nil || len(got) != n {
		t.Fatalf("%d of %d bytes came back: %v", len(got), n, err)
	}
	for i := range n / 1024 {
		if got[i*1024] != byte(i) || got[i*1024+1] != byte(i>>8) {
			t.Fatalf("kilobyte %d is another's", i)
		}
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

func TestALinkIsCutAndEnds(t *testing.T) {
	t.Parallel()
	l := newLink(t)
	c, trip := dialled(t, l)
	trip() // the link has both ends
	l.SetRTT(time.Hour)
	fmt.Fprintln(c, "on its way")
	l.Cut()
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("a connection that was cut is there")
	}
	l.SetRTT(0)
	_, trip = dialled(t, l)
	trip()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", l.Addr()); err == nil {
		t.Error("a link that was closed takes connections")
	}
}

func TestALinkToNobodyEndsItsConnections(t *testing.T) {
	t.Parallel()
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = nobody.Close()
	l, err := testkit.NewLink(nobody.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	c, err := net.Dial("tcp", l.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("something came from nobody")
	}
}
