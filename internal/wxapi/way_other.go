//go:build !linux

package wxapi

import (
	"net"
	"time"
)

// rttVar is 0: this system does not tell, or not in a way that is worth its code.
func rttVar(net.Conn) time.Duration { return 0 }
