package i18n

// rateTexts are what is said of the rate limit.
var rateTexts = texts{}
