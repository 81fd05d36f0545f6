package chaos_test

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/chaos"
	"github.com/storelink/storelink/internal/redistest"
)

// The campaign itself is a command; here is a short seed of it on each kind of Redis, so that it cannot rot.
func TestPromisesHoldWhileProcessesDie(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		redis  string
		faults int
		only   []string
	}{
		{chaos.Single, 3, []string{"kill-worker", "kill-redis", "forget-asynq", "pause-resume", "kill-enqueue"}},
		{chaos.Sentinel, 1, []string{"kill-master"}},
		{chaos.Cluster, 1, []string{"move-slots"}},
	} {
		t.Run(c.redis, func(t *testing.T) {
			t.Parallel()
			report, err := chaos.Run(t.Context(), chaos.Options{Bin: programs(t), Dir: t.TempDir(), Redis: c.redis, Seed: 1, Stores: 600,
				Workers: 2, Faults: c.faults, Only: c.only, Latency: 100 * time.Millisecond, Patience: 2 * time.Minute, Log: t.Output()})
			if err != nil {
				t.Fatalf("%v: %v", report.Faults, err)
			}
		})
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

// programs gives the folder of what a run needs, and skips the test where it cannot be run.
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
	bin, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// built makes the programs, once for all tests, unless .ci/run has made them and says where.
var built = sync.OnceValues(func() (bin string, err error) {
	if bin = os.Getenv("STORELINK_TEST_PROGRAMS"); bin != "" {
		return bin, nil
	}
	if bin, err = os.MkdirTemp("", "storelink-chaos-"); err != nil {
		return "", err
	}
	made = bin
	return bin, chaos.Build(context.Background(), "../..", bin)
})

// silent is a logger.
type silent struct{}

// Printf implements the Redis client's logger.
func (silent) Printf(context.Context, string, ...any) {}

// made is the folder that built has made; "" for none.
var made string

// TestMain keeps what the campaign's own connections to Redis meet out of the output: they are cut with all others.
func TestMain(m *testing.M) {
	redis.SetLogger(silent{})
	status := m.Run()
	if made != "" {
		_ = os.RemoveAll(made) // a folder of temporary files
	}
	os.Exit(status)
}
