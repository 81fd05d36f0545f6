//go:build race

package storelist_test

// fewer is by how much the differential tests take fewer seeds under the race detector, which slows them down by as much.
const fewer = 10
