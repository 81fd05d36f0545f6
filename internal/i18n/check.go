package i18n

// checkTexts are what worker check says.
var checkTexts = texts{}
