package manifest

import (
	"cmp"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
)

// flat reads one flat table.
type flat struct {
	o      Options
	rows   *storelist.Rows
	header []string
	at     [columns]int // where each column is; -1 where there is none
	id     int          // where the store IDs are

	manifest *Manifest
	known    map[string]int // targets by the cells of their rows, so that these are looked at once
	targets  map[targetKey]int
	key      []byte
	bad      storelist.BadRows
}

func readTable(ctx context.Context, in io.Reader, o Options) (*Manifest, error) {
	rows, err := storelist.NewRows(ctx, in, o.Defaults.options(o.Name, o.Defaults.Column))
	if err != nil {
		return nil, err
	}
	f := &flat{o: o, rows: rows, header: rows.Header(), known: map[string]int{}, targets: map[targetKey]int{},
		manifest: &Manifest{spill: &spill{dir: o.TempDir, at: cmp.Or(o.spillAt, spillAt)}}}
	if err := f.findColumns(); err != nil {
		return nil, err
	}
	f.manifest.Stats.Form, f.manifest.Stats.Warnings = rows.Format(), rows.Warnings()
	if err := f.read(ctx); err != nil {
		_ = f.manifest.Close() // the error that is told comes first
		return nil, err
	}
	return f.manifest, nil
}

// lookAround is how often it is looked whether the reading is to end, in rows.
const lookAround = 1 << 12

func (f *flat) read(ctx context.Context) error {
	for {
		cells, line, err := f.rows.Next()
		if errors.Is(err, io.EOF) {
			return f.end(ctx)
		}
		if err != nil {
			return err
		}
		if f.manifest.Stats.Rows++; f.manifest.Stats.Rows%lookAround == 0 && ctx.Err() != nil {
			return stopped(ctx)
		}
		if err := f.row(cells, line); err != nil {
			return err
		}
	}
}

func stopped(ctx context.Context) error {
	return job.Fail(job.CodeInterrupted, "manifest.interrupted", "error", context.Cause(ctx))
}

// row takes a row. Once one is refused, the others are only looked at.
func (f *flat) row(cells []string, line int) error {
	id, bad := "", f.overlong(cells)
	target := 0
	if bad == nil {
		target, bad = f.target(cells, line)
	}
	if bad == nil {
		text := cell(cells, f.id)
		var why i18n.Message
		if id, why = storelist.ID(text); !why.IsZero() {
			bad = &storelist.BadRow{Column: f.header[f.id], Value: text, Why: why}
		}
	}
	if bad != nil {
		return f.refuse(*bad, line, cells)
	}
	if target < 0 {
		var err error
		if target, err = f.addTarget(cells, line); err != nil {
			return err
		}
	}
	if f.bad.Count > 0 {
		return nil
	}
	return f.manifest.spill.add(target, id)
}

// overlong refuses a row with more in it than there are columns: a comma without quotes around its cell has moved all
// that stands behind it, and an ID would be taken for another.
func (f *flat) overlong(cells []string) *storelist.BadRow {
	for i := len(f.header); i < len(cells); i++ {
		if cells[i] != "" {
			return &storelist.BadRow{Column: strconv.Itoa(i + 1), Value: cells[i], Why: storelist.MoreCells(len(f.header))}
		}
	}
	return nil
}

// target finds the target of a row: -1 for one that is new.
func (f *flat) target(cells []string, line int) (int, *storelist.BadRow) {
	f.key = f.key[:0]
	for _, at := range f.at {
		f.key = append(append(f.key, cell(cells, at)...), 0)
	}
	if i, ok := f.known[string(f.key)]; ok {
		return i, nil
	}
	if bad := f.wrongTarget(cells); bad != nil {
		return 0, bad
	}
	t := f.newTarget(cells, line)
	i, ok := f.targets[keyOf(t.Target)]
	if !ok {
		return -1, nil
	}
	if bad := f.differs(f.manifest.Targets[i], t); bad != nil {
		return 0, bad
	}
	f.known[string(f.key)] = i // the same, said otherwise
	return i, nil
}

// wrongTarget says what is wrong with a row's target.
func (f *flat) wrongTarget(cells []string) *storelist.BadRow {
	bad := func(c int, why i18n.Message) *storelist.BadRow {
		return &storelist.BadRow{Column: f.title(c), Value: cell(cells, f.at[c]), Why: why}
	}
	stock, bundle := cell(cells, f.at[colStock]), cell(cells, f.at[colBundle])
	switch {
	case stock == "" && bundle == "" && f.at[colStock] >= 0:
		return bad(colStock, i18n.M("manifest.neither"))
	case stock == "" && bundle == "":
		return bad(colBundle, i18n.M("manifest.no_bundle_id"))
	case stock != "" && bundle != "":
		return bad(colBundle, i18n.M("manifest.both"))
	}
	for c, what := range ids {
		s := cell(cells, f.at[c])
		if what.IsZero() || s == "" && c != colCoupon {
			continue
		}
		if why := storelist.Fault(what, s); !why.IsZero() {
			return bad(c, why)
		}
	}
	for c, wrong := range map[int]func(string) i18n.Message{colAccount: wrongAccount, colPriority: wrongPriority} {
		if s := cell(cells, f.at[c]); s != "" {
			if why := wrong(s); !why.IsZero() {
				return bad(c, why)
			}
		}
	}
	return nil
}

