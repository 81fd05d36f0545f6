package redisconn

import (
	"context"
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// Channels are those that a worker listens to: its own announcements, and asynq's, which opens connections without end where
// it may not.
var Channels = []string{"storelink:1:wake", "asynq:cancel"}

// MayListen tries to listen to Channels. The error of a user who may not names the right that is missing, and is a
// *job.Error of job.CodeRedis, as all others are.
func MayListen(ctx context.Context, client redis.UniversalClient) error {
	for _, channel := range Channels {
		sub := client.Subscribe(ctx, channel)
		_, err := sub.Receive(ctx)
		_ = sub.Close() // nothing waits on it
		if err == nil {
			continue
		}
		if answer := redis.Error(nil); errors.As(err, &answer) && strings.HasPrefix(answer.Error(), "NOPERM") {
			return &job.Error{Code: job.CodeRedis, Err: err, Message: i18n.Plain(place(client) + " does not let its user listen to " + channel +
				", which workers need: give the user the rights &storelink:* and &asynq:* and +subscribe")}
		}
		return Error(client, err)
	}
	return nil
}
