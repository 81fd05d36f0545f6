package catalogue_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/storelink/storelink/internal/catalogue"
	"github.com/storelink/storelink/internal/job"
	"github.com/storelink/storelink/internal/wxapi"
)

func TestEveryKnownCodeHasAnEntry(t *testing.T) {
	t.Parallel()
	codes := wxapi.Codes()
	if len(codes) < 9 {
		t.Fatalf("only %d codes are known: %v", len(codes), codes)
	}
	for _, c := range codes {
		if e, ok := catalogue.Find(c.Code, c.Number); !ok || e.Code != c.Code || e.Number != c.Number {
			t.Errorf("%+v: %+v", c, e)
		}
	}
	// The numbers of docs/wechatpay.md that the table does not tell apart, and our own codes.
	for _, code := range []string{"268435461", "268435462", "268435463", "268435464", "268578101", "268578224", "268578813", "268578608", "268579803", "270924289",
		"502", "503", "504", job.RetriesExhausted, job.Unreported, string(job.Unprocessed), string(job.Pending),
		catalogue.SetAside, catalogue.NotInJob} {
		if _, ok := catalogue.Lookup(code); !ok {
			t.Errorf("%s has no entry", code)
		}
	}
}

func TestEntriesAreWholeInBothLanguages(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, e := range catalogue.Entries() {
		if key := e.Code + "/" + e.Number; seen[key] {
			t.Errorf("%s stands twice", key)
		} else {
			seen[key] = true
		}
		for _, text := range []catalogue.Text{e.Happened, e.Do} {
			if !strings.ContainsFunc(text.ZH, func(r rune) bool { return unicode.Is(unicode.Han, r) }) || !strings.HasSuffix(text.ZH, "。") ||
				text.EN == "" || !strings.HasSuffix(text.EN, ".") || strings.ContainsAny(text.EN+text.ZH, "\n\t") ||
				strings.ContainsFunc(text.EN, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
				t.Errorf("%s: %+v", e.Code, text)
			}
		}
	}
}

func TestAStoresEntryIsThatOfItsNumber(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		row          job.Row
		code, number string
	}{
		{job.Row{Outcome: job.Failed, Code: "INVALID_REQUEST", RequestID: "08A1-268578813"}, "INVALID_REQUEST", "268578813"},
		{job.Row{Outcome: job.Failed, Code: "INVALID_REQUEST", RequestID: "08A1-1"}, "INVALID_REQUEST", ""},
		{job.Row{Outcome: job.Failed, Code: "PARAM_ERROR"}, "PARAM_ERROR", ""},
		{job.Row{Outcome: job.Failed, Code: "NEVER_HEARD_OF", RequestID: "x-268578813"}, "", ""},
		{job.Row{Outcome: job.Unprocessed}, "unprocessed", ""},
		{job.Row{Outcome: job.Succeeded, RequestID: "08A1-0"}, "", ""},
	} {
		if e, ok := catalogue.Of(c.row); ok != (c.code != "") || e.Code != c.code || e.Number != c.number {
			t.Errorf("%+v: %+v", c.row, e)
		}
	}
	if _, ok := catalogue.Lookup(""); ok {
		t.Error("no code has an entry")
	}
}

func TestWordsThatAreNotKnownStandForThemselves(t *testing.T) {
	t.Parallel()
	if catalogue.Term(job.Paused, catalogue.Chinese) != "已暂停" || catalogue.Term(job.Paused, catalogue.English) != "paused" ||
		catalogue.Term("later", catalogue.Chinese) != "later" {
		t.Error("a word is another")
	}
	for _, state := range []job.State{job.Staging, job.Scheduled, job.Running, job.Paused, job.Completed, job.Cancelling,
		job.Cancelled, job.Aborting, job.Aborted} {
		if catalogue.Term(state, catalogue.Chinese) == string(state) || catalogue.Term(state, catalogue.English) != string(state) {
			t.Errorf("%s is not in both languages", state)
		}
	}
}

func TestACodeOfAStoreMayMeanSomethingElseThanOfACall(t *testing.T) {
	t.Parallel()
	of := func(requestID string) catalogue.Entry {
		e, ok := catalogue.Of(job.Row{Outcome: job.Failed, Code: "INVALID_REQUEST", RequestID: requestID})
		if !ok {
			t.Fatal("it has no entry")
		}
		return e
	}
	call, _ := catalogue.Find("INVALID_REQUEST", "")
	if store := of("08A1-0"); store == call || !strings.Contains(store.Happened.EN, "no such store") || !strings.HasSuffix(store.Do.ZH, "。") {
		t.Errorf("of a store it is %+v", store)
	}
	if e, ok := catalogue.OfStore("INVALID_REQUEST"); !ok || e != of("08A1-0") {
		t.Errorf("of many stores it is %+v", e)
	}
	if numbered := of("08A1-268578813"); numbered.Number != "268578813" {
		t.Errorf("with a number it is %+v", numbered)
	}
	if e, ok := catalogue.OfStore("PARAM_ERROR"); !ok || e.Code != "PARAM_ERROR" {
		t.Errorf("others are %+v", e)
	}
	if e, _ := catalogue.Find("NO_AUTH", "268579803"); !strings.Contains(e.Happened.EN, "grey release") || !strings.Contains(e.Happened.ZH, "灰度") {
		t.Errorf("NO_AUTH is %+v", e)
	}
}
