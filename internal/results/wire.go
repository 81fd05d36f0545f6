package results

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
)

// decoder reads the fields of a record; after the first that is not there, failed is set and all others are zero.
type decoder struct {
	b      []byte
	failed bool
}

func (d *decoder) byte() byte {
	if len(d.b) == 0 {
		d.failed = true
		return 0
	}
	c := d.b[0]
	d.b = d.b[1:]
	return c
}

func (d *decoder) uint32() uint32 {
	if len(d.b) < 4 {
		d.failed, d.b = true, nil
		return 0
	}
	v := binary.BigEndian.Uint32(d.b)
	d.b = d.b[4:]
	return v
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.failed, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.failed, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

// count reads how many elements of at least size bytes follow, and refuses more than can be there.
func (d *decoder) count(size int) int {
	v := d.uvarint()
	if v > uint64(len(d.b)/size) {
		d.failed, d.b = true, nil
		return 0
	}
	return int(v)
}

func (d *decoder) bytes() []byte {
	n := d.count(1)
	v := d.b[:n]
	d.b = d.b[n:]
	return v
}

func (d *decoder) string() string { return string(d.bytes()) }

func appendString(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// A Request-Id is mostly upper-case hexadecimal, a dash and a small number: kept as 1 + the number of its bytes, the
// bytes, the number. Any other text is kept as it is, behind a 0.
func appendRequestID(b []byte, id string) []byte {
	head, tail, ok := strings.Cut(id, "-")
	if ok && len(head) > 0 && len(head)%2 == 0 && strings.ToUpper(head) == head {
		if raw, err := hex.DecodeString(head); err == nil {
			if number, ok := smallNumber(tail); ok {
				b = binary.AppendUvarint(b, uint64(len(raw))+1)
				b = append(b, raw...)
				return binary.AppendUvarint(b, number)
			}
		}
	}
	b = append(b, 0)
	return appendString(b, id)
}

// smallNumber reads a decimal that is written in the one way that reading it back gives.
func smallNumber(s string) (uint64, bool) {
	if s == "" || len(s) > 18 || s[0] == '0' && s != "0" {
		return 0, false
	}
	v := uint64(0)
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		v = v*10 + uint64(s[i]-'0')
	}
	return v, true
}

func (d *decoder) requestID() string {
	n := d.count(1)
	if n == 0 {
		return d.string()
	}
	raw := d.b[:n-1]
	d.b = d.b[n-1:]
	return strings.ToUpper(hex.EncodeToString(raw)) + "-" + strconv.FormatUint(d.uvarint(), 10)
}
