//go:build unix

package config

import (
	"io/fs"
	"os"
	"slices"
	"syscall"
)

// ourSecret says whether a file is a secret as Kubernetes (fsGroup, defaultMode 0440) and compose mount it: root's, for a
// group that this process is of to read, and for nobody else. Where this process is root, so that the file is its own, it
// must not be writable, as what is mounted is: else its owner can close it to the group.
func ourSecret(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	groups, err := os.Getgroups()
	if err != nil {
		return false
	}
	return ourSecretOf(info.Mode().Perm(), stat.Uid, stat.Gid, os.Geteuid(), append(groups, os.Getegid()))
}

func ourSecretOf(mode fs.FileMode, owner, group uint32, us int, ours []int) bool {
	return owner == 0 && mode&0o077 == 0o040 && slices.Contains(ours, int(group)) && (us != 0 || mode&0o200 == 0)
}
