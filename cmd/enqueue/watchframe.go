package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/terminal"
)

// frames draws what watch shows. It keeps, of each job, what it takes to tell how fast it goes.
type frames struct {
	tongue tongue
	screen terminal.Screen // its colours

	id    string // of what is watched; "" for everything
	last  sight  // all zero before the first
	goes  map[string]*progress
	trial error     // what came of the last look, where that was nothing
	since time.Time // since when
	now   time.Time
}

// glance is a display that keeps what it is shown.
type glance struct{ figures figures }

func (g *glance) show(f figures) { g.figures = f }
func (g *glance) note(string)    {}
func (g *glance) close()         {}

// see takes note of a look.
func (f *frames) see(s sight) {
	f.last, f.trial, f.since, f.now = s, nil, time.Time{}, s.at
	all := slices.Clone(s.jobs)
	if s.subject != nil {
		all = append(all, *s.subject)
	}
	goes := map[string]*progress{}
	for _, j := range all {
		p := f.goes[j.Job]
		if p == nil {
			p = &progress{display: &glance{}, tongue: f.tongue}
		}
		p.look(j, s.at)
		goes[j.Job] = p
	}
	f.goes = goes
}

// miss takes note of a look that showed nothing.
func (f *frames) miss(m missed) {
	f.now = m.at
	if f.trial == nil {
		f.since = m.since
	}
	f.trial = m.err
}

// shown are the jobs in the order in which they are drawn.
func (f *frames) shown() []job.Status {
	var all []job.Status
	if f.last.subject != nil {
		all = append(all, *f.last.subject)
	}
	return append(all, f.last.jobs...)
}

// section is some lines that belong together.
type section struct {
	lines []string
	keep  int  // how many of them stay where other sections have more to spare
	last  bool // it goes last
}

// draw lays everything out on a screen of so many columns and rows, which are never exceeded. Where there is little room,
// the jobs come first.
func (f *frames) draw(width, height int) []string {
	if width <= 0 || height <= 0 {
		return nil
	}
	notes := f.notes(width)
	sections := []*section{{lines: f.accountLines(width), keep: 3}, {lines: f.jobLines(width), keep: 4, last: true},
		{lines: f.failureLines(width), keep: 3}}
	var foot []string
	if height >= 8 {
		foot = []string{f.screen.Paint(terminal.Faint, terminal.Cut(f.foot(), width))}
	}
	room := height - len(foot) - len(notes)
	if room <= 2 { // a word on how it goes is all there is room for
		sections = []*section{{lines: f.short(width), keep: 1}}
	}
	room = max(room, 0)
	used := 0
	for _, s := range sections {
		used += len(s.lines)
	}
	for used > room {
		used -= shorten(sections, f.screen)
	}
	var out []string
	spare := room - used
	for _, s := range sections {
		if len(s.lines) == 0 {
			continue
		}
		if len(out) > 0 && spare > 0 {
			out, spare = append(out, ""), spare-1
		}
		out = append(out, s.lines...)
	}
	if spare > 0 && len(foot)+len(notes) > 0 {
		out = append(out, "")
	}
	out = append(append(out, notes...), foot...)
	for i := range out {
		out[i] = terminal.Cut(out[i], width)
	}
	return out[:min(len(out), height)]
}

// shorten takes a line away where there are most of them to spare, or else a whole section, the jobs last, and says how many
// lines that saved.
func shorten(sections []*section, screen terminal.Screen) int {
	var from *section
	for _, s := range sections {
		if len(s.lines) > s.keep && (from == nil || len(s.lines)-s.keep > len(from.lines)-from.keep) {
			from = s
		}
	}
	if from != nil {
		from.lines = from.lines[:len(from.lines)-1]
		from.lines[len(from.lines)-1] = screen.Paint(terminal.Faint, "…")
		return 1
	}
	for _, s := range sections {
		if n := len(s.lines); n > 0 && !s.last {
			s.lines = nil
			return n
		}
	}
	for _, s := range sections {
		if n := len(s.lines); n > 0 {
			s.lines = s.lines[:n-1]
			return 1
		}
	}
	return 1 << 20 // there is nothing left
}

