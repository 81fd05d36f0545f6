// Package source opens the store list of a schedule for a worker: a file below a folder that the configuration allows,
// or an https address on a host that it allows. Whoever adds a schedule is not trusted with the worker's machine and
// network, so a source must never reach anything else, whatever its symbolic links, redirects or name servers say; and a
// server must never hold a worker up or fill its memory.
//
// A list that was cut short could empty a coupon of its stores. So a list ends where its sender says so, or with an
// error: an answer that is shorter than its Content-Length, one that does not say where it ends, and a file that changes
// while it is read are errors, and never a shorter list.
//
// # What bounds a list
//
// The bytes as they come, packed or not, are bounded by Config.MaxBytes; the time until all of the list is read by
// Config.Timeout, and the time waited for too few of them by Config.MinSpeed and Config.Window. Package storelist
// unpacks a list as it is read, never whole; what it unpacks to is bounded by its Options.MaxText, and what it keeps of
// it (the IDs, to drop repeats) by its Options.MaxIDs, for which MaxText and MaxIDs are here.
package source

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/storelink/storelink/internal/egress"
	"github.com/storelink/storelink/internal/job"
)

// The defaults.
const (
	DefaultMaxBytes = 1 << 30 // bytes, as they come
	DefaultTimeout  = 10 * time.Minute
	DefaultMinSpeed = 1 << 10 // bytes a second
	DefaultWindow   = 30 * time.Second
)

// What package storelist is to allow of a list that comes from a source: four times the default of what may come, and
// ten times as many stores as the largest job is made for (some 5 GB of memory at the worst, where no ID is a number).
const (
	MaxText = 4 << 30     // bytes, unpacked
	MaxIDs  = 100_000_000 // without repeats
)

// maxRedirects is how many redirects of an address are followed.
const maxRedirects = 5

// Config says what may be opened. The zero value allows nothing.
type Config struct {
	// Dirs are the folders, by their absolute paths, below which a file may lie. Symbolic links are followed, within the
	// folders and from one to another; what lies outside of all of them is refused.
	Dirs []string
	// Egress says which addresses are allowed; nil for none.
	Egress *egress.Policy
	// MaxBytes bounds a list as it comes, packed or not; 0 for DefaultMaxBytes.
	MaxBytes int64
	// Timeout bounds the time from Open to the last Read, whatever is waited for, the reader too, and what the reader does with
	// the list afterwards (see Source.Context); 0 for DefaultTimeout.
	Timeout time.Duration
	// MinSpeed is how many bytes a second an address must send, on average over each Window that is spent waiting for it
	// (a slow reader is not held against it); 0 for DefaultMinSpeed and DefaultWindow.
	MinSpeed int64
	Window   time.Duration
	// FirstByte is how long an address may take until its answer begins; 0 for egress.DefaultHeaderTimeout.
	FirstByte time.Duration
}

// Opener opens sources. It is safe for use by many goroutines.
type Opener struct {
	config Config
}

// New checks a configuration; what is wrong with it is a *job.Error of job.CodeBadConfig. It touches no file: a folder
// need not be there yet.
func New(c Config) (*Opener, error) {
	dirs := make([]string, len(c.Dirs))
	for i, dir := range c.Dirs {
		if !filepath.IsAbs(dir) {
			return nil, job.Fail(job.CodeBadConfig, "source.relative_folder", "folder", dir)
		}
		dirs[i] = filepath.Clean(dir)
	}
	c.Dirs = dirs
	if c.MaxBytes < 0 || c.Timeout < 0 || c.MinSpeed < 0 || c.Window < 0 || c.FirstByte < 0 {
		return nil, job.Fail(job.CodeBadConfig, "source.negative")
	}
	if c.Egress == nil {
		var err error
		if c.Egress, err = egress.New(egress.Rules{}); err != nil {
			return nil, err
		}
	}
	setDefault(&c.MaxBytes, DefaultMaxBytes)
	setDefault(&c.Timeout, DefaultTimeout)
	setDefault(&c.MinSpeed, DefaultMinSpeed)
	setDefault(&c.Window, DefaultWindow)
	setDefault(&c.FirstByte, egress.DefaultHeaderTimeout)
	return &Opener{config: c}, nil
}

func setDefault[T int64 | time.Duration](v *T, to T) {
	if *v == 0 {
		*v = to
	}
}

// Source is a list that is open, to be read once and closed. What Read fails with is a *job.Error: of job.CodeIO,
// job.CodeTimeout or job.CodeInterrupted for what may pass, otherwise of job.CodeBadList.
type Source struct {
	// Name is the file's name, by whose ending package storelist tells formats apart.
	Name string
	// Place is where the list came from in the end, as it may be shown: the path; or the address after all redirects,
	// scheme, host and path alone, since its query may be a secret.
	Place string
	// ETag is what the address gave to recognise this list by (its ETag, or else its Last-Modified), for the next Open of
	// the same address. Empty for a file, and where there is none.
	ETag string
	// Size is how many bytes will come; -1 where that is not known.
	Size int64
	// NotModified says that the list is still the one of the ETag that Open was given: there is nothing to be read.
	NotModified bool

	body io.ReadCloser
}

func (s *Source) Read(p []byte) (int, error) { return s.body.Read(p) }

// Context ends when the time for the list is over, with a *job.Error of job.CodeTimeout for its cause, and with the context
// that Open was given. Whoever reads the list has that time for all of it, for what there is to do after the last byte too.
func (s *Source) Context() context.Context {
	if r, ok := s.body.(*reader); ok {
		return r.ctx
	}
	return context.Background() // there is nothing to be read
}

// Close ends the connection, or closes the file. It may be called at any time.
func (s *Source) Close() error { return s.body.Close() }

// Check refuses what can be refused without opening anything: a source that is neither an absolute path nor an https
// address, a path outside of the folders, a host that is not listed. The error is a *job.Error of job.CodeUsage.
func (o *Opener) Check(src string) error {
	if isPath(src) {
		return o.checkPath(src)
	}
	_, err := o.checkAddress(src)
	return err
}

// Open opens a source. previousETag is the ETag of the list that the caller has already, if any: an address is then
// asked for another one alone, and Source.NotModified says that there is none. ctx bounds the reading too. Errors are
// those of Check, and of Source.
func (o *Opener) Open(ctx context.Context, src, previousETag string) (*Source, error) {
	if isPath(src) {
		return o.openPath(ctx, src)
	}
	return o.openAddress(ctx, src, previousETag)
}

// isPath says whether a source is meant as a path: anything that does not begin as an address does.
func isPath(src string) bool {
	if filepath.IsAbs(src) {
		return true
	}
	scheme, _, ok := strings.Cut(src, ":")
	if !ok || len(scheme) < 2 {
		return true
	}
	for i := range len(scheme) {
		if c := scheme[i] | 0x20; !('a' <= c && c <= 'z') && !(i > 0 && ('0' <= scheme[i] && scheme[i] <= '9')) {
			return true
		}
	}
	return false
}

// fail makes an error about the list at a place.
func fail(code, place, message string, args ...any) *job.Error {
	e := job.Fail(code, message, args...)
	e.File = place
	return e
}

// stopped is why a context ended, for a person.
func stopped(ctx context.Context, place string) *job.Error {
	cause := context.Cause(ctx)
	if e, ok := cause.(*job.Error); ok {
		return e
	}
	if ctx.Err() == context.DeadlineExceeded {
		return fail(job.CodeTimeout, place, "list.time_over", "error", cause)
	}
	return fail(job.CodeInterrupted, place, "list.interrupted", "error", cause)
}
