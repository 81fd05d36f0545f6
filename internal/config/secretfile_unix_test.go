//go:build unix

package config

import (
	"io/fs"
	"testing"
)

// This looks inside: no test can be every user.
func TestASecretIsOursAloneWhereItIsRootsForAGroupOfOurs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode         fs.FileMode
		owner, group uint32
		us           int
		ours         []int
		want         bool
	}{
		{0o440, 0, 2000, 1000, []int{1000, 2000}, true}, // Kubernetes: fsGroup 2000, defaultMode 0400
		{0o640, 0, 2000, 1000, []int{1000, 2000}, true}, // defaultMode 0600
		{0o440, 0, 1000, 1000, []int{1000}, true},       // compose: gid given
		{0o440, 0, 0, 0, []int{0}, true},                // in a container that runs as root
		{0o640, 0, 0, 0, []int{0}, false},               // its own file, which it could close
		{0o440, 0, 3000, 1000, []int{1000, 2000}, false},
		{0o440, 1000, 1000, 1000, []int{1000}, false}, // its own file
		{0o440, 7, 2000, 1000, []int{1000, 2000}, false},
		{0o444, 0, 2000, 1000, []int{1000, 2000}, false}, // everybody's
		{0o460, 0, 2000, 1000, []int{1000, 2000}, false},
		{0o660, 0, 2000, 1000, []int{1000, 2000}, false},
		{0o450, 0, 2000, 1000, []int{1000, 2000}, false},
		{0o401, 0, 2000, 1000, []int{1000, 2000}, false},
	} {
		if got := ourSecretOf(c.mode, c.owner, c.group, c.us, c.ours); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
