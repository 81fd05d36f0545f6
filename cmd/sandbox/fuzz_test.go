package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi/sandbox"
)

// Whatever a flag takes is a fault that JSON can carry, and what is no ID is not taken for one.
func FuzzFaultFlags(f *testing.F) {
	for _, seed := range []string{"5%", "0.05", "1e-3", "NaN%", "-0", "0x1p-2", "100000001,100000002:CLOSED:门店:已关闭", ",",
		"1,", "20ms", "-10m", "18446744073709551615", "\xff", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, takes := range []string{"NUMBER", "TIME", "SHARE", "CALLS", "IDS", "FAILURES"} {
			given := make(map[string]any)
			if (faultFlag{given, "x", takes}).Set(text) != nil {
				continue
			}
			if _, err := json.Marshal(given); err != nil {
				t.Fatalf("%s %q: %v", takes, text, err)
			}
			switch value := given["x"].(type) {
			case float64:
				if !(value >= 0 && (value <= 1 || takes == "CALLS")) {
					t.Fatalf("the share %q is %v", text, value)
				}
			case []string:
				if strings.Join(value, ",") != text {
					t.Fatalf("the IDs %q are %q", text, value)
				}
			case []sandbox.StoreFailure:
				for _, one := range value {
					if !job.ValidID(one.StoreID) {
						t.Fatalf("the failures %q are %+v", text, value)
					}
				}
			}
		}
	})
}
