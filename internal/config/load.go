package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFile bounds the configuration file, in bytes: a thousand accounts with their keys in it are far below.
const maxFile = 8 << 20

// loader reads one configuration and collects what is wrong with it.
type loader struct {
	file     string      // "" if there is none
	mode     fs.FileMode // the file's
	env      environment
	withKeys bool

	subject  string // what is being read, before a problem's text: "account acme: "
	problems problems
	warnings []string
	partial  bool // some accounts may not be read, and are not needed
	merges   int  // merge keys followed so far
}

func load(path string, environ []string, withKeys bool) (*Config, error) {
	l := &loader{env: newEnvironment(environ), withKeys: withKeys}
	c := &Config{
		HTTP:      DefaultHTTP,
		Log:       Log{Level: slog.LevelInfo, Format: LogText},
		Retention: DefaultRetention,
	}
	named := ""
	if path == "" {
		if path, _ = l.env.lookup(envConfig); path != "" {
			named = " (named by " + envConfig + ")"
		}
	}
	c.File, l.file = path, path
	top := fields{}
	if path != "" {
		text, err := l.read(path)
		if err != nil {
			l.problems.add(place{file: path}, "the configuration file"+named+" cannot be read: "+cause(err))
			return nil, l.problems.err()
		}
		if root := l.parse(text); root != nil {
			top = l.fields(value{node: root}, "the configuration", append(names(topKeys, topLists...), names(redisKeys)...))
		}
	}
	l.overlayTop(top)
	l.setTop(c, top)
	c.Accounts = l.accounts(top)
	l.env.refuseUnknown(&l.problems, c.Accounts, l.partial)
	c.Warnings = l.warnings
	if err := l.problems.err(); err != nil {
		return nil, err
	}
	return c, nil
}

// read reads the file, and remembers its mode: it may hold a key.
func (l *loader) read(path string) ([]byte, error) {
	text, info, err := readBounded(path, maxFile)
	if err != nil {
		l.mode = 0
		return nil, err
	}
	l.mode = l.ownMode(path, info)
	l.checkWritable(path, l.mode)
	return text, nil
}

// ownMode is a file's mode as far as it is about others. systemd's credentials are for their service alone, but where it
// says so by an access list, that looks like something for a group; and a secret that Kubernetes or compose mounts is
// root's, and a group's of which this process is.
func (l *loader) ownMode(path string, info fs.FileInfo) fs.FileMode {
	mode := info.Mode()
	if ourSecret(info) {
		return mode &^ 0o070
	}
	dir, ok := l.env.lookup("CREDENTIALS_DIRECTORY")
	if !ok || !filepath.IsAbs(dir) {
		return mode
	}
	if rel, err := filepath.Rel(dir, path); err != nil || !filepath.IsLocal(rel) {
		return mode
	}
	return mode &^ 0o070
}

// checkWritable warns of a file that everybody may change: its keys and addresses are those that are believed.
func (l *loader) checkWritable(path string, mode fs.FileMode) {
	if runtime.GOOS != "windows" && mode&0o002 != 0 {
		l.warnf("%s may be changed by everybody on this machine (mode %04o): run chmod o-w %s", path, mode.Perm(), quotePath(path))
	}
}

// warnf adds what is not wrong, but better otherwise.
func (l *loader) warnf(format string, args ...any) {
	if w := fmt.Sprintf(format, args...); !slices.Contains(l.warnings, w) {
		l.warnings = append(l.warnings, w)
	}
}

// readBounded reads a regular file of at most limit bytes. Anything else is refused unread: a pipe would hang.
func readBounded(path string, limit int64) ([]byte, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if info.IsDir() {
		return nil, nil, errors.New("it is a folder")
	}
	if !info.Mode().IsRegular() {
		return nil, nil, errors.New("it is no regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	// The mode is asked of what was opened: what the path names may have changed since.
	if info, err = f.Stat(); err != nil {
		return nil, nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, nil, err
	}
	if int64(len(text)) > limit {
		return nil, nil, errors.New("it is too large for what it should be")
	}
	return text, info, nil
}

// cause is why a file cannot be read, without its path, which the caller tells or keeps to itself.
func cause(err error) string {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		err = e.Err
	}
	return err.Error()
}

// resolve makes a path of the configuration one that can be opened: what stands in the file is relative to its folder.
func (l *loader) resolve(path string, from place) string {
	if from.file == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(from.file), path)
}

// parse gives the file's one mapping, or nil if there is none or it is wrong.
func (l *loader) parse(text []byte) *yaml.Node {
	var root, second yaml.Node
	d := yaml.NewDecoder(strings.NewReader(string(text)))
	if err := decode(d, &root); err != nil {
		if !errors.Is(err, io.EOF) {
			l.problems.addYAML(l.file, err)
		}
		return nil
	}
	if err := decode(d, &second); err == nil {
		l.problems.add(place{file: l.file, line: second.Line}, "a second document begins here; there may be only one")
	} else if !errors.Is(err, io.EOF) {
		l.problems.addYAML(l.file, err)
	}
	n := &root
	if n.Kind == yaml.DocumentNode && len(n.Content) == 1 {
		n = n.Content[0]
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil // only comments
	}
	return n
}

// decode turns the parser's panics, of which malformed input raises some, into errors.
func decode(d *yaml.Decoder, n *yaml.Node) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("yaml: this cannot be understood")
		}
	}()
	return d.Decode(n)
}
