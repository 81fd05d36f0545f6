package chaos_test

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/storelink/storelink/internal/chaos"
	"github.com/storelink/storelink/internal/redistest"
)

// The campaign itself is a command; here is one short seed of it, so that it cannot rot.
func TestPromisesHoldWhileProcessesDie(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it runs processes for some seconds")
	}
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv(redistest.Require) != "" {
			t.Fatal(err)
		}
		t.Skip("there is no redis-server")
	}
	bin := t.TempDir()
	if err := chaos.Build(t.Context(), "../..", bin); err != nil {
		t.Fatal(err)
	}
	report, err := chaos.Run(t.Context(), chaos.Options{Bin: bin, Dir: t.TempDir(), Seed: 1, Stores: 3000, Workers: 2, Faults: 5,
		Only:    []string{"kill-worker", "kill-redis", "forget-asynq", "pause-resume", "kill-enqueue"},
		Latency: 200 * time.Millisecond, Patience: 2 * time.Minute, Log: t.Output()})
	if err != nil {
		t.Fatalf("%v: %v", report.Faults, err)
	}
}
