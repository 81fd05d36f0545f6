// Package i18n has every message that people read, in English and Chinese. A message is data: a code with named arguments,
// which is kept (in Redis, in JSON) and passed on as such. Its text is made where it is shown, in the language of who looks,
// from one table (texts.go and a file for each area). Nothing may depend on a message's text; what depends on a message
// depends on its code.
//
// docs/messages.md says how to write one.
package i18n

import (
	"cmp"
	"slices"
	"time"
)

// Message is a code with named arguments. The zero Message says nothing.
type Message struct {
	Code string // its key in the table; "" for a text that is shown as it is (Plain)
	Args Args

	text string // of a Plain message; of one that was read from JSON, its English text where it was made
}

// Args are a message's arguments, in the order in which they were given.
type Args []Arg

// Arg is a named value: a string, which is user data and never translated, an int64, a float64, a time.Duration, a time.Time,
// a Message, or a []any of these.
type Arg struct {
	Name  string
	Value any
}

// M is the message of a code, with arguments as name, value, name, value …, as slog has them:
//
//	i18n.M("list.bad_rows", "rows", n, "column", name)
//
// A value may be a string or of a kind of string, any integer or float, a time, a duration, a Message, an error (Of), a
// fmt.Stringer, or a slice of these. A test of this package sees to it that the code is in the table, and that its text takes
// exactly these arguments.
func M(code string, args ...any) Message {
	m := Message{Code: code}
	if len(args) > 0 {
		m.Args = make(Args, 0, (len(args)+1)/2)
	}
	for i := 0; i < len(args); i += 2 {
		name, _ := args[i].(string)
		if i+1 == len(args) {
			m.Args = append(m.Args, Arg{cmp.Or(name, "!MISSING"), ""})
			break
		}
		m.Args = append(m.Args, Arg{cmp.Or(name, "!NAME"), valueOf(args[i+1])})
	}
	observe(m)
	return m
}

// Dynamic is M for a code that is put together at run time, which no test can look up beforehand; a code that is not in the
// table is shown as it is.
func Dynamic(code string, args ...any) Message {
	m := M(code, args...)
	if _, ok := lookup(code); !ok {
		m.text = code
	}
	return m
}

// Plain is a text that is shown as it is in every language: what somebody else's program said, or an old record's sentence.
func Plain(text string) Message { return Message{text: text} }

// Known reports whether a code is in the table.
func Known(code string) bool {
	_, ok := lookup(code)
	return ok
}

// IsZero reports whether the message says nothing.
func (m Message) IsZero() bool { return m.Code == "" && m.text == "" && len(m.Args) == 0 }

// Arg is the value of an argument; nil without one.
func (m Message) Arg(name string) any {
	i := slices.IndexFunc(m.Args, func(a Arg) bool { return a.Name == name })
	if i < 0 {
		return nil
	}
	return m.Args[i].Value
}

// String is the message in English.
func (m Message) String() string { return m.In(English) }

// Equal reports whether two messages say the same.
func (m Message) Equal(o Message) bool {
	return m.Code == o.Code && m.text == o.text &&
		slices.EqualFunc(m.Args, o.Args, func(a, b Arg) bool { return a.Name == b.Name && equalValues(a.Value, b.Value) })
}

func equalValues(a, b any) bool {
	switch a := a.(type) {
	case Message:
		b, ok := b.(Message)
		return ok && a.Equal(b)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equalValues)
	case time.Time:
		b, ok := b.(time.Time)
		return ok && a.Equal(b)
	}
	if _, list := b.([]any); list {
		return false
	}
	_, message := b.(Message)
	return !message && a == b
}

// List joins messages into one: "a; b" or "a；b".
func List(messages ...Message) Message {
	messages = slices.DeleteFunc(slices.Clone(messages), Message.IsZero)
	switch len(messages) {
	case 0:
		return Message{}
	case 1:
		return messages[0]
	}
	return M("system.list", "all", messages)
}

// failure is an error that is nothing but a message.
type failure struct {
	message Message
	cause   error
}

// E is the error of a message, for errors that some caller wraps or shows. An argument that is an error is what caused it.
func E(code string, args ...any) error { return &failure{M(code, args...), Cause(args)} }

func (f *failure) Error() string      { return f.message.String() }
func (f *failure) Unwrap() error      { return f.cause }
func (f *failure) AsMessage() Message { return f.message }

// Err is the message as an error.
func (m Message) Err() error { return &failure{message: m} }

// Cause is the first of a message's arguments (name, value, …) that is an error; nil without one.
func Cause(args []any) error {
	for i := 1; i < len(args); i += 2 {
		if err, ok := args[i].(error); ok && err != nil {
			return err
		}
	}
	return nil
}
