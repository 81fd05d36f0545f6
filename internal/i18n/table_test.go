package i18n

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

func TestEveryCodeHasBothLanguages(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for area, all := range areas {
		for code, text := range all {
			if !strings.HasPrefix(code, area+".") || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz0123456789_.-") != "" {
				t.Errorf("%s stands in %s.go: a code is its area's name, a dot, and words of a-z, 0-9 and _", code, area)
			}
			if seen[code] != "" {
				t.Errorf("%s stands twice", code)
			}
			seen[code] = area
			if text.EN == "" || text.ZH == "" {
				t.Errorf("%s lacks a language: %+v", code, text)
			}
			if strings.ContainsFunc(text.EN, func(r rune) bool { return unicode.Is(unicode.Han, r) && !strings.ContainsRune(chineseInEnglish, r) }) {
				t.Errorf("%s has Chinese in its English: %s", code, text.EN)
			}
			english, chinese := placesOf(t, code, text.EN), placesOf(t, code, text.ZH)
			if !slices.Equal(english, chinese) {
				t.Errorf("%s has the arguments %v in English and %v in Chinese", code, english, chinese)
			}
		}
	}
}

// chineseInEnglish are letters of headers and of what people type, which English texts name as well.
const chineseInEnglish = "门店编号码企业微信支付商家户是国密员工无暂"

// placesOf are the names that a text has places for.
func placesOf(t *testing.T, code, text string) []string {
	t.Helper()
	names := map[string]bool{}
	for _, p := range parse(text) {
		if p.name == "" {
			continue
		}
		names[p.name] = true
		if strings.Trim(p.name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			t.Errorf("%s: {%s} is no name (a brace is written twice)", code, p.name)
		}
		if p.how != "" && !slices.Contains([]string{grouped, quoted, lines, below, or, clauses}, p.how) {
			t.Errorf("%s: {%s:%s} is no way to show an argument", code, p.name, p.how)
		}
		if len(p.choice) == 1 {
			t.Errorf("%s: {%s|%s} leaves no choice", code, p.name, p.choice[0])
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func TestMessagesAreMadeWithCodesOfTheTable(t *testing.T) {
	t.Parallel()
	r := readRepository(t)
	for _, c := range r.calls {
		if c.code == "" {
			t.Errorf("%s: the code of %s is to be a literal, so that it can be looked up (i18n.Dynamic is for others)", c.at, c.fun)
			continue
		}
		text, ok := lookup(c.code)
		if !ok {
			t.Errorf("%s: %s is not in the table", c.at, c.code)
			continue
		}
		want := placesOf(t, c.code, text.EN)
		if slices.Sort(c.names); !c.forwarded && !slices.Equal(c.names, want) {
			t.Errorf("%s: %s takes the arguments %v, and is given %v", c.at, c.code, want, c.names)
		}
	}
	if len(r.calls) == 0 {
		t.Error("no message is made anywhere")
	}
}

func TestEveryCodeIsUsed(t *testing.T) {
	t.Parallel()
	r := readRepository(t)
	for code := range table() {
		if !r.literals[code] && !strings.HasPrefix(code, "term.") && !slices.ContainsFunc(r.others, func(text string) bool {
			return strings.Contains(text, `"`+code+`"`) || strings.Contains(text, `'`+code+`'`)
		}) {
			t.Errorf("nobody says %s", code)
		}
	}
}

// repository is what the code says of messages.
type repository struct {
	calls    []call
	literals map[string]bool // all string literals, but for the keys of the table
	others   []string        // templates and scripts
}

// call is one that makes a message.
type call struct {
	at, fun   string
	code      string // "" where it is no literal
	names     []string
	forwarded bool // its arguments are those of the function that it stands in
}

func readRepository(t *testing.T) *repository {
	t.Helper()
	r := &repository{literals: map[string]bool{}}
	set := token.NewFileSet()
	packages := map[string][]*ast.File{}
	for _, root := range []string{"../../internal", "../../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") {
				return err
			}
			switch filepath.Ext(path) {
			case ".lua", ".html", ".tmpl", ".js":
				text, err := os.ReadFile(path)
				r.others = append(r.others, string(text))
				return err
			case ".go":
				file, err := parser.ParseFile(set, path, nil, 0)
				if err == nil {
					packages[filepath.Dir(path)] = append(packages[filepath.Dir(path)], file)
				}
				return err
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for dir, files := range packages {
		makers := makersOf(files)
		for _, file := range files {
			r.read(set, dir, file, makers)
		}
	}
	return r
}

// makersOf are the functions of a package that take a message's code and arguments: those whose last parameters are
// "message string, args ...any", each with the place of the code.
func makersOf(files []*ast.File) map[string]int {
	makers := map[string]int{}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if at, ok := codeAt(n.Type); ok {
					makers[n.Name.Name] = at
				}
			case *ast.AssignStmt: // fail := func(message string, args ...any) …
				for i, e := range n.Rhs {
					if f, ok := e.(*ast.FuncLit); ok && i < len(n.Lhs) {
						name, named := n.Lhs[i].(*ast.Ident)
						if at, ok := codeAt(f.Type); ok && named {
							makers[name.Name] = at
						}
					}
				}
			}
			return true
		})
	}
	return makers
}

