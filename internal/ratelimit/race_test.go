//go:build race

package ratelimit_test

// raced is true under the race detector, under which a world takes ten times as long.
const raced = true
