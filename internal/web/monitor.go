package web

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"

	"github.com/hibiken/asynqmon"
	"github.com/redis/go-redis/v9"
)

// monitorPath is where asynq's own monitor is.
const monitorPath = "/asynq"

// monitor is asynq's own monitor, for engineers: queues, tasks, servers. It can only be looked at; a task is a reminder,
// and has no store IDs in it.
type monitor struct {
	handler *asynqmon.HTTPHandler
	policy  string
}

// borrowed is a Redis client for asynqmon, as it came: what kind it is decides what is told of Redis. asynqmon closes it
// where asynqmon is closed itself, which therefore never happens; there is nothing else that it holds.
type borrowed struct{ redis.UniversalClient }

// MakeRedisClient is asynq's way to ask for a client.
func (b borrowed) MakeRedisClient() any { return b.UniversalClient }

func newMonitor(rdb redis.UniversalClient) (*monitor, error) {
	m := &monitor{handler: asynqmon.New(asynqmon.Options{RootPath: monitorPath, RedisConnOpt: borrowed{rdb}, ReadOnly: true})}
	// Its page has scripts within; those, and no others, may run. Its components bring their style with them.
	index := httptest.NewRecorder()
	m.handler.ServeHTTP(index, httptest.NewRequest(http.MethodGet, monitorPath+"/", nil))
	if index.Code != http.StatusOK {
		return nil, fmt.Errorf("asynq's monitor answers %d", index.Code)
	}
	var hashes strings.Builder
	for _, script := range inlineScript.FindAllSubmatch(index.Body.Bytes(), -1) {
		sum := sha256.Sum256(script[1])
		hashes.WriteString(" 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'")
	}
	m.policy = "default-src 'none'; script-src 'self'" + hashes.String() + "; style-src 'self' 'unsafe-inline'; " +
		"img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'none'; base-uri 'none'; " +
		"frame-ancestors 'none'"
	return m, nil
}

var inlineScript = regexp.MustCompile(`(?s)<script>(.*?)</script>`)

// monitorPage is how many tasks asynq's monitor may list at a time.
const monitorPage = 100

func (p *Dashboard) monitored(r *request) error {
	if strings.Contains(r.URL.Path, "redis_info") && r.csrf == "" {
		return r.refuse(http.StatusForbidden, "log-in-first") // versions, paths and addresses of Redis' machine
	}
	if q := r.URL.Query(); q.Has("size") {
		q.Set("size", strconv.Itoa(number(q.Get("size"), monitorPage, 1, monitorPage)))
		r.URL.RawQuery = q.Encode()
	}
	r.w.Header().Set("Content-Security-Policy", p.monitor.policy)
	p.monitor.handler.ServeHTTP(r.w, r.Request)
	return nil
}
