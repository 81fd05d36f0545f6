//go:build !unix

package config

import "io/fs"

// ourSecret is for systems with owners and groups.
func ourSecret(fs.FileInfo) bool { return false }
