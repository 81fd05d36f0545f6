package main

import (
	"strings"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/terminal"
)

// table begins a table for standard output, whose columns are called by their English names.
func (a *app) table(columns ...terminal.Column) *terminal.Table {
	t := a.tongue(a.screen)
	for i := range columns {
		columns[i].Name = t.label(columns[i].Name)
	}
	return &terminal.Table{Columns: columns}
}

// print writes a table, and says what had no room.
func (a *app) print(t *terminal.Table) {
	left, _ := t.Write(a.out, a.screen) // its errors stick to a.out
	if len(left) > 0 {
		say := a.tongue(a.screen).say("cmd.no_room", "columns", left)
		for _, line := range terminal.Wrap(say, a.screen.Width()) {
			a.out.printf("%s\n", a.screen.Paint(terminal.Faint, line))
		}
	}
}

// text is a cell without a style.
func text(s string) terminal.Cell { return terminal.Cell{Text: s} }

// stateStyles are how states look, of jobs, of lanes and of schedules' runs; those that are well and those that are over
// look as any text.
var stateStyles = map[string]terminal.Style{
	string(job.Running): terminal.Cyan, string(job.Completed): terminal.Green, string(job.Paused): terminal.Yellow,
	string(job.Cancelling): terminal.Yellow, string(job.Cancelled): terminal.Yellow, string(job.Aborting): terminal.Red,
	string(job.Aborted): terminal.Red,
	job.LaneServing:     terminal.Green, job.LaneThrottled: terminal.Yellow, job.LaneOutage: terminal.Red,
	job.LaneRefused: terminal.Red, job.LaneConflict: terminal.Red, job.LaneUnserved: terminal.Yellow,
	"failed": terminal.Red, "missed": terminal.Yellow, "skipped": terminal.Yellow,
}

// state is a cell with a state.
func (t tongue) state(s string) terminal.Cell {
	return terminal.Cell{Text: t.term(s), Style: stateStyles[s]}
}

// failedCell is a cell with a number that nobody wants to see, red unless it is 0.
func failedCell(n int64) terminal.Cell {
	if n == 0 {
		return text(count(n))
	}
	return terminal.Cell{Text: count(n), Style: terminal.Red}
}

// rowStyle is how a figure of a status looks.
func rowStyle(name, value string) terminal.Style {
	switch {
	case name == "cmd.row_succeeded" && value != "0":
		return terminal.Green
	case (name == "cmd.row_failed" || name == "cmd.row_unprocessed" || name == "cmd.row_contradicted") && !strings.HasPrefix(value, "0"):
		return terminal.Red
	}
	return terminal.None
}