// accountLines are the accounts of what is shown, or all of them where everything is watched.
func (f *frames) accountLines(width int) []string {
	jobs := f.shown()
	wanted := map[string]bool{}
	paces := map[string]map[string]bool{} // the interfaces that an account's jobs use
	for _, j := range jobs {
		for _, name := range strings.Split(j.Account, ", ") { // a batch has many
			wanted[name] = true
		}
		if j.Targets > 0 || j.State.Ended() {
			continue
		}
		if paces[j.Account] == nil {
			paces[j.Account] = map[string]bool{}
		}
		op := j.Operation
		if op == job.Resync {
			op = job.Associate
		}
		if _, _, lists := j.Lists(); lists {
			op = job.List
		}
		paces[j.Account][job.Interface(op, job.Target{StockBundleID: j.StockBundleID})] = true
	}
	t := terminal.Table{Columns: f.columns(terminal.Column{Name: "cmd.head_account", Least: 8},
		terminal.Column{Name: "cmd.head_state"},
		terminal.Column{Name: "cmd.head_workers", Right: true, Drop: 3}, terminal.Column{Name: "cmd.head_calls_a_second",
			Least: 10, Drop: 2},
		terminal.Column{Name: "cmd.head_reason", Least: 16, Drop: 1})}
	rows := 0
	for _, info := range f.last.accounts {
		if f.id != "" && !wanted[info.Name] {
			continue
		}
		state, reason := laneOf(info)
		pace := map[string]float64{}
		for of := range paces[info.Name] {
			if rate, ok := info.Pace[of]; ok {
				pace[of] = rate
			}
		}
		inForce := f.tongue.pace(pace)
		if f.id != "" && len(pace) == 1 { // the job's: there is no other to tell it from
			inForce = fmt.Sprintf("%.3g", slices.Collect(maps.Values(pace))[0])
		}
		t.Add(text(info.Name), f.tongue.state(state), text(count(int64(len(info.Workers)))), text(inForce), text(f.tongue.in(i18n.Plain(reason))))
		rows++
	}
	if rows == 0 {
		return nil
	}
	lines, _ := t.Lines(f.screen, width)
	return lines
}

// columns are columns under their names in the tongue.
func (f *frames) columns(columns ...terminal.Column) []terminal.Column {
	for i := range columns {
		columns[i].Name = f.tongue.label(columns[i].Name)
	}
	return columns
}

// laneOf is an account over all of its workers: one that serves it is enough.
func laneOf(info job.AccountInfo) (state, reason string) {
	lane := info.Lane()
	return lane.State, lane.Reason
}

// jobLines are the jobs, with a bar each.
func (f *frames) jobLines(width int) []string {
	var lines []string
	told := map[string]bool{} // what holds an account up holds up all of its jobs
	if s := f.last.subject; s != nil {
		lines = f.block(*s, width, told)
		if len(f.last.jobs) > 0 {
			lines = append(append(lines, ""), f.batchLines(width)...)
		}
	} else {
		for _, j := range f.last.jobs {
			lines = append(lines, f.block(j, width, told)...)
		}
	}
	switch {
	case f.last.at.IsZero():
		lines = append(lines, f.tongue.say("cmd.looking"))
	case f.id == "" && len(f.last.jobs) == 0:
		lines = append(lines, f.tongue.say("cmd.no_work"))
	case f.last.more > 0:
		lines = append(lines, f.screen.Paint(terminal.Faint, f.tongue.say("cmd.more_jobs", "n", f.last.more)))
	}
	for _, j := range f.last.ended {
		style := stateStyles[string(j.State)]
		lines = append(lines, terminal.Line(j.Job)+"  "+f.screen.Paint(style, f.tongue.term(string(j.State)))+"  "+
			f.tongue.figures(figures{done: j.Succeeded + j.Failed, total: j.Total, failed: j.Failed, left: -1}))
	}
	return lines
}

// Of a job's bar: its bounds in columns.
const (
	watchBarMost  = 50
	watchBarLeast = 12
)

// block is a job: its name, its bar, its figures, and what holds it up.
func (f *frames) block(j job.Status, width int, told map[string]bool) []string {
	p := f.goes[j.Job]
	if p == nil {
		return nil
	}
	t, shown := f.tongue, p.display.(*glance).figures
	head := []string{f.screen.Paint(terminal.Bold, terminal.Line(j.Job)),
		f.screen.Paint(stateStyles[string(j.State)], t.term(string(j.State)))}
	if f.id == "" {
		head = append(head, terminal.Line(j.Account), terminal.Line(j.StockID+j.StockBundleID))
	}
	head = append(head, terminal.Line(j.Label))
	lines := []string{strings.Join(slices.DeleteFunc(head, func(s string) bool { return s == "" }), "  ")}

	percent := terminal.Pad(count(shown.percent())+"%", 4, true)
	figures := terminal.Line(t.figures(shown))
	room := width - terminal.Width(percent) - terminal.Width(figures) - 2*len("  ")
	bar := min(room, watchBarMost)
	if bar < watchBarLeast {
		bar = min(width-terminal.Width(percent)-len("  "), watchBarMost)
	}
	drawn := f.screen.Paint(barStyle(j), terminal.Bar(shown.done, shown.total, bar)) + " " + percent
	if room >= watchBarLeast {
		lines = append(lines, drawn+"  "+figures)
	} else {
		lines = append(append(lines, drawn), terminal.Wrap(figures, width)...)
	}
	if j.Targets > 0 {
		lines = append(lines, terminal.Wrap(t.say("cmd.jobs_by_state", "n", j.Targets, "jobs", t.byState(j.Jobs)), width)...)
	}
	if r := j.Resync; r != nil {
		lines = append(lines, t.label("cmd.row_phase")+": "+t.say("cmd.phase_listed", "phase", i18n.Term(r.Phase), "n", r.Listed))
	}
	if _, why := obstacle(j); !shown.held.IsZero() && !told[t.in(why)] {
		told[t.in(why)] = true
		for i, line := range terminal.Wrap(terminal.Line(t.in(why)), width) {
			if i < 2 {
				lines = append(lines, f.screen.Paint(terminal.Yellow, line))
			}
		}
	}
	return lines
}

