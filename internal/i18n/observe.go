package i18n

import "sync/atomic"

var observer atomic.Pointer[func(Message)]

// Observe has each message that is made from now on told to f, which may be called by many at once. It is for tests.
func Observe(f func(Message)) { observer.Store(&f) }

func observe(m Message) {
	if f := observer.Load(); f != nil {
		(*f)(m)
	}
}

// Legacy, where it is set, puts a sentence that is no message yet into Chinese. It is internal/catalogue's, and goes with it.
var Legacy func(sentence string) string

func plain(text string, lang Lang) string {
	if lang == Chinese && Legacy != nil {
		return Legacy(text)
	}
	return text
}
