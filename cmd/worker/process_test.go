package main

import (
	"log/slog"
	"os"
	"os/exec"
	"testing"

	"github.com/storelink/storelink/internal/redisconn"
)

// asWorker makes this test's binary the worker: a process of its own, with signals and an exit status of its own.
const asWorker = "STORELINK_TEST_AS_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(asWorker) != "" {
		_ = os.Unsetenv(asWorker)
		main()
	}
	redisconn.LogTo(slog.New(slog.DiscardHandler)) // as main does
	os.Exit(m.Run())
}

// workerCommand is the worker as a process, with environ on top of an empty environment.
func workerCommand(t *testing.T, environ []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append([]string{asWorker + "=1"}, environ...)
	return cmd
}
