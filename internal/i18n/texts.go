package i18n

import (
	"maps"
	"sync"
)

// Text is a text in every language that there is. {name} is the place of an argument, in any order. In {n|row|rows} its
// number chooses a word, and {name:how} shows it in a way of its own (grouped, quoted, lines, or, clauses); {{ and }} are braces.
type Text struct{ EN, ZH string }

// In is the text in a language; in English where the language is not known.
func (t Text) In(lang Lang) string {
	if lang == Chinese {
		return t.ZH
	}
	return t.EN
}

type texts map[string]Text

// areas are the table's parts. A code begins with its area's name and a dot, and stands in the file of that name.
var areas = map[string]texts{
	"system": systemTexts, "term": termTexts,
	"list":     listTexts,
	"sheet":    sheetTexts,
	"source":   sourceTexts,
	"manifest": manifestTexts,
	"report":   reportTexts,
	"flag":     flagTexts,
	"help":     helpTexts,
	"cmd":      cmdTexts,
	"config":   configTexts,
	"key":      keyTexts,
	"redis":    redisTexts,
	"address":  addressTexts,
	"check":    checkTexts,
	"notify":   notifyTexts,
	"schedule": scheduleTexts,
	"queue":    queueTexts,
	"job":      jobTexts,
	"resync":   resyncTexts,
	"lane":     laneTexts,
	"rate":     rateTexts,
	"wxapi":    wxapiTexts,
	"store":    storeTexts,
	"worker":   workerTexts,
	"sandbox":  sandboxTexts,
	"web":      webTexts,
}

// table is all of them. It is put together when the first message is shown: most runs show none.
var table = sync.OnceValue(func() texts {
	all := texts{}
	for _, area := range areas {
		maps.Copy(all, area)
	}
	return all
})

func lookup(code string) (Text, bool) {
	t, ok := table()[code]
	return t, ok
}
