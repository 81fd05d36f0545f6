// Package secret holds values that must never be shown: key material, and Redis URLs with a password in them. However
// a value of these types is printed, logged or marshalled, the secret stays out of it; only Reveal gives it. It must
// never import anything of ours, and never write a secret anywhere.
package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted stands wherever a secret would have stood.
const redacted = "[secret]"

// Text is a secret text, such as a private key's PEM. The zero value is empty.
//
// The text is behind a pointer because fmt calls no method of an unexported field: it would print a string there as it
// is, but of a pointer only the address.
type Text struct{ text *string }

// NewText makes a Text of s.
func NewText(s string) Text { return Text{text: &s} }

// Reveal gives the secret itself, for the one place that needs it.
func (t Text) Reveal() string {
	if t.text == nil {
		return ""
	}
	return *t.text
}

// Empty says whether there is no secret in it.
func (t Text) Empty() bool { return t.Reveal() == "" }

// String tells only whether there is a secret.
func (t Text) String() string {
	if t.Empty() {
		return ""
	}
	return redacted
}

// Format prints String for every verb and flag, %#v and %x too.
func (t Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.String()) }

// MarshalText is for JSON, XML and YAML, as a value and as a map's key.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// LogValue is what slog writes.
func (t Text) LogValue() slog.Value { return slog.StringValue(t.String()) }

// URL is a URL that may hold a password. The zero value is empty.
type URL struct{ url *string }

// NewURL makes a URL of s, which need not be a good one.
func NewURL(s string) URL { return URL{url: &s} }

// Reveal gives the URL with its password, for the one place that connects to it.
func (u URL) Reveal() string {
	if u.url == nil {
		return ""
	}
	return *u.url
}

// Empty says whether there is no URL in it.
func (u URL) Empty() bool { return u.Reveal() == "" }

// String is the URL as a person may see it: Redact.
func (u URL) String() string { return Redact(u.Reveal()) }

// Format prints String for every verb and flag.
func (u URL) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, u.String()) }

// MarshalText is for JSON, XML and YAML.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// LogValue is what slog writes.
func (u URL) LogValue() slog.Value { return slog.StringValue(u.String()) }