func codeAt(f *ast.FuncType) (int, bool) {
	var names []string
	for _, field := range f.Params.List {
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
	}
	n := len(names)
	if n < 2 || names[n-2] != "message" || names[n-1] != "args" {
		return 0, false
	}
	_, variadic := f.Params.List[len(f.Params.List)-1].Type.(*ast.Ellipsis)
	return n - 2, variadic
}

// ours are the makers that every package may call, by the package's name.
var ours = map[string]map[string]int{"i18n": {"M": 0, "E": 0}, "job": {"Fail": 1}}

func (r *repository) read(set *token.FileSet, dir string, file *ast.File, makers map[string]int) {
	inTable := filepath.Base(dir) == "i18n"
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CompositeLit:
			if name, ok := n.Type.(*ast.Ident); ok && inTable && name.Name == "texts" {
				return false
			}
		case *ast.BasicLit:
			if s, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
				r.literals[s] = true
			}
		case *ast.CallExpr:
			if fun, at, ok := maker(n, makers, inTable); ok && len(n.Args) > at {
				r.add(set, n, fun, at)
			}
		}
		return true
	})
}

// maker tells whether a call makes a message, and where its code stands.
func maker(c *ast.CallExpr, makers map[string]int, inTable bool) (fun string, at int, ok bool) {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		if inTable {
			at, ok = ours["i18n"][f.Name]
			return f.Name, at, ok
		}
		at, ok = makers[f.Name]
		return f.Name, at, ok
	case *ast.SelectorExpr:
		if x, isName := f.X.(*ast.Ident); isName && ours[x.Name] != nil {
			at, ok = ours[x.Name][f.Sel.Name]
			return x.Name + "." + f.Sel.Name, at, ok
		}
		at, ok = makers[f.Sel.Name]
		return f.Sel.Name, at, ok && !inTable
	}
	return "", 0, false
}

func (r *repository) add(set *token.FileSet, c *ast.CallExpr, fun string, at int) {
	one := call{at: set.Position(c.Pos()).String(), fun: fun, forwarded: c.Ellipsis.IsValid()}
	switch code := c.Args[at].(type) {
	case *ast.BasicLit:
		one.code, _ = strconv.Unquote(code.Value)
	case *ast.Ident:
		if one.forwarded && code.Name == "message" { // its own callers are looked at
			return
		}
	case *ast.SelectorExpr, *ast.IndexExpr, *ast.CallExpr:
	}
	if one.code == "" && strings.Contains(one.at, "internal/i18n/") {
		return
	}
	for i := at + 1; i < len(c.Args); i += 2 {
		if name, ok := c.Args[i].(*ast.BasicLit); ok {
			s, _ := strconv.Unquote(name.Value)
			one.names = append(one.names, s)
		} else if !one.forwarded {
			one.names = append(one.names, "?")
		}
	}
	r.calls = append(r.calls, one)
}
