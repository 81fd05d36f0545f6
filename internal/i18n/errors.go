package i18n

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"reflect"
	"strings"
	"syscall"
)

// Carrier is an error that has a message: job.Error, E's.
type Carrier interface {
	error
	AsMessage() Message
}

// Of is the message of an error: its own where it carries one, or one of the system's errors that are known; else its text
// as it is, with what is known within it in its place.
func Of(err error) Message {
	if err == nil {
		return Message{}
	}
	if own, ok := err.(Carrier); ok { // the chain is gone down step by step
		return own.AsMessage()
	}
	if m, ok := ofSystem(err); ok {
		return m
	}
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		return ofMany(err, e.Unwrap())
	case interface{ Unwrap() error }:
		return within(err, e.Unwrap())
	}
	return Plain(err.Error())
}

// ofMany is the message of errors that were joined, or wrapped by one sentence.
func ofMany(err error, all []error) Message {
	if _, joined := err.(interface{ Unwrap() []error }); joined && err.Error() == errors.Join(all...).Error() {
		messages := make([]Message, len(all))
		for i := range all {
			messages[i] = Of(all[i])
		}
		return List(messages...)
	}
	for _, inner := range all {
		if m := within(err, inner); m.Code != "" {
			return m
		}
	}
	return Plain(err.Error())
}

// within is the text of err with what is known of the error that it wraps in its place.
func within(err, wrapped error) Message {
	if wrapped == nil {
		return Plain(err.Error())
	}
	inner := Of(wrapped)
	before, after, found := strings.Cut(err.Error(), wrapped.Error())
	switch {
	case inner.Code == "" || !found:
		return Plain(err.Error())
	case before == "" && after == "":
		return inner
	}
	return M("system.around", "before", Plain(before), "error", inner, "after", Plain(after))
}

// ofSystem is the message of an error of the operating system or the standard library's.
func ofSystem(err error) (Message, bool) {
	switch e := err.(type) {
	case *fs.PathError:
		return M("system.path", "path", e.Path, "error", e.Err), true
	case *os.LinkError:
		return M("system.path", "path", e.New, "error", e.Err), true
	case *os.SyscallError:
		return Of(e.Err), true
	case *net.OpError:
		if e.Addr != nil && e.Err != nil {
			return M("system.net", "address", e.Addr.String(), "error", e.Err), true
		}
	case *net.DNSError:
		if e.IsNotFound {
			return M("system.no_host", "host", e.Name), true
		}
	}
	for _, s := range system {
		if err == s.err {
			return M(s.code), true
		}
	}
	if t, ok := err.(net.Error); ok && t.Timeout() && unwraps(err) == nil {
		return M("system.timeout"), true
	}
	return Message{}, false
}

func unwraps(err error) error {
	if t := reflect.TypeOf(err); t.Kind() == reflect.Pointer || t.Kind() == reflect.Struct {
		return errors.Unwrap(err)
	}
	return nil
}

// system are the errors that people meet.
var system = []struct {
	err  error
	code string
}{
	{fs.ErrNotExist, "system.not_exist"}, {syscall.ENOENT, "system.not_exist"},
	{fs.ErrPermission, "system.permission"}, {syscall.EACCES, "system.permission"}, {syscall.EPERM, "system.not_permitted"},
	{fs.ErrExist, "system.exists"}, {syscall.EEXIST, "system.exists"},
	{fs.ErrClosed, "system.closed"}, {net.ErrClosed, "system.closed"},
	{syscall.ENOSPC, "system.no_space"}, {syscall.EDQUOT, "system.quota"}, {syscall.EFBIG, "system.too_large"},
	{syscall.EROFS, "system.read_only"},
	{syscall.EISDIR, "system.is_folder"}, {syscall.ENOTDIR, "system.no_folder"}, {syscall.EMFILE, "system.too_many_files"},
	{syscall.ENFILE, "system.too_many_files"}, {syscall.EIO, "system.io"}, {syscall.ENOMEM, "system.no_memory"},
	{syscall.ENAMETOOLONG, "system.name_too_long"}, {syscall.EINVAL, "system.invalid"}, {syscall.EBUSY, "system.busy"},
	{syscall.ENXIO, "system.no_device"}, {syscall.EXDEV, "system.other_device"},
	{syscall.ECONNREFUSED, "system.refused"}, {syscall.ECONNRESET, "system.reset"}, {syscall.EPIPE, "system.pipe"},
	{syscall.EHOSTUNREACH, "system.no_route"}, {syscall.ENETUNREACH, "system.no_network"}, {syscall.EADDRINUSE, "system.address_in_use"},
	{syscall.EADDRNOTAVAIL, "system.no_address"}, {syscall.ETIMEDOUT, "system.timeout"},
	{context.DeadlineExceeded, "system.timeout"}, {os.ErrDeadlineExceeded, "system.timeout"},
	{context.Canceled, "system.canceled"},
	{io.EOF, "system.eof"}, {io.ErrUnexpectedEOF, "system.unexpected_eof"},
}
