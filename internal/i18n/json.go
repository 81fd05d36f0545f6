package i18n

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// wire is a message in JSON. Its English text goes with it for who does not know the code.
type wire struct {
	Version int    `json:"v,omitempty"`
	Code    string `json:"code,omitempty"`
	Args    Args   `json:"args,omitempty"`
	Text    string `json:"text"`
}

// MarshalJSON writes {"code": …, "args": {…}, "text": ENGLISH}.
func (m Message) MarshalJSON() ([]byte, error) {
	return json.Marshal(wire{Code: m.Code, Args: m.Args, Text: m.english()})
}

// english is the text that goes with the message: that of the version which made it, where it was read from JSON.
func (m Message) english() string {
	if m.text != "" {
		return m.text
	}
	return m.In(English)
}

// UnmarshalJSON reads what MarshalJSON wrote, and a text alone, which is Plain.
func (m *Message) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		*m = Message{}
		return json.Unmarshal(data, &m.text)
	}
	w := wire{}
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	*m = Message{Code: w.Code, Args: w.Args, text: w.Text}
	return nil
}

// MarshalJSON writes an object, its names in the order of the arguments.
func (a Args) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	for i, arg := range a {
		b.WriteByte("{,"[min(i, 1)])
		name, err := json.Marshal(arg.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(wireValue(arg.Value))
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	if len(a) == 0 {
		b.WriteByte('{')
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (a *Args) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		if err == nil && t == nil { // null
			*a = nil
			return nil
		}
		return errors.Join(errors.New("i18n: arguments are an object"), err)
	}
	*a = nil
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return err
		}
		value, err := valueOfWire(raw)
		if err != nil {
			return err
		}
		*a = append(*a, Arg{name.(string), value}) // a key is a string
	}
	return nil
}

// wireTime and wireSpan tell times and spans from texts and numbers.
type (
	wireTime struct {
		Time time.Time `json:"time"`
	}
	wireSpan struct {
		Duration string `json:"duration"` // as time.ParseDuration reads it
	}
)

func wireValue(v any) any {
	switch v := v.(type) {
	case time.Time:
		return wireTime{v}
	case time.Duration:
		return wireSpan{v.String()}
	case []any:
		all := make([]any, len(v))
		for i := range v {
			all[i] = wireValue(v[i])
		}
		return all
	}
	return v
}

func valueOfWire(raw json.RawMessage) (any, error) {
	switch raw[0] {
	case '"':
		s := ""
		err := json.Unmarshal(raw, &s)
		return s, err
	case '[':
		var items []json.RawMessage
		if err := json.Unmarshal(raw, &items); err != nil {
			return nil, err
		}
		all := make([]any, len(items))
		for i, item := range items {
			var err error
			if all[i], err = valueOfWire(item); err != nil {
				return nil, err
			}
		}
		return all, nil
	case '{':
		return objectOf(raw)
	case 't', 'f', 'n': // none that we write
		return string(raw), nil
	}
	n, f := int64(0), 0.0
	if json.Unmarshal(raw, &n) == nil {
		return n, nil
	}
	err := json.Unmarshal(raw, &f)
	return f, err
}

func objectOf(raw json.RawMessage) (any, error) {
	var o struct {
		Time     *time.Time `json:"time"`
		Duration *string    `json:"duration"`
	}
	if err := json.Unmarshal(raw, &o); err == nil && o.Time != nil {
		return *o.Time, nil
	} else if err == nil && o.Duration != nil {
		return time.ParseDuration(*o.Duration)
	}
	m := Message{}
	err := json.Unmarshal(raw, &m)
	return m, err
}

// schema is the version of what Stored writes. A record of a later one is shown by its text.
const schema = 1

// Stored is the message as it is kept in Redis: JSON with a version; a Plain one as its text, "" for none.
func (m Message) Stored() string {
	if m.Code == "" && !strings.HasPrefix(m.text, `{"v":`) {
		return m.text
	}
	data, err := json.Marshal(wire{Version: schema, Code: m.Code, Args: m.Args, Text: m.english()})
	if err != nil { // a float that is no number
		return m.english()
	}
	return string(data)
}

// FromStored reads what Stored wrote. A record from before messages were data is a sentence, and stays one.
func FromStored(record string) Message {
	if record == "" {
		return Message{}
	}
	if !strings.HasPrefix(record, `{"v":`) {
		return Plain(record)
	}
	w := wire{}
	if json.Unmarshal([]byte(record), &w) != nil || w.Code == "" && w.Text == "" {
		return Plain(record)
	}
	if w.Version > schema {
		return Plain(w.Text)
	}
	return Message{Code: w.Code, Args: w.Args, text: w.Text}
}
