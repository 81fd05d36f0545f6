package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// duration is a time.Duration that JSON has as text: "20ms".
type duration time.Duration

func (d duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is no duration such as 20ms or 1.5s", text)
	}
	*d = duration(parsed)
	return nil
}

// plainFaults is Faults without its methods, for encoding/json.
type plainFaults Faults

// faultsJSON is Faults as JSON has it: its durations as text, and a list of failing stores that replaces the one
// before.
type faultsJSON struct {
	*plainFaults
	Latency         *duration       `json:"latency,omitempty"`
	JitterIn        *duration       `json:"jitter_in,omitempty"`
	JitterOut       *duration       `json:"jitter_out,omitempty"`
	JitterTailBy    *duration       `json:"jitter_tail_by,omitempty"`
	Work            *duration       `json:"work,omitempty"`
	WorkSpread      *duration       `json:"work_spread,omitempty"`
	DripFor         *duration       `json:"drip_for,omitempty"`
	ClockOffset     *duration       `json:"clock_offset,omitempty"`
	FailingStoreIDs *[]StoreFailure `json:"failing_store_ids,omitempty"`
}

// MarshalJSON leaves out what is zero.
func (f Faults) MarshalJSON() ([]byte, error) {
	wire := faultsJSON{plainFaults: (*plainFaults)(&f)}
	for _, d := range []struct {
		from time.Duration
		to   **duration
	}{
		{f.Latency, &wire.Latency}, {f.JitterIn, &wire.JitterIn}, {f.JitterOut, &wire.JitterOut},
		{f.JitterTailBy, &wire.JitterTailBy}, {f.Work, &wire.Work}, {f.WorkSpread, &wire.WorkSpread},
		{f.DripFor, &wire.DripFor}, {f.ClockOffset, &wire.ClockOffset},
	} {
		if d.from != 0 {
			*d.to = (*duration)(&d.from)
		}
	}
	if len(f.FailingStoreIDs) > 0 {
		wire.FailingStoreIDs = &f.FailingStoreIDs
	}
	return json.Marshal(wire)
}

// UnmarshalJSON changes what the text names and leaves the rest as it was. A name that is none of Faults' is an error.
func (f *Faults) UnmarshalJSON(text []byte) error {
	changed := f.clone()
	wire := faultsJSON{
		plainFaults:  (*plainFaults)(&changed),
		Latency:      (*duration)(&changed.Latency),
		JitterIn:     (*duration)(&changed.JitterIn),
		JitterOut:    (*duration)(&changed.JitterOut),
		JitterTailBy: (*duration)(&changed.JitterTailBy),
		Work:         (*duration)(&changed.Work),
		WorkSpread:   (*duration)(&changed.WorkSpread),
		DripFor:      (*duration)(&changed.DripFor),
		ClockOffset:  (*duration)(&changed.ClockOffset),
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&wire); err != nil {
		return fmt.Errorf("reading faults: %w", err)
	}
	if wire.FailingStoreIDs != nil {
		changed.FailingStoreIDs = *wire.FailingStoreIDs
	}
	*f = changed
	return nil
}
