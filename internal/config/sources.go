package config

import (
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/egress"
)

// Sources are where the lists of schedules may come from. The zero value allows none.
type Sources struct {
	Directories []string      // absolute; files below them may be read
	Hosts       []string      // whose https addresses may be asked, as package egress has them
	Private     []string      // networks and addresses that may be asked although they are private
	MaxBytes    int64         // of a list as it comes; 0 for the default of package source
	Timeout     time.Duration // until all of it is read; 0 for the default of package source
}

// Any says whether anything is allowed.
func (s Sources) Any() bool { return len(s.Directories) > 0 || len(s.Hosts) > 0 }

// The bounds of sources.
const (
	MinSourceBytes   = 1 << 10
	MaxSourceBytes   = 1 << 40
	MinSourceTimeout = time.Second
	MaxSourceTimeout = time.Hour
)

// sourceKeys are those of sources.
var sourceKeys = []key[Sources]{
	{"directories", []string{envSourcesDirectories}, func(l *loader, s *Sources, v value, name string) {
		s.Directories = nil
		for _, item := range l.list(v, name) {
			path, ok := l.text(item, name)
			if !ok || path == "" {
				continue
			}
			path, err := filepath.Abs(l.resolve(path, l.at(item)))
			if err != nil {
				l.badf(item, "%s: %s cannot be made a whole path: %v", name, shown(item), err)
				continue
			}
			s.Directories = append(s.Directories, path)
		}
	}},
	{"hosts", []string{envSourcesHosts}, func(l *loader, s *Sources, v value, name string) {
		s.Hosts = l.reachable(v, name, func(host string) egress.Rules { return egress.Rules{Hosts: []string{host}} })
	}},
	{"private", []string{envSourcesPrivate}, func(l *loader, s *Sources, v value, name string) {
		s.Private = l.reachable(v, name, func(network string) egress.Rules { return egress.Rules{Private: []string{network}} })
	}},
	{"max_bytes", []string{envSourcesMaxBytes}, func(l *loader, s *Sources, v value, name string) {
		text, ok := l.text(v, name)
		if !ok || text == "" {
			return
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < MinSourceBytes || n > MaxSourceBytes {
			l.badf(v, "%s: %s is no number of bytes from %d to %d", name, shown(v), int64(MinSourceBytes), int64(MaxSourceBytes))
			return
		}
		s.MaxBytes = n
	}},
	{"timeout", []string{envSourcesTimeout}, func(l *loader, s *Sources, v value, name string) {
		l.duration(v, name, MinSourceTimeout, MaxSourceTimeout, &s.Timeout)
	}},
}

// reachable reads a list of entries that package egress takes, one by one, so that each is told with its line.
func (l *loader) reachable(v value, name string, rules func(string) egress.Rules) (all []string) {
	for _, item := range l.list(v, name) {
		s, ok := l.text(item, name)
		if !ok || s == "" {
			continue
		}
		if _, err := egress.New(rules(s)); err != nil {
			// It quotes what the environment may hold.
			l.badf(item, "%s: %s", name, strings.ReplaceAll(err.Error(), strconv.Quote(s), shown(item)))
			continue
		}
		all = append(all, s)
	}
	return all
}

// setSources sets where lists may come from.
func (l *loader) setSources(c *Config, top fields) {
	given := fields{}
	if v, ok := top["sources"]; ok {
		given = l.fields(v, "sources", names(sourceKeys))
	}
	for _, k := range sourceKeys {
		if v, ok := l.env.value(k.env[0]); ok {
			given[k.name] = v
		}
		if v, ok := given[k.name]; ok {
			k.set(l, &c.Sources, v, "sources."+k.name)
		}
	}
}
