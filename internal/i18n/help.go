package i18n

// helpTexts are what --help says.
var helpTexts = texts{}
