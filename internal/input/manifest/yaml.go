package manifest

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
)

// keys are those of a target, and of the defaults.
var keys = []string{"account", "brand", "coupon", "stock", "bundle", "list", "column", "header", "ids", "priority", "label", "chunk_size"}

// loader reads one YAML manifest and collects what is wrong with it.
type loader struct {
	name, dir string
	problems  problems
	manifest  *Manifest
	lists     map[listKey]int   // by the file and how it is read
	files     map[string]file   // that were looked for, by the path
	seen      map[targetKey]int // the line of each target
}

// listKey tells lists apart.
type listKey struct {
	file, column string
	Lists
}

// file is a list's file.
type file struct {
	real  string       // its path without symbolic links
	wrong i18n.Message // why it is no list; none where nothing is known against it
}

func readYAML(in io.Reader, o Options) (*Manifest, error) {
	l := &loader{name: o.Name, dir: o.Dir, manifest: &Manifest{Stats: Stats{Form: "YAML"}}, lists: map[listKey]int{}, files: map[string]file{},
		seen: map[targetKey]int{}}
	root, err := l.parse(in)
	if err != nil {
		return nil, err
	}
	if root != nil {
		l.read(root, o.Defaults)
	}
	if err := l.problems.err(o.Name); err != nil {
		return nil, err
	}
	if len(l.manifest.Targets) == 0 {
		return nil, fail(o.Name, 0, "manifest.no_targets")
	}
	return l.manifest, nil
}

func (l *loader) read(root *yaml.Node, given Defaults) {
	top := l.fields(root, i18n.M("manifest.itself"), []string{"defaults", "targets"})
	defaults := fields{}
	if n := top["defaults"]; n != nil {
		defaults = l.fields(n, i18n.M("manifest.defaults"), keys)
		if has(defaults, "stock") && has(defaults, "bundle") {
			l.problems.say(defaults["bundle"].Line, "manifest.defaults_both")
		}
		l.target(defaults, fields{}, n.Line, given) // what is wrong with a default is so whether it is used or not
	}
	n := top["targets"]
	if n == nil {
		return
	}
	list := target(n)
	switch {
	case isNull(list):
	case list.Kind != yaml.SequenceNode:
		l.problems.say(n.Line, "manifest.no_list")
	case len(list.Content) > MaxTargets:
		l.problems.say(n.Line, "manifest.more_targets", "n", len(list.Content), "most", MaxTargets)
	default:
		for i, item := range list.Content {
			l.add(item, i, defaults, given)
		}
	}
}

// add reads a target and adds it.
func (l *loader) add(n *yaml.Node, i int, defaults fields, given Defaults) {
	own := l.fields(n, i18n.M("manifest.target", "n", i+1), keys)
	if target(n).Kind != yaml.MappingNode {
		if isNull(target(n)) {
			l.problems.say(n.Line, "manifest.empty_target", "n", i+1)
		}
		return
	}
	before := len(l.problems)
	t, list, column, how := l.target(own, defaults, n.Line, given)
	said := func(key string) bool { return has(own, key) || has(defaults, key) }
	if !said("coupon") {
		l.problems.say(n.Line, "manifest.no_coupon", "n", i+1)
	}
	switch {
	case has(own, "stock") && has(own, "bundle"):
		l.problems.say(n.Line, "manifest.target_both", "n", i+1)
	case !said("stock") && !said("bundle"):
		l.problems.say(n.Line, "manifest.target_neither", "n", i+1)
	}
	if list == nil {
		l.problems.say(n.Line, "manifest.target_no_list", "n", i+1)
	}
	if len(l.problems) > before {
		return
	}
	if first, twice := l.seen[keyOf(t.Target)]; twice {
		l.problems.say(n.Line, "manifest.target_twice", "n", i+1, "target", t.Target.Message(), "line", first)
		return
	}
	l.seen[keyOf(t.Target)] = n.Line
	t.List = l.list(list, column, how)
	l.manifest.Targets = append(l.manifest.Targets, t)
}

