package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxAccountFiles bounds how many files of accounts_dir are read.
const maxAccountFiles = 10_000

// accountsDir reads the accounts that stand in a folder's files, in the order of their names. Hidden files, and those
// that do not end in .yaml or .yml, are none of them. Who needs no keys need not be able to read them.
func (l *loader) accountsDir(all *[]Account, v value) {
	s, ok := l.text(v, "accounts_dir")
	if !ok || s == "" {
		return
	}
	dir := l.resolve(s, l.at(v))
	entries, err := os.ReadDir(dir)
	if err != nil {
		if !l.needless(err) {
			l.badf(v, "accounts_dir: %s cannot be read: %s", shown(v), cause(err))
		}
		return
	}
	main, mode := l.file, l.mode
	defer func() { l.file, l.mode = main, mode }()
	files := 0
	for _, e := range entries {
		name := e.Name()
		if ext := filepath.Ext(name); strings.HasPrefix(name, ".") || ext != ".yaml" && ext != ".yml" {
			continue
		}
		if files++; files > maxAccountFiles {
			l.problems.add(place{file: dir}, fmt.Sprintf("there are more than %d files of accounts in it", maxAccountFiles))
			return
		}
		l.accountsFile(all, filepath.Join(dir, name), main)
	}
}

// needless says whether what cannot be read need not be.
func (l *loader) needless(err error) bool {
	if l.withKeys || !errors.Is(err, fs.ErrPermission) && !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	l.partial = true
	return true
}

// accountsFile reads the accounts of one file: one account's keys, or a list of accounts.
func (l *loader) accountsFile(all *[]Account, path, main string) {
	if sameFile(path, main) {
		return // accounts_dir is the configuration's own folder
	}
	text, err := l.read(path)
	if err != nil {
		if !l.needless(err) {
			l.problems.add(place{file: path}, "it cannot be read: "+cause(err))
		}
		return
	}
	l.file = path
	root := l.parse(text)
	switch {
	case root == nil:
	case hasKey(root, "accounts"):
		top := l.fields(value{node: root}, "a file of accounts", []string{"accounts"})
		l.accountList(all, top["accounts"])
	case target(root).Kind != yaml.MappingNode:
		l.badf(value{node: root},
			"a file of accounts has one account's keys (name, mode, …), or accounts with a list of them, not %s",
			kind(target(root)))
	default:
		l.accountItem(all, value{node: root})
	}
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// hasKey says whether a mapping has a key of that name itself.
func hasKey(n *yaml.Node, name string) bool {
	if n = target(n); n.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Kind == yaml.ScalarNode && n.Content[i].Value == name {
			return true
		}
	}
	return false
}