// batchLines are the jobs of a batch that are at work, a line each.
func (f *frames) batchLines(width int) []string {
	t := terminal.Table{Columns: f.columns(terminal.Column{Name: "cmd.head_job"}, terminal.Column{Name: "cmd.head_state"},
		terminal.Column{Name: "cmd.head_account", Least: 8, Drop: 3}, terminal.Column{Name: "cmd.head_stock_or_bundle", Drop: 1},
		terminal.Column{Name: "cmd.head_done", Right: true}, terminal.Column{Name: "cmd.head_stores", Right: true, Drop: 2},
		terminal.Column{Name: "cmd.head_failed", Right: true})}
	for _, j := range f.last.jobs {
		t.Add(text(j.Job), f.tongue.state(string(j.State)), text(j.Account), text(j.StockID+j.StockBundleID),
			text(count(j.Succeeded+j.Failed)), text(count(j.Total)), failedCell(j.Failed))
	}
	lines, _ := t.Lines(f.screen, width)
	return lines
}

// byState counts jobs by their state.
func (t tongue) byState(jobs map[job.State]int64) string {
	var parts []string
	for _, state := range slices.Sorted(maps.Keys(jobs)) {
		if n := jobs[state]; n > 0 {
			parts = append(parts, count(n)+" "+t.term(string(state)))
		}
	}
	return strings.Join(parts, ", ")
}

func barStyle(j job.Status) terminal.Style {
	switch {
	case j.State == job.Paused || j.State == job.Cancelling:
		return terminal.Yellow
	case j.State == job.Aborting || j.State == job.Aborted:
		return terminal.Red
	}
	return terminal.Green
}

// failureLines are the failed stores of what is shown, by code, with what each means.
func (f *frames) failureLines(width int) []string {
	all := map[string]int64{}
	for _, j := range f.shown() {
		if f.last.subject != nil && j.Job != f.last.subject.Job {
			continue // its batch has them
		}
		for code, n := range j.Failures {
			all[code] += n
		}
	}
	if len(all) == 0 {
		return nil
	}
	t := terminal.Table{Columns: f.columns(terminal.Column{Name: "cmd.head_failure", Least: 12},
		terminal.Column{Name: "cmd.head_stores", Right: true},
		terminal.Column{Name: "cmd.head_what_happened", Least: 16, Drop: 1})}
	for _, code := range catalogue.ByCount(all) {
		happened := ""
		if e, ok := catalogue.OfStore(code); ok {
			happened = e.Happened.In(cmp.Or(i18n.Lang(f.tongue), i18n.English))
		}
		t.Add(text(code), failedCell(all[code]), text(happened))
	}
	lines, _ := t.Lines(f.screen, width)
	return lines
}

// notes are what has to be said whatever the room.
func (f *frames) notes(width int) []string {
	if f.trial == nil {
		return nil
	}
	said := f.tongue.say("cmd.redis_silent_for", "span", i18n.Rough(f.now.Sub(f.since)), "error", f.trial)
	lines := terminal.Wrap(terminal.Line(said), width)
	lines = lines[:min(len(lines), 2)]
	for i := range lines {
		lines[i] = f.screen.Paint(terminal.Yellow, lines[i])
	}
	return lines
}

func (f *frames) foot() string {
	if f.id == "" {
		return f.tongue.say("cmd.leave_jobs")
	}
	return f.tongue.say("cmd.leave_job")
}

// short is how the first job goes, for a window with hardly a line.
func (f *frames) short(width int) []string {
	for _, j := range f.shown() {
		if p := f.goes[j.Job]; p != nil {
			shown := p.display.(*glance).figures
			return []string{terminal.Cut(count(shown.percent())+"% "+terminal.Line(f.tongue.figures(shown)), width)}
		}
	}
	return f.jobLines(width)
}
