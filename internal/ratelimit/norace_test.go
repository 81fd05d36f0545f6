//go:build !race

package ratelimit_test

const raced = false
