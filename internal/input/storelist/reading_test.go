package storelist_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/storelink/storelink/internal/input/storelist"
)

func TestReadingTellsHowAListWasRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ list, want string }{
		"CSV": {"\n名称,门店ID\n甲,7\n乙,8\n甲,7\n丙,9\n丁,10\n", `{"format":"CSV","encoding":"UTF-8","sheet":"","header_line":2,` +
			`"column":{"number":2,"name":"门店ID"},"ids":"wechat","rows":5,"repeats":1,"first":["7","8","9"],"last":"10"}`},
		"text": {"7\n", `{"format":"text","encoding":"UTF-8","sheet":"","header_line":0,"column":{"number":1,"name":""},` +
			`"ids":"wechat","rows":1,"repeats":0,"first":["7"],"last":"7"}`},
		"JSON lines": {"{\"store_id\":\"7\"}\n", `{"format":"JSON lines","encoding":"UTF-8","sheet":"","header_line":0,` +
			`"column":{"number":1,"name":"store_id"},"ids":"wechat","rows":1,"repeats":0,"first":["7"],"last":"7"}`},
		"a workbook": {rowsOf(t, []any{"清单"}, []any{"名称", "门店ID"}, []any{"甲", 7}), `{"format":"xlsx","encoding":"","sheet":"Sheet1",` +
			`"header_line":2,"column":{"number":2,"name":"门店ID"},"ids":"wechat","rows":1,"repeats":0,"first":["7"],"last":"7"}`},
	} {
		rd, err := storelist.NewReader(t.Context(), strings.NewReader(c.list), storelist.Options{Name: "list"})
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range rd.IDs() {
			if err != nil {
				t.Fatal(err)
			}
		}
		if got, err := json.Marshal(rd.Reading()); err != nil || string(got) != c.want {
			t.Errorf("%s:\n got %s, %v\nwant %s", name, got, err, c.want)
		}
	}
}
