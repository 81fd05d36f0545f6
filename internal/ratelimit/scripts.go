package ratelimit

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed scripts/prelude.lua
var prelude string

//go:embed scripts/survey.lua
var survey string

//go:embed scripts/learn.lua
var learn string

//go:embed scripts/exchange.lua
var exchangeSource string

//go:embed scripts/refuse.lua
var refuseSource string

// Begin is the share of what is allowed that is used where nothing is known yet. It lets calls be up to 25 ms apart from
// where they should be.
const Begin = 0.975

// constants are the numbers that the scripts work with, by the names that stand for them there. Shares are of what is
// allowed; times are in microseconds unless something else is said.
var constants = map[string]any{
	"BEGIN":     Begin,
	"MOST":      0.99,  // the share where answers show that there is no jitter to speak of
	"HICCUP":    0.994, // six milliseconds of a second for a scheduler's hiccups
	"ENOUGH":    20,    // answers that must have come before their times bound anything
	"FORGET":    0.001, // of the spread of answer times, with each answer
	"LEAST":     0.05,  // the limit never falls below this share
	"STEP":      0.005, // the first lowering after calm, and the first raising above what was refused
	"STEPS":     0.04,  // the largest of either; each doubles while it goes on
	"NEAR":      0.0025,
	"AGAIN":     micros(6 * time.Second),         // a lowering this soon after another is twice as large
	"CALM":      micros(8 * time.Second),         // between two raisings
	"PATIENCE":  micros(30 * time.Second),        // before more is tried than was refused; doubled each time that fails
	"PATIENCES": micros(300 * time.Second),       // to this, between two surveys too
	"CROWD":     micros(2 * time.Second),         // beside another client, a third refusal this soon after a second is worth a survey
	"LEVEL":     0.99,                            // of a whole number of calls a second: its slots may come 10 ms unevenly
	"SETTLE":    micros(1500 * time.Millisecond), // until a refusal of an extra call has been told
	"WATCH":     micros(30 * time.Second),        // between two lone probes
	"CERTAIN":   0.75,                            // calls a second that must be missing to be another client's
	"STRIKES":   4,                               // seconds that calls are stopped for at the most
	"PROBE":     micros(2 * time.Second),         // for as long as this the others wait for what becomes of a probe
	"LOOK":      micros(50 * time.Millisecond),
	"AHEAD":     micros(20 * time.Second), // how far ahead a slot can be, for the way to Redis
	"STOPS":     micros(10 * time.Second), // a stop that is further ahead than this is none of ours
	"HOLDERS":   256,                      // slots that can be held beside that
	"SKEW":      micros(2 * time.Second),  // by how much a slot that was used may lie ahead
	"BACK":      micros(50 * time.Millisecond),
	"PLAUSIBLE": micros(plausible),
	"FORGOTTEN": micros(500 * time.Millisecond), // what slots are reserved ahead for
	"DAY":       micros(24 * time.Hour),
	"KEEP":      (8 * 24 * time.Hour).Milliseconds(),
}

func micros(d time.Duration) int64 { return d.Microseconds() }

// The scripts; each says at its head what it takes and returns.
var (
	exchangeScript = script(exchangeSource)
	refuseScript   = script(refuseSource)
)

// script makes a script of its source, with the prelude before it and the constants in it.
func script(source string) *redis.Script {
	var pairs []string
	// The longer names first, since one may begin like another.
	names := slices.SortedFunc(maps.Keys(constants), func(a, b string) int { return len(b) - len(a) })
	for _, name := range names {
		pairs = append(pairs, name, fmt.Sprint(constants[name]))
	}
	r := strings.NewReplacer(pairs...)
	return redis.NewScript(r.Replace(withoutComments(prelude + survey + learn + source)))
}

// withoutComments drops the lines that are comments: Redis need not keep them.
func withoutComments(source string) string {
	var b strings.Builder
	for line := range strings.Lines(source) {
		if !strings.HasPrefix(strings.TrimSpace(line), "--") {
			b.WriteString(line)
		}
	}
	return b.String()
}
