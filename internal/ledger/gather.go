package ledger

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

// origin is where a gathered store comes from: a chunk of the list and its place there. In the pool and in gathered
// chunks it takes refSize bytes, which the scripts count on.
type origin struct{ chunk, place int }

const refSize = 5

func appendRef(b []byte, o origin) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(o.chunk)), byte(o.place))
}

func decodeRefs(refs string) ([]origin, error) {
	if len(refs)%refSize != 0 {
		return nil, fmt.Errorf("%d bytes of a gathered chunk", len(refs))
	}
	out := make([]origin, 0, len(refs)/refSize)
	for b := []byte(refs); len(b) > 0; b = b[refSize:] {
		out = append(out, origin{chunk: int(binary.BigEndian.Uint32(b)), place: int(b[refSize-1])})
	}
	return out, nil
}

// atoi reads a number that this package wrote.
func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// plan is how a chunk that was refused whole is sent from then on: in groups, a call each. It is kept beside the lease,
// so that whoever goes on goes on where the halving was.
type plan struct {
	suspected bool // the chunk has spoken against the request (see record.lua)
	named     int  // stores that refusals named while no call of the job was ever answered 200
	groups    []group
}

// group is a set of places in a chunk.
type group [256 / 8]byte

func (g *group) has(i int) bool { return g[i>>3]&(1<<(i&7)) != 0 }
func (g *group) add(i int)      { g[i>>3] |= 1 << (i & 7) }

const planFlagSuspected = 1

func (p plan) encode() []byte {
	if len(p.groups) == 0 && !p.suspected && p.named == 0 {
		return nil
	}
	b := []byte{0, byte(min(p.named, 255))}
	if p.suspected {
		b[0] |= planFlagSuspected
	}
	for i := range p.groups {
		b = append(b, p.groups[i][:]...)
	}
	return b
}

// decodePlan reads a plan; one that cannot be read is none, which only costs calls.
func decodePlan(s string) plan {
	const size = len(group{})
	if len(s) < 2 || (len(s)-2)%size != 0 {
		return plan{}
	}
	p := plan{suspected: s[0]&planFlagSuspected != 0, named: int(s[1])}
	for s = s[2:]; s != ""; s = s[size:] {
		p.groups = append(p.groups, group([]byte(s[:size])))
	}
	return p
}
