package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"path/filepath"

	"github.com/storelink/storelink/internal/i18n"
	"github.com/storelink/storelink/internal/input/manifest"
	"github.com/storelink/storelink/internal/input/storelist"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/ledger"
)

// readManifest reads the manifest, and writes its bad rows aside where that is asked for.
func (a *app) readManifest(ctx context.Context, path string, priority job.Priority, f *onboardFlags) (*manifest.Manifest, error) {
	options := manifest.Options{Dir: filepath.Dir(path), Defaults: manifest.Defaults{Account: f.account, Priority: priority,
		Column: f.column, Lists: manifest.Lists{HeaderLine: f.header, NoHeader: f.noHeader, IDs: f.ids}, ChunkSize: f.chunkSize}}
	var in io.ReadCloser
	var err error
	if path == storelist.Stdin {
		options.Name, options.Dir = "<stdin>", "."
		in = interruptible(ctx, func() (io.ReadCloser, error) {
			in, _, err := storelist.Open(path, a.in)
			return in, err
		})
	} else if in, options.Name, err = storelist.Open(path, nil); err != nil {
		return nil, err
	}
	defer in.Close()
	if f.setAside == "" {
		return manifest.Read(ctx, in, options)
	}
	aside, err := create(f.setAside)
	if err != nil {
		return nil, err
	}
	defer aside.drop()
	options.SetAside, options.Lang = aside, a.language()
	m, err := manifest.Read(ctx, in, options)
	if err != nil {
		return nil, err
	}
	if err := aside.commit(); err != nil {
		return nil, errors.Join(unwritable(f.setAside, err), m.Close())
	}
	return m, nil
}

// sized is a list cut into chunks of a size.
type sized struct{ list, size int }

// stageBatch writes the lists, each once, and the jobs.
func stageBatch(ctx context.Context, staging *ledger.BatchStaging, path string, m *manifest.Manifest, jobs []job.Job,
	left *dropped) (err error) {
	lists := map[sized]int{}
	for i, t := range m.Targets {
		size := cmp.Or(t.ChunkSize, job.MaxStoresPerCall)
		list, known := lists[sized{t.List, size}]
		switch {
		case t.List < 0:
			list, _, err = staging.AddList(ctx, size, m.Rows(i))
		case !known:
			list, err = stageFile(ctx, staging, path, m.Lists[t.List], size, left)
			lists[sized{t.List, size}] = list
		}
		if err != nil {
			return err
		}
		if jobs[i], err = staging.AddJob(ctx, jobs[i], list); err != nil {
			if job.AsError(err).Code == job.CodeJobAtWork {
				return taken(err, path, t)
			}
			return err
		}
	}
	return nil
}

// taken is the error of a target that another job is at work on.
func taken(err error, path string, t manifest.Target) error {
	e := *job.AsError(err)
	e.Message = i18n.M("cmd.target_taken", "target", about(t.Target), "error", e.Message)
	return atLine(&e, path, t.Line)
}

func stageFile(ctx context.Context, staging *ledger.BatchStaging, path string, l manifest.List, size int,
	left *dropped) (list int, err error) {
	err = eachList(ctx, path, l, func(r *storelist.Reader) (stores int64, err error) {
		list, stores, err = staging.AddList(ctx, size, r.IDs())
		left.read(l, r)
		return stores, err
	})
	return list, err
}

// read adds what is told of a list that was read.
func (d *dropped) read(l manifest.List, r *storelist.Reader) {
	d.repeats += r.Stats().Repeats
	for _, said := range r.Warnings() {
		d.warnings = append(d.warnings, i18n.M("system.in", "file", l.Path, "message", said))
	}
}

// eachList reads one of a manifest's lists. What is wrong with it is told with its line, and the manifest's.
func eachList(ctx context.Context, path string, l manifest.List, read func(*storelist.Reader) (stores int64, err error)) error {
	in, name, err := storelist.Open(l.Path, nil)
	if err == nil {
		defer in.Close()
		var r *storelist.Reader
		if r, err = storelist.NewReader(ctx, in, l.Options(name)); err == nil {
			var stores int64
			if stores, err = read(r); err == nil && stores == 0 {
				err = job.Fail(job.CodeBadList, "cmd.list_no_stores")
			}
		}
	}
	if e := (*job.Error)(nil); errors.As(err, &e) && e.Code == job.CodeBadList {
		said := e.Message
		if bad := (*storelist.BadRows)(nil); errors.As(err, &bad) { // they are not set aside: that is for a table's own rows
			said = i18n.M("cmd.list_bad_rows", "rows", bad.Count, "bad", bad)
		}
		err = &job.Error{Code: e.Code, Message: i18n.M("cmd.list_of_manifest", "manifest", path, "line", l.Line, "error",
			said), File: l.Path,
			Line: e.Line, Err: err}
	}
	return err
}
