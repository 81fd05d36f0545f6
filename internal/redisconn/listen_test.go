package redisconn_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
)

func TestAUserWithoutChannelsIsRefusedWithTheRightThatIsMissing(t *testing.T) {
	t.Parallel()
	s := startRedis(t, append(durable[:3:3], "user bob on >x ~* resetchannels +@all", "user half on >x ~* resetchannels &storelink:* +@all",
		"user whole on >x ~* resetchannels &storelink:* &asynq:* +@all")...)
	if err := redisconn.MayListen(t.Context(), open(t, s.url("whole:x@"))); err != nil {
		t.Errorf("one who may is refused: %v", err)
	}
	for user, channel := range map[string]string{"bob": "storelink:1:wake", "half": "asynq:cancel"} {
		err := redisconn.MayListen(t.Context(), open(t, s.url(user+":x@")))
		if err == nil || job.AsError(err).Code != job.CodeRedis {
			t.Errorf("%s: %v", user, err)
			continue
		}
		for _, says := range []string{channel, "&storelink:*", "&asynq:*", "+subscribe"} {
			if !strings.Contains(err.Error(), says) {
				t.Errorf("%s: it does not say %s: %v", user, says, err)
			}
		}
	}
}

// The subscriber of asynq closes nothing where it is refused, every five seconds.
func TestARefusedSubscriptionKeepsNoConnection(t *testing.T) {
	t.Parallel()
	s := startRedis(t, "user bob on >x ~* resetchannels +@all", "user watcher on >x ~* &* +@all")
	client := open(t, s.url("bob:x@"))
	for range 20 {
		if _, err := client.Subscribe(t.Context(), "asynq:cancel").Receive(t.Context()); err == nil {
			t.Fatal("it may listen")
		}
	}
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	watcher := open(t, s.url("watcher:x@"))
	eventually(t, func(ctx context.Context) error {
		list, err := watcher.ClientList(ctx).Result()
		if err == nil && strings.Count(list, "user=bob") > 1 {
			err = errors.New(list)
		}
		return err
	})
}

func TestARedisWithoutClientAndInfoServes(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string][]string{
		"renamed":   {`rename-command CLIENT ""`, `rename-command INFO ""`, `rename-command CONFIG ""`},
		"forbidden": {"user default on nopass ~* &* +@all -client -info -config"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startRedis(t, settings...)
			c := open(t, s.url(""))
			if err := c.Set(t.Context(), "x", 1, 0).Err(); err != nil {
				t.Fatal(err)
			}
			w, err := redisconn.Check(t.Context(), c)
			if err != nil || len(w) != 1 || !strings.Contains(w[0], "does not tell its version") {
				t.Errorf("got %q, %v", w, err)
			}
			if err := redisconn.MayListen(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
	}
}
