package docs_test

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layer is a row of the table of what may import what.
type layer struct {
	place string // internal/job
	may   string
}

var (
	layerRow = regexp.MustCompile("^\\| `((?:cmd|internal)/[^`]+)/` \\| .* \\| (.+) \\|$")
	named    = regexp.MustCompile("`([^`]+)`")
)

// module is what the paths of our packages begin with.
const module = "github.com/storelink/storelink/"

func layers(t *testing.T) (all []layer) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if row := layerRow.FindStringSubmatch(strings.TrimSpace(line)); row != nil {
			all = append(all, layer{row[1], row[2]})
		}
	}
	return all
}

// allowed are the packages that the nth row lets its place import. Messages are everybody's.
func allowed(all []layer, n int) (places []string) {
	if all[n].may != "nothing of ours" {
		places = append(places, "internal/i18n")
	}
	for i, other := range all {
		if strings.HasPrefix(all[n].may, "anything below") && i > n || strings.HasPrefix(all[n].may, "all of the above") && i < n {
			places = append(places, other.place)
		}
	}
	for _, name := range named.FindAllStringSubmatch(all[n].may, -1) {
		places = append(places, "internal/"+name[1])
	}
	return places
}

// TestNothingImportsWhatItMayNot holds the programs to the table in architecture.md. What tests alone import is theirs.
func TestNothingImportsWhatItMayNot(t *testing.T) {
	t.Parallel()
	all := layers(t)
	if len(all) < 30 {
		t.Fatalf("the table has %d rows", len(all))
	}
	for n, l := range all {
		files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(l.place), "*.go"))
		if err != nil || len(files) == 0 {
			t.Errorf("%s: there are no Go files: %v", l.place, err)
		}
		may := allowed(all, n)
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
			if err != nil {
				t.Error(err)
				continue
			}
			for _, i := range file.Imports {
				path, _ := strconv.Unquote(i.Path.Value) // it was parsed
				if place, is := strings.CutPrefix(path, module); is && !slices.Contains(may, place) {
					t.Errorf("%s imports %s, and docs/architecture.md lets it import %s", name, place, l.may)
				}
			}
		}
	}
}

// under says whether a row's place explains a folder: the package itself or, of a folder without Go files, those in it.
func under(folder, place string) bool {
	if folder == place {
		return true
	}
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(folder), "*.go"))
	return err == nil && len(files) == 0 && strings.HasPrefix(place, folder+"/")
}

// TestEveryPackageHasItsPlace says where a new package is to be explained.
func TestEveryPackageHasItsPlace(t *testing.T) {
	t.Parallel()
	all := layers(t)
	for _, parent := range []string{"cmd", "internal"} {
		dirs, err := os.ReadDir(filepath.Join(root, parent))
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range dirs {
			place := parent + "/" + d.Name()
			if d.IsDir() && !slices.ContainsFunc(all, func(l layer) bool { return under(place, l.place) }) {
				t.Errorf("%s has no row in the table of docs/architecture.md", place)
			}
		}
	}
}
