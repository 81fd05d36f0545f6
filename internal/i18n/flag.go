package i18n

// flagTexts are what is said of how a command was called: flags, arguments.
var flagTexts = texts{
	"flag.lang": {EN: "{by} {value:q}: it is zh or en", ZH: "{by} {value:q}：应为 zh 或 en"},
}
