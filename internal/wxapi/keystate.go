package wxapi

import "time"

// KeyState is how the keys stand that an account's answers are checked with.
type KeyState struct {
	// Expires is when the first of its platform certificates expires; the zero time where it has none: a public key does
	// not expire.
	Expires time.Time
	// Unknown is how many answers came under a key that the account does not hold.
	Unknown int64
}

// KeyState tells how the keys stand.
func (c *Client) KeyState() KeyState {
	s := KeyState{Unknown: c.unknown.Load()}
	for _, k := range c.config.AnswerKeys {
		if k.Certificate != nil && (s.Expires.IsZero() || k.Certificate.NotAfter.Before(s.Expires)) {
			s.Expires = k.Certificate.NotAfter
		}
	}
	return s
}
