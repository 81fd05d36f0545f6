package i18n

// notifyTexts are what is said of webhooks, and what they say.
var notifyTexts = texts{}