func (f *flat) title(c int) string {
	if f.at[c] < 0 {
		return titles[c]
	}
	return f.header[f.at[c]]
}

// newTarget makes a target of a row that is all right.
func (f *flat) newTarget(cells []string, line int) Target {
	d := f.o.Defaults
	return Target{
		Line: line, List: -1, Label: d.Label, ChunkSize: d.ChunkSize,
		Account:  or(strings.Clone(cell(cells, f.at[colAccount])), d.Account),
		Priority: job.Priority(or(strings.Clone(cell(cells, f.at[colPriority])), string(d.Priority), string(job.Default))),
		Target: job.Target{
			BrandID:         strings.Clone(cell(cells, f.at[colBrand])),
			ProductCouponID: strings.Clone(cell(cells, f.at[colCoupon])),
			StockID:         strings.Clone(cell(cells, f.at[colStock])),
			StockBundleID:   strings.Clone(cell(cells, f.at[colBundle])),
		},
	}
}

// differs says where a row says of its target what other rows do not.
func (f *flat) differs(first, t Target) *storelist.BadRow {
	for _, d := range []struct {
		c       int
		was, is string
	}{
		{colBrand, first.Target.BrandID, t.Target.BrandID},
		{colAccount, first.Account, t.Account},
		{colPriority, string(first.Priority), string(t.Priority)},
	} {
		if d.was == d.is {
			continue
		}
		bad := &storelist.BadRow{Column: f.title(d.c), Value: d.is}
		switch was := storelist.Shown(d.was); d.c {
		case colBrand:
			bad.Why = i18n.M("manifest.other_brand", "target", t.Target.Message(), "line", first.Line, "was", was)
		case colAccount:
			bad.Why = i18n.M("manifest.other_account", "target", t.Target.Message(), "line", first.Line, "was", was)
		default:
			bad.Why = i18n.M("manifest.other_priority", "target", t.Target.Message(), "line", first.Line, "was", was)
		}
		return bad
	}
	return nil
}

// addTarget adds the target of a row.
func (f *flat) addTarget(cells []string, line int) (int, error) {
	i := len(f.manifest.Targets)
	if i == MaxTargets {
		return 0, fail(f.o.Name, line, "manifest.too_many_targets", "most", MaxTargets)
	}
	t := f.newTarget(cells, line)
	f.manifest.Targets = append(f.manifest.Targets, t)
	f.targets[keyOf(t.Target)], f.known[string(f.key)] = i, i
	return i, nil
}

// cell gives a cell; "" where there is none.
func cell(cells []string, at int) string {
	if at < 0 || at >= len(cells) {
		return ""
	}
	return cells[at]
}

func (f *flat) refuse(bad storelist.BadRow, line int, cells []string) error {
	if f.o.SetAside == nil {
		bad.Line, bad.Value = line, storelist.Shown(bad.Value)
		f.bad.Add(bad)
		return nil
	}
	if f.manifest.Stats.SetAside == 0 {
		if err := storelist.WriteAside(f.o.SetAside, []string{"line", "why"}, f.header); err != nil {
			return err
		}
	}
	f.manifest.Stats.SetAside++
	return storelist.WriteAside(f.o.SetAside, []string{strconv.Itoa(line), bad.Why.In(f.o.Lang)}, cells)
}

// end judges a table that was read to its end, and counts the stores of each target.
func (f *flat) end(ctx context.Context) error {
	s := &f.manifest.Stats
	switch {
	case f.bad.Count > 0:
		e := fail(f.o.Name, f.bad.First[0].Line, "manifest.bad_rows", "n", f.bad.Count, "rows", f.bad.Reasons())
		e.Err = &f.bad
		return e
	case len(f.manifest.Targets) == 0 && s.SetAside > 0:
		return fail(f.o.Name, 0, "manifest.all_aside", "n", s.SetAside)
	case len(f.manifest.Targets) == 0:
		return fail(f.o.Name, 0, "manifest.no_rows")
	}
	for i := range f.manifest.Targets {
		if ctx.Err() != nil {
			return stopped(ctx)
		}
		t := &f.manifest.Targets[i]
		var err error
		if t.Stores, t.Repeats, err = f.manifest.spill.settle(i); err != nil {
			return err
		}
		s.Stores += t.Stores
		s.Repeats += t.Repeats
	}
	return nil
}
