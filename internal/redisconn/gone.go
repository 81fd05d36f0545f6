package redisconn

import (
	"errors"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// goneAnswers begin what a server answers that is not, or not yet, the one to talk to.
var goneAnswers = []string{
	"READONLY",    // it is a replica: another was made the master
	"MASTERDOWN",  // a replica without its master
	"LOADING",     // it was started anew, and may have been replaced meanwhile
	"CLUSTERDOWN", // it has lost its cluster, which may go on without it
}

// Gone says whether an error is the answer of a server that is not the one to talk to: a replica, one that is still
// loading, one that its cluster goes on without. Proxies put ERR before it, and scripts their own words.
func Gone(err error) bool {
	var answer redis.Error
	if !errors.As(err, &answer) {
		return false
	}
	text := strings.TrimPrefix(answer.Error(), "ERR ")
	word, _, _ := strings.Cut(text, " ")
	return slices.Contains(goneAnswers, word) ||
		strings.Contains(text, "-READONLY ") || strings.Contains(text, "READONLY You can't write against a read only")
}

// broken says whether an error tells that a connection was not had, or broke: nothing was answered.
func broken(err error) bool {
	var answer redis.Error
	return err != nil && !errors.As(err, &answer) && !errors.Is(err, redis.Nil) && !errors.Is(err, redis.ErrClosed)
}
