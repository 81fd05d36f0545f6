package i18n

// sandboxTexts are what the sandbox says.
var sandboxTexts = texts{}
