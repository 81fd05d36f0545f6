//go:build !linux

package testkit

import (
	"errors"
	"time"
)

// Road and what belongs to it are there on Linux alone.
type Road struct{ Server, Addr string }

// Way is what a Road is like.
type Way struct {
	RTT, Jitter time.Duration
	Loss        float64
}

var errNoRoads = errors.New("there are no roads but on Linux")

// RoadNamespace fails.
func RoadNamespace() error { return errNoRoads }

// NewRoad fails.
func NewRoad(int) (*Road, error) { return nil, errNoRoads }

// Set does nothing.
func (*Road) Set(Way) {}

// Close does nothing.
func (*Road) Close() error { return nil }
