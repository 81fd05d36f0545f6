package storeset_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/input/storeset"
)

func TestSetTellsIDsApart(t *testing.T) {
	t.Parallel()
	ids := []string{"7", "07", "007", "0", "00", "123456789012345678", "1234567890123456789", strings.Repeat("9", 64), "A", "a",
		"a-1", "a_1", "-1", "1-", "18446744073709551616"}
	for i := range 1000 {
		ids = append(ids, fmt.Sprintf("%09d", i*7919), fmt.Sprintf("shop-%d", i))
	}
	var s storeset.Set
	for _, id := range ids {
		if s.Has(id) {
			t.Fatalf("%q is there before it was added", id)
		}
		if !s.Add(id) {
			t.Fatalf("%q is not new", id)
		}
	}
	for _, id := range ids {
		if !s.Has(id) || s.Add(id) {
			t.Fatalf("%q is forgotten", id)
		}
	}
}
