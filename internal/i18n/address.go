package i18n

// addressTexts are why nothing may be sent to an address that somebody typed.
var addressTexts = texts{}
