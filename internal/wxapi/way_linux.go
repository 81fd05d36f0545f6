package wxapi

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// rttVar is the kernel's mean deviation of a connection's round-trip time (tcp(7), TCP_INFO); 0 where it does not tell.
func rttVar(c net.Conn) (d time.Duration) {
	s, ok := c.(syscall.Conn)
	if !ok {
		return 0
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) { // of a closed connection there is nothing to tell
		if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			d = time.Duration(info.Rttvar) * time.Microsecond
		}
	})
	return d
}