// target reads a target's values: its own, or else the manifest's defaults, or else those that were given. list is where
// its list stands; nil where it has none.
func (l *loader) target(own, defaults fields, line int, given Defaults) (t Target, list *yaml.Node, column string, how Lists) {
	if has(own, "stock") || has(own, "bundle") {
		defaults = without(defaults, "stock", "bundle")
	}
	pick := func(key string) *yaml.Node {
		switch {
		case has(own, key):
			return own[key]
		case has(defaults, key):
			return defaults[key]
		}
		return nil
	}
	value := func(key string, exact bool, wrong func(string) i18n.Message) string {
		n := pick(key)
		if n == nil {
			return ""
		}
		read := l.text
		if exact {
			read = l.exact
		}
		s, ok := read(n, key)
		if !ok || wrong == nil {
			return s
		}
		why := i18n.M("manifest.empty")
		if s != "" {
			why = wrong(s)
		}
		if !why.IsZero() {
			l.problems.say(n.Line, "manifest.bad_value", "key", key, "value", storelist.Shown(s), "why", why)
			return ""
		}
		return s
	}
	id := func(key string, column int) string {
		return value(key, true, func(s string) i18n.Message { return storelist.Fault(ids[column], s) })
	}
	t = Target{Line: line, List: -1}
	t.Account = or(value("account", true, wrongAccount), given.Account)
	t.Target.BrandID, t.Target.ProductCouponID = id("brand", colBrand), id("coupon", colCoupon)
	t.Target.StockID, t.Target.StockBundleID = id("stock", colStock), id("bundle", colBundle)
	t.Priority = job.Priority(or(value("priority", false, wrongPriority), string(given.Priority), string(job.Default)))
	t.Label = or(value("label", false, wrongLabel), given.Label)
	t.ChunkSize = given.ChunkSize
	if s := value("chunk_size", false, wrongChunkSize); s != "" {
		t.ChunkSize, _ = strconv.Atoi(s) // it was checked
	}
	how = given.Lists
	column = or(value("column", false, nil), given.Column)
	how.IDs = or(value("ids", false, wrongIDs), given.IDs)
	if s := value("header", false, wrongHeader); s != "" {
		how.HeaderLine, _ = strconv.Atoi(s) // it was checked
		how.NoHeader = how.HeaderLine == 0
	}
	value("list", false, l.wrongList)
	return t, pick("list"), column, how
}

// has says whether a key has a value.
func has(f fields, key string) bool { return f[key] != nil && !isNull(target(f[key])) }

func or(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

func without(f fields, keys ...string) fields {
	out := fields{}
	for k, v := range f {
		out[k] = v
	}
	for _, k := range keys {
		delete(out, k)
	}
	return out
}

func wrongIDs(s string) i18n.Message {
	if _, ok := storelist.ParseIDs(s); ok {
		return i18n.Message{}
	}
	return i18n.M("manifest.no_ids")
}

func wrongHeader(s string) i18n.Message {
	if n, err := strconv.Atoi(s); s == "none" || err == nil && n >= 1 {
		return i18n.Message{}
	}
	return i18n.M("manifest.no_header_line")
}

func wrongChunkSize(s string) i18n.Message {
	if n, err := strconv.Atoi(s); err == nil && n >= 1 && n <= job.MaxStoresPerCall {
		return i18n.Message{}
	}
	return i18n.M("manifest.no_chunk_size", "most", job.MaxStoresPerCall)
}

// resolve makes a path of the manifest one that can be opened.
func (l *loader) resolve(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(l.dir, path)
}

// wrongList looks for a list's file, once for all targets that use it.
func (l *loader) wrongList(path string) i18n.Message {
	if path == storelist.Stdin || strings.Contains(path, "://") {
		return i18n.M("manifest.list_no_file")
	}
	path = l.resolve(path)
	f, known := l.files[path]
	if !known {
		f = look(path)
		l.files[path] = f
	}
	return f.wrong
}

func look(path string) file {
	if strings.ContainsRune(path, 0) {
		return file{wrong: i18n.M("manifest.no_path")}
	}
	real, err := filepath.EvalSymlinks(path)
	var info fs.FileInfo
	if err == nil {
		info, err = os.Stat(real)
	}
	switch {
	case err != nil:
		return file{wrong: i18n.M("list.unreadable", "error", cause(err))}
	case info.IsDir():
		return file{wrong: i18n.M("list.folder")}
	case !info.Mode().IsRegular():
		return file{wrong: i18n.M("list.no_regular_file")}
	}
	return file{real: real}
}

// list gives the place of a list among the manifest's, and adds one that is new.
func (l *loader) list(n *yaml.Node, column string, how Lists) int {
	path := l.resolve(strings.TrimSpace(target(n).Value))
	key := listKey{l.files[path].real, column, how}
	at, known := l.lists[key]
	if !known {
		at = len(l.manifest.Lists)
		l.lists[key] = at
		l.manifest.Lists = append(l.manifest.Lists, List{Path: path, Column: column, Lists: how, Line: n.Line})
	}
	return at
}
