package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// scalarTags are the types that YAML takes a single value for; all are read as the text that stands there, so that a
// merchant's ID needs no quotes and keeps its leading zeros.
var scalarTags = []string{"!!str", "!!int", "!!float", "!!bool", "!!timestamp", "!!null"}

// text gives a single value with the environment's variables in it, without blanks around it; "" where it is empty. It
// is false, and the problem added, where there is none to give.
func (l *loader) text(v value, name string) (string, bool) {
	n := target(v.node)
	if n.Kind != yaml.ScalarNode {
		l.badf(v, "%s must be a single value, not %s", name, kind(n))
		return "", false
	}
	if !slices.Contains(scalarTags, n.Tag) {
		l.badf(v, "%s has a YAML tag that is not understood here: write the value alone", name)
		return "", false
	}
	if n.Tag == "!!null" {
		return "", true
	}
	if v.env != "" {
		return strings.TrimSpace(n.Value), true // never searched for variables
	}
	s, err := l.env.expand(n.Value)
	if err != "" {
		l.badf(v, "%s: %s", name, err)
		return "", false
	}
	return strings.TrimSpace(s), true
}

// shown is a value as an error may quote it: as it was written, with ${NAME} instead of what the environment holds, and
// only if it is short and no part of a key.
func shown(v value) string {
	s := target(v.node).Value
	if len(s) > 60 || strings.Contains(s, "-----") || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' }) {
		return "what is given"
	}
	return strconv.Quote(s)
}

func (l *loader) number(v value, name string, into *float64) {
	s, ok := l.text(v, name)
	if !ok || s == "" {
		return
	}
	f, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil:
		l.badf(v, "%s: %s is no number", name, shown(v))
	case math.IsNaN(f) || f < 0 || f > MaxRate || f > 0 && f < MinRate:
		l.badf(v, "%s: %s is out of bounds: it is 0, or %v to %v", name, shown(v), MinRate, MaxRate)
	default:
		*into = f
	}
}

func (l *loader) integer(v value, name string, low, high int, into *int) {
	s, ok := l.text(v, name)
	if !ok || s == "" {
		return
	}
	i, err := strconv.Atoi(s)
	switch {
	case err != nil:
		l.badf(v, "%s: %s is no whole number", name, shown(v))
	case i < low || i > high:
		l.badf(v, "%s: %s is out of bounds: it is %d to %d", name, shown(v), low, high)
	default:
		*into = i
	}
}

func (l *loader) duration(v value, name string, low, high time.Duration, into *time.Duration) {
	s, ok := l.text(v, name)
	if !ok || s == "" {
		return
	}
	d, err := parseDuration(s)
	switch {
	case err != nil:
		l.badf(v, "%s: %s is no duration: write 500ms, 10s, 5m, 12h or 30d", name, shown(v))
	case d < low || d > high:
		l.badf(v, "%s: %s is out of bounds: it is %s to %s", name, shown(v), durationText(low), durationText(high))
	default:
		*into = d
	}
}

const day = 24 * time.Hour

// parseDuration reads what time.ParseDuration does, and whole days (30d), which retention is thought of in.
func parseDuration(s string) (time.Duration, error) {
	days, ok := strings.CutSuffix(s, "d")
	if !ok {
		return time.ParseDuration(s)
	}
	n, err := strconv.ParseUint(days, 10, 16) // 65535 days do not overflow
	return time.Duration(n) * day, err
}

func durationText(d time.Duration) string {
	if d >= day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	if d >= time.Hour && d%time.Hour == 0 {
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	if d >= time.Minute && d%time.Minute == 0 {
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}

// choice reads one of a few words.
func choice[T any](l *loader, v value, name string, words []string, values []T, into *T) {
	s, ok := l.text(v, name)
	if !ok || s == "" {
		return
	}
	i := slices.Index(words, s)
	if i < 0 {
		l.badf(v, "%s: %s is not %s", name, shown(v), orList(words))
		return
	}
	*into = values[i]
}

func orList(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
