package config

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/job"
)

// maxProblems is how many problems are told at once; the rest is counted.
const maxProblems = 20

// place is where a value stands: a line of the file, or an environment variable.
type place struct {
	file string
	line int // 1-based; 0 for the file as a whole
	env  string
}

// prefix is what an error's text begins with where File and Line cannot tell the place.
func (p place) prefix() string {
	if p.env != "" {
		return p.env + ": "
	}
	return ""
}

// problem is one thing that is wrong. Its text holds no secret.
type problem struct {
	at   place
	text string
}

// problems are all that is wrong.
type problems []problem

func (ps *problems) add(at place, text string) { *ps = append(*ps, problem{at, text}) }

func (ps *problems) addf(at place, format string, args ...any) {
	ps.add(at, fmt.Sprintf(format, args...))
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// addYAML adds what the YAML parser says. It quotes nothing of the file but anchors' names, and those may be a secret
// that begins with an asterisk.
func (ps *problems) addYAML(file string, err error) {
	at, text := place{file: file}, "it is no YAML"
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		at.line, _ = strconv.Atoi(m[1])
		if text += ": " + m[2]; strings.Contains(m[2], "anchor") {
			text = "it is no YAML: a value that begins with * refers to an anchor that is not there; put it in quotes"
		}
	}
	ps.add(at, text)
}

// err makes one error of all problems: by file and line, then those of the environment.
func (ps *problems) err() error {
	if len(*ps) == 0 {
		return nil
	}
	sorted := make(problems, 0, len(*ps))
	for _, p := range *ps { // what is merged into two accounts is wrong once
		if !slices.Contains(sorted, p) {
			sorted = append(sorted, p)
		}
	}
	slices.SortStableFunc(sorted, func(a, b problem) int {
		if fileless := (a.at.file == "") != (b.at.file == ""); fileless {
			return cmp.Compare(b.at.file, a.at.file) // with a file first
		}
		return cmp.Or(cmp.Compare(a.at.file, b.at.file), cmp.Compare(a.at.line, b.at.line))
	})
	first := job.Error{Code: job.CodeBadConfig, File: sorted[0].at.file, Line: sorted[0].at.line}
	var b strings.Builder
	b.WriteString(sorted[0].at.prefix() + sorted[0].text)
	for i, p := range sorted[1:] {
		if i+1 == maxProblems {
			fmt.Fprintf(&b, "\nand %d more problems", len(sorted)-maxProblems)
			break
		}
		one := job.Error{File: p.at.file, Line: p.at.line, Message: i18n.Plain(p.at.prefix() + p.text)}
		b.WriteString("\n" + one.Error())
	}
	first.Message = i18n.Plain(b.String())
	return &first
}
