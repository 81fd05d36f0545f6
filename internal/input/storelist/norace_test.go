//go:build !race

package storelist_test

const fewer = 1
