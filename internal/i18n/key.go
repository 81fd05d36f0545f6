package i18n

// keyTexts are what is said of keys and certificates.
var keyTexts = texts{}
