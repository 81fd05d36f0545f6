package storelist_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
)

// pending are the lines of expect.tsv that are not right yet.
var pending = map[string]bool{}

// elsewhere are the lines of expect.tsv about what the command does with a list: cmd/enqueue tests those.
var elsewhere = map[string]bool{"--join": true}

// shown are what a refusal has to name, where expect.tsv says so in words.
var shown = map[string][]string{
	"b18-title-ascii-header.xlsx": {`"shop_code", "name"`, "--column"},
	"b21-title-two.xlsx":          {`"门店编号", "门店ID"`},
	"a38-json-pretty.json":        {"over several lines", "an object"},
	"a65-multi-in-cell.csv":       {"2 IDs"},
	"sheet-without-part.xlsx":     {"missing"},
	"a16-ragged-long.csv":         {"more cells"},
}

// TestCasesAreReadAsExpected reads every list of expect.tsv as that says.
func TestCasesAreReadAsExpected(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile("testdata/cases/expect.tsv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(table)), "\n")[1:]
	if len(lines) != 33 {
		t.Errorf("expect.tsv has %d lines", len(lines))
	}
	for _, line := range lines {
		cells := strings.Split(line, "\t")
		name, flags, want := cells[0], cells[1], cells[2]
		if elsewhere[flags] || strings.HasPrefix(name, "mk-") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := expected(t, name, flags, want)
			switch {
			case pending[name] && err == nil:
				t.Error("it is not pending any more")
			case err != nil && !pending[name]:
				t.Error(err)
			}
		})
	}
}

// expected reads a list and compares that with a line of expect.tsv.
func expected(t *testing.T, name, flags, want string) error {
	t.Helper()
	opts := storelist.Options{Name: name}
	if column, ok := strings.CutPrefix(flags, "--column "); ok {
		opts.Column = column
	}
	if flags == "--set-aside" {
		opts.SetAside = func(storelist.Rejected) error { return nil }
	}
	list, err := os.ReadFile(filepath.Join("testdata/cases", name))
	if err != nil {
		t.Fatal(err)
	}
	ids, _, err := read(string(list), opts)
	switch how, rest, _ := strings.Cut(want, " "); how {
	case "read", "read,":
		if err != nil || len(ids) == 0 {
			return errors.Join(errors.New("it is not read"), err)
		}
	case "refused", "refused,":
		return refused(err, name, rest)
	default:
		if got := strings.Join(ids, ","); got != want || err != nil {
			return errors.Join(errors.New("got "+got+", want "+want), err)
		}
	}
	return nil
}

// refused compares a refusal with the rows that were to be rejected, and what it was to say.
func refused(err error, name, rows string) error {
	if job.ExitStatus(err) != 2 {
		return errors.Join(errors.New("it is not refused"), err)
	}
	for _, says := range shown[name] {
		if !strings.Contains(err.Error(), says) {
			return errors.Join(errors.New("it does not say "+says), err)
		}
	}
	var want []int
	for _, row := range strings.Split(rows, ",") {
		if n, e := strconv.Atoi(row); e == nil {
			want = append(want, n)
		}
	}
	var bad *storelist.BadRows
	if len(want) == 0 || !errors.As(err, &bad) {
		if len(want) > 0 && (len(want) != 1 || job.AsError(err).Line != want[0]) {
			return errors.Join(errors.New("the rows are not named"), err)
		}
		return nil
	}
	var got []int
	for _, r := range bad.First {
		got = append(got, r.Line)
	}
	if !slices.Equal(got, want) || bad.Count != int64(len(want)) {
		return errors.Join(errors.New("other rows are rejected"), err)
	}
	return nil
}
