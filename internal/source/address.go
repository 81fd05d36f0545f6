package source

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/storelink/storelink/internal/egress"
	"github.com/storelink/storelink/internal/job"
)

// checkAddress refuses an address by what is written in it.
func (o *Opener) checkAddress(address string) (*url.URL, error) {
	u, err := o.config.Egress.Check(address)
	if err != nil {
		place := ""
		if parsed, e := url.Parse(address); e == nil && parsed.Host != "" {
			place = egress.Shown(parsed)
		}
		return nil, refused(place, err)
	}
	return u, nil
}

// refused is what package egress refuses, with the place.
func refused(place string, err error) *job.Error {
	e := *job.AsError(err)
	e.File = place
	return &e
}

// openAddress asks an address for its list.
func (o *Opener) openAddress(ctx context.Context, address, previousETag string) (*Source, error) {
	u, err := o.checkAddress(address)
	if err != nil {
		return nil, err
	}
	place := egress.Shown(u)
	ctx, stop := context.WithTimeoutCause(ctx, o.config.Timeout, tooLong(place, o.config.Timeout))
	ctx, cut := context.WithCancelCause(ctx)
	cancel := func() { cut(context.Canceled); stop() }
	s, err := o.ask(ctx, cut, u, previousETag)
	if err != nil {
		if ctx.Err() != nil {
			err = stopped(ctx, place)
		}
		cancel()
		return nil, err
	}
	if s.NotModified {
		cancel()
		return s, nil
	}
	s.body.(*reader).cancel = cancel
	return s, nil
}

// ask makes the request and judges what its answer begins with.
func (o *Opener) ask(ctx context.Context, cut context.CancelCauseFunc, u *url.URL, previousETag string) (*Source, error) {
	place := egress.Shown(u)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fail(job.CodeUsage, place, "source.bad_address") // err shows all of it
	}
	req.Header.Set("User-Agent", "storelink")
	req.Header.Set("Accept", "*/*")
	asked := conditional(req.Header, previousETag)
	client := o.config.Egress.Client(egress.ClientOptions{MaxRedirects: maxRedirects, HeaderTimeout: o.config.FirstByte})
	resp, err := client.Do(req)
	if err != nil {
		said, cause, passing := egress.Cause(err)
		switch {
		case !passing:
			return nil, refused(place, cause)
		case errors.Is(cause, context.DeadlineExceeded):
			return nil, fail(job.CodeTimeout, place, "source.too_late", "said", said)
		}
		e := fail(job.CodeIO, place, "source.not_had", "said", said)
		e.Err = cause
		return nil, e
	}
	place = egress.Shown(resp.Request.URL)
	if resp.StatusCode == http.StatusNotModified && asked {
		_ = resp.Body.Close() // it has none
		return &Source{Name: name(u, resp), Place: place, ETag: previousETag, NotModified: true, body: http.NoBody}, nil
	}
	if err := o.judge(resp, place); err != nil {
		_ = resp.Body.Close() // what it says is not wanted
		return nil, err
	}
	s := &Source{Name: name(u, resp), Place: place, ETag: etag(resp.Header), Size: resp.ContentLength}
	s.body = &reader{ctx: ctx, place: place, size: s.Size, most: o.config.MaxBytes,
		in: newWatched(resp.Body, place, o.config.MinSpeed, o.config.Window, cut)}
	return s, nil
}

// judge refuses an answer that is no list, or is too long by its own account.
func (o *Opener) judge(resp *http.Response, place string) error {
	code := resp.StatusCode
	switch {
	case code == http.StatusOK:
	case code == http.StatusNotModified:
		return fail(job.CodeBadList, place, "source.not_modified", "status", code)
	case code == http.StatusNotFound, code == http.StatusGone:
		return fail(job.CodeBadList, place, "source.not_found", "status", code)
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return fail(job.CodeBadList, place, "source.forbidden", "status", code)
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		return fail(job.CodeIO, place, "source.not_now", "status", code)
	default:
		return fail(job.CodeBadList, place, "source.other_answer", "status", code)
	}
	if media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); media == "text/html" {
		return fail(job.CodeBadList, place, "source.web_page")
	}
	if resp.ContentLength < 0 && !slices.Contains(resp.TransferEncoding, "chunked") {
		return fail(job.CodeBadList, place, "source.no_end")
	}
	if resp.ContentLength > o.config.MaxBytes {
		return tooLarge(place, o.config.MaxBytes)
	}
	return nil
}

// maxETag bounds what is kept to recognise a list by, in bytes.
const maxETag = 1 << 10

// etag gives what an answer can be recognised by: its ETag as it stands (RFC 9110, 8.8.3), or else its Last-Modified.
func etag(h http.Header) string {
	if tag := h.Get("ETag"); validETag(tag) {
		return tag
	}
	if date := h.Get("Last-Modified"); date != "" {
		if _, err := http.ParseTime(date); err == nil {
			return date
		}
	}
	return ""
}

func validETag(tag string) bool {
	inner, ok := strings.CutPrefix(strings.TrimPrefix(tag, "W/"), `"`)
	inner, closed := strings.CutSuffix(inner, `"`)
	return ok && closed && len(tag) <= maxETag &&
		!strings.ContainsFunc(inner, func(r rune) bool { return r <= ' ' || r == '"' || r == 0x7f })
}

// conditional asks for another list than the one of previousETag alone, and says whether it does.
func conditional(h http.Header, previousETag string) bool {
	if validETag(previousETag) {
		h.Set("If-None-Match", previousETag)
		return true
	}
	if _, err := http.ParseTime(previousETag); err == nil {
		h.Set("If-Modified-Since", previousETag)
		return true
	}
	return false
}
