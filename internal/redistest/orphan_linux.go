package redistest

import (
	"os/exec"
	"syscall"
)

// DiesWithTest has a command that is about to be started not outlive the test, however that ends.
func DiesWithTest(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
