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
	bin := programs(t)
	report, err := chaos.Run(t.Context(), chaos.Options{Bin: bin, Dir: t.TempDir(), Seed: 1, Stores: 3000, Workers: 2, Faults: 5,
		Only:    []string{"kill-worker", "kill-redis", "forget-asynq", "pause-resume", "kill-enqueue"},
		Latency: 200 * time.Millisecond, Patience: 2 * time.Minute, Log: t.Output()})
	if err != nil {
		t.Fatalf("%v: %v", report.Faults, err)
	}
}

// All workers die in three phases of a resync. (The campaign's --resync has them die in all four.)
func TestResyncGoesOnWhereItsWorkersDied(t *testing.T) {
	t.Parallel()
	bin := programs(t)
	report, err := chaos.RunResync(t.Context(), chaos.Options{Bin: bin, Dir: t.TempDir(), Seed: 1, Stores: 5000, Workers: 2,
		Only: []string{"list", "associate", "disassociate"}, Latency: 100 * time.Millisecond, Patience: 2 * time.Minute, Log: t.Output()})
	if err != nil {
		t.Fatalf("%v: %v", report.Faults, err)
	}
}

// Three workers are killed and started again around the ticks of a schedule, one each ten seconds for two minutes.
func TestEachTickMakesOneJobWhileWorkersDie(t *testing.T) {
	t.Parallel()
	if os.Getenv("STORELINK_LONG") == "" {
		t.Skip("it takes two minutes: set STORELINK_LONG")
	}
	bin := programs(t)
	report, err := chaos.RunSchedule(t.Context(), chaos.Options{Bin: bin, Dir: t.TempDir(), Seed: 1, Stores: 40_000, Workers: 3,
		Latency: 20 * time.Millisecond, Patience: time.Minute, Log: t.Output()}, 2*time.Minute)
	if err != nil {
		t.Fatalf("%v: %v", report.Faults, err)
	}
}

// programs builds what a run needs, and skips the test where it cannot be run.
func programs(t *testing.T) (bin string) {
	t.Helper()
	if testing.Short() {
		t.Skip("it runs processes for some seconds")
	}
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv(redistest.Require) != "" {
			t.Fatal(err)
		}
		t.Skip("there is no redis-server")
	}
	bin = t.TempDir()
	if err := chaos.Build(t.Context(), "../..", bin); err != nil {
		t.Fatal(err)
	}
	return bin
}
