package preflight

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/redisconn"
)

// redisPatience is how long Redis may take for one check.
const redisPatience = 10 * time.Second

// redisCodes are what a warning of a topic is called.
var redisCodes = map[redisconn.Topic]string{
	redisconn.Version:     CodeRedisVersion,
	redisconn.Persistence: CodeRedisMayForget,
	redisconn.Replication: CodeRedisMayForget,
	redisconn.Eviction:    CodeRedisMayEvict,
	redisconn.Memory:      CodeRedisFull,
	redisconn.Cluster:     CodeRedisCluster,
}

// redis connects, looks whether this Redis keeps what it is given, and whether it takes what is written.
func (l *look) redis(ctx context.Context) {
	if l.RedisURL == "" {
		if l.Config != nil {
			l.fail(CheckRedis, "", CodeNoRedis,
				"no Redis is configured: name it by redis: in the configuration, STORELINK_REDIS or --redis")
		}
		return
	}
	var files redisconn.TLS
	if l.Config != nil {
		files = redisconn.TLS(l.Config.RedisTLS.Files())
	}
	l.shown = files.Certificate != ""
	rdb, err := redisconn.Open(l.RedisURL, redisconn.Options{Name: "storelink-check", PoolSize: 4, TLS: files})
	if err != nil {
		l.wrong(CheckRedis, "", err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	findings, err := redisconn.Inspect(ctx, rdb)
	for _, f := range findings {
		if f.Warn {
			l.warn(CheckRedis, string(f.Topic), redisCodes[f.Topic], f.Text)
		} else {
			l.ok(CheckRedis, string(f.Topic), f.Text)
		}
	}
	if err == nil {
		err = writable(ctx, rdb)
	}
	if err != nil {
		_ = rdb.Close() // it is of no use
		l.redisFailed(err)
		return
	}
	l.ok(CheckRedis, "writes", "it takes what is written, and runs scripts")
	l.rdb = rdb
	l.listens(ctx)
}

// passingAnswers begin what Redis answers while it, or its cluster, is not ready yet.
var passingAnswers = []string{"LOADING", "CLUSTERDOWN", "MASTERDOWN", "TRYAGAIN", "BUSY"}

// redisFailed tells why Redis is of no use: what it refuses must be mended, what cannot be reached may pass.
func (l *look) redisFailed(err error) {
	e := job.AsError(err)
	var answer redis.Error
	var certificate *tls.CertificateVerificationError
	var slow net.Error
	overTLS := strings.HasPrefix(l.RedisURL, "rediss")
	switch {
	case unknownHost(err):
		l.fail(CheckRedis, "", CodeUnknownHost, e.Message.String()+": see to its URL, and to this machine's name servers")
	case errors.As(err, &certificate):
		l.fail(CheckRedis, "", CodeUntrusted, e.Message.String()+": see to the host in its URL, to its certificate, and to this "+
			"machine's authorities (ca-certificates, SSL_CERT_FILE) and clock")
	case strings.Contains(err.Error(), "redis: can't parse"): // go-redis has no type for it
		l.fail(CheckRedis, "", CodeNotRedis, e.Message.String()+": what listens there is no Redis; see to its URL")
	case overTLS && (errors.As(err, new(tls.RecordHeaderError)) || errors.As(err, &slow) && slow.Timeout()):
		l.failPassing(CheckRedis, "", CodeRedisAway, e.Message.String()+": see that it speaks TLS, or write redis instead of rediss "+
			"in its URL")
	case overTLS && !l.shown && (errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		strings.Contains(err.Error(), "certificate required")):
		l.fail(CheckRedis, "", CodeRedisRefuses, e.Message.String()+": it ends the connection; if it asks for a certificate, give "+
			"redis_certificate and redis_key")
	case !overTLS && errors.Is(err, io.EOF):
		l.failPassing(CheckRedis, "", CodeRedisAway, e.Message.String()+": it ends the connection; if it speaks TLS, write rediss "+
			"instead of redis in its URL")
	case errors.As(err, &answer):
		word, _, _ := strings.Cut(answer.Error(), " ")
		l.tell(Result{Check: CheckRedis, Level: Fail, Code: CodeRedisRefuses, Message: e.Message.String(),
			Passing: slices.Contains(passingAnswers, word)})
	case e.Err == nil: // it was asked what it is, and is none that can be used
		l.tell(Result{Check: CheckRedis, Level: Fail, Code: CodeRedisRefuses, Message: e.Message.String(),
			Passing: strings.Contains(e.Message.String(), "still loading")})
	default:
		l.failPassing(CheckRedis, "", CodeRedisAway, e.Message.String())
	}
}

// writable tries what the ledger and asynq do, on keys of its own that have their prefixes: a script that writes.
func writable(ctx context.Context, rdb redis.UniversalClient) error {
	const script = `redis.call('SET', KEYS[1], ARGV[1], 'PX', 10000)
return redis.call('DEL', KEYS[1])`
	tag := "{check-" + rand.Text() + "}"
	for _, key := range []string{"storelink:1:" + tag, "asynq:" + tag} {
		if err := rdb.Eval(ctx, script, []string{key}, "x").Err(); err != nil {
			return redisconn.Error(rdb, err)
		}
	}
	return nil
}

// listens tries to hear what is announced: a user who may not would not do.
func (l *look) listens(ctx context.Context) {
	if err := redisconn.MayListen(ctx, l.rdb); err != nil {
		l.fail(CheckRedis, "announcements", CodeRedisRefuses, job.AsError(err).Message.String()+": a worker does not start without it")
		return
	}
	l.ok(CheckRedis, "announcements", "they can be listened to")
}
