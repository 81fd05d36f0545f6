package i18n

// resyncTexts are what is said of a resync and its plan.
var resyncTexts = texts{"resync.page_too_large": {EN: "a page of {n} stores was listed, where {most} were asked for", ZH: "列出的一页有 {n} 家门店，而请求的是 {most} 家"},
	"resync.page_names_itself": {EN: "a page of the list names itself as the next", ZH: "列表的一页把自己指为下一页"},
}
