package redisconn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// Error makes of what a command failed with an error for a person, of job.CodeRedis, that says which Redis it is about
// and shows no password. An error that is one already is given back, nil is nil.
func Error(client redis.UniversalClient, err error) error {
	if err == nil {
		return nil
	}
	if e := (*job.Error)(nil); errors.As(err, &e) {
		return err
	}
	text := "failed"
	var answer redis.Error
	var lookup *net.DNSError
	var op *net.OpError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, context.Canceled):
		text = "was not waited for"
	case errors.Is(err, redis.Nil) && sentinels(client):
		text = "is not known to them by that name: see to ?master= in its URL"
	case errors.Is(err, redis.ErrPoolTimeout):
		text = "had no free connection in time: this process asks more of it than it can answer"
	case errors.As(err, &lookup):
		text = "cannot be found: " + lookup.Err
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		text = "does not answer in time"
	case errors.As(err, &op):
		text = "cannot be reached: " + op.Err.Error()
	case errors.As(err, &answer):
		text = refusal(answer.Error())
	default:
		text += ": " + err.Error()
	}
	return &job.Error{Code: job.CodeRedis, Message: i18n.Plain(place(client) + " " + text), Err: err}
}

// refusal is an error that Redis answered with. An unknown command is answered with its arguments, which may be
// anything.
func refusal(answer string) string {
	answer, _, _ = strings.Cut(answer, ", with args")
	switch word, _, _ := strings.Cut(strings.TrimPrefix(answer, "ERR "), " "); word {
	case "WRONGPASS":
		return "refuses the user or password of its URL"
	case "NOAUTH":
		return "wants a password: write it into its URL (redis://:PASSWORD@HOST)"
	case "LOADING":
		return "is still loading what it had saved: try again in a while"
	case "READONLY":
		return "is a replica, which takes no writes: name its master, or its Sentinels"
	}
	return "refuses: " + answer
}

// place names a client's Redis for a person, without its user and password.
func place(client redis.UniversalClient) string {
	switch c := client.(type) {
	case *redis.ClusterClient:
		return "the Redis cluster at " + strings.Join(c.Options().Addrs, ", ")
	case *redis.Client:
		if sentinels(c) {
			return "Redis (asked for of its Sentinels)"
		}
		return "Redis at " + c.Options().Addr
	}
	return "Redis"
}

// sentinels says whether a client asks Sentinels for its master.
func sentinels(client redis.UniversalClient) bool {
	c, ok := client.(*redis.Client)
	return ok && c.Options().Addr == sentinelsAddr
}

// LogTo sends what the Redis client says of its own, such as that a connection was lost, to a logger, at level debug:
// whoever sent the command is told anyway. It is the client's one setting for the whole process, so main calls it,
// once; otherwise it writes to standard error.
func LogTo(log *slog.Logger) { redis.SetLogger(logger{log}) }

type logger struct{ log *slog.Logger }

func (l logger) Printf(ctx context.Context, format string, v ...any) {
	l.log.DebugContext(ctx, "redis client", "text", fmt.Sprintf(format, v...))
}
