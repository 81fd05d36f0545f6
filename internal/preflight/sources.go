package preflight

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/worker"
)

// lookupPatience is how long one host's name may be looked up for.
const lookupPatience = 3 * time.Second

// sources looks into the folders that lists may come from, and looks the hosts up.
func (l *look) sources(ctx context.Context) {
	if l.Config == nil {
		return
	}
	s := l.Config.Sources
	for _, dir := range s.Directories {
		if err := readable(dir); err != nil {
			l.fail(CheckSources, dir, CodeFolder, "schedules cannot read lists from this folder ("+err.Error()+
				"): make it, let the worker's user read it, or take it out of sources.directories")
			continue
		}
		l.ok(CheckSources, dir, "the folder can be read")
	}
	l.names(ctx, CheckSources, "sources", s.Hosts, s.Private)
	l.temporary()
}

// temporary tries to write where large spreadsheets and reports are put while they are read and made.
func (l *look) temporary() {
	f, err := os.CreateTemp("", "storelink-check-*")
	if err == nil {
		err = errors.Join(f.Close(), os.Remove(f.Name()))
	}
	if err != nil {
		l.warn(CheckSources, os.TempDir(), CodeFolder, "temporary files cannot be made here ("+err.Error()+
			"), and large spreadsheets cannot be read: let the worker's user write here, or name another folder by TMPDIR")
		return
	}
	l.ok(CheckSources, os.TempDir(), "temporary files can be made here")
}

// readable opens a folder and reads a little of it.
func readable(dir string) error {
	f, err := os.Open(dir)
	if err == nil {
		defer f.Close()
		if _, err = f.ReadDir(1); errors.Is(err, io.EOF) { // it is empty
			err = nil
		}
	}
	if e := (*os.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// hooks looks the hosts of completion hooks up.
func (l *look) hooks(ctx context.Context) {
	if l.Config == nil {
		return
	}
	n := l.Config.Notify
	if l.Wrong != nil { // it was read without keys, and so without addresses
		n.Hooks = nil
	}
	if _, err := worker.NewHooks(n); err != nil {
		l.fail(CheckHooks, "", CodeBadConfig, err.Error())
		return
	}
	if len(n.Hosts) > 0 && n.Secret.Empty() && l.Wrong == nil {
		l.warn(CheckHooks, "", CodeNoSecret,
			"there is no notify.secret: hooks that are JSON are not told, only the robots of WeCom")
	}
	l.names(ctx, CheckHooks, "notify", n.Hosts, n.Private)
}

// names looks up hosts of a list that may be connected to on a schedule's or a hook's behalf. A host that is away harms
// nothing but what leads there, so there are only warnings.
func (l *look) names(ctx context.Context, check, key string, hosts, private []string) {
	for _, host := range hosts {
		name := host
		if h, _, err := net.SplitHostPort(host); err == nil {
			name = h
		}
		if strings.HasPrefix(name, "*") || ctx.Err() != nil {
			continue // any name below it
		}
		name = strings.Trim(name, "[]")
		patience, cancel := context.WithTimeout(ctx, lookupPatience)
		found, err := net.DefaultResolver.LookupNetIP(patience, "ip", name)
		cancel()
		switch {
		case unknownHost(err):
			l.warn(check, host, CodeUnknownHost, "there is no host of that name: see to "+key+".hosts")
		case err != nil:
			l.warn(check, host, CodeUnreachable, "its name could not be looked up: see to this machine's name servers")
		case !slices.ContainsFunc(found, func(a netip.Addr) bool { return public(a) || listed(a, private) }):
			l.warn(check, host, CodePrivateHost, "it has only addresses of a private network, which are refused: list them in "+
				key+".private if that is meant")
		default:
			l.ok(check, host, "its name is known")
		}
	}
}

// public says whether an address is none of those that are refused unless they are listed.
func public(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsGlobalUnicast() && !a.IsPrivate()
}

// listed says whether an address is in one of the networks, which were checked when they were read.
func listed(a netip.Addr, networks []string) bool {
	a = a.Unmap()
	for _, s := range networks {
		if p, err := netip.ParsePrefix(s); err == nil && p.Contains(a) {
			return true
		}
		if one, err := netip.ParseAddr(s); err == nil && one.Unmap() == a {
			return true
		}
	}
	return false
}
