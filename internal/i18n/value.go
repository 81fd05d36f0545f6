package i18n

import (
	"fmt"
	"reflect"
	"time"
)

// valueOf is a value as messages keep it (Arg).
func valueOf(v any) any {
	switch v := v.(type) {
	case string, int64, float64, time.Duration, time.Time, Message:
		return v
	case int:
		return int64(v)
	case nil:
		return ""
	case error:
		return Of(v)
	case fmt.Stringer: // before its kind: a secret is a string that does not show itself
		return v.String()
	}
	r := reflect.ValueOf(v)
	switch {
	case r.Kind() == reflect.String:
		return r.String()
	case r.CanInt():
		return r.Int()
	case r.CanUint():
		return int64(r.Uint()) // counts, which are far smaller
	case r.CanFloat():
		return r.Float()
	case r.Kind() == reflect.Slice || r.Kind() == reflect.Array:
		all := make([]any, r.Len())
		for i := range all {
			all[i] = valueOf(r.Index(i).Interface())
		}
		return all
	}
	return fmt.Sprint(v)
}
