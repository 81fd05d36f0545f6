package i18n

// queueTexts are what is said of the queue and its tasks.
var queueTexts = texts{}
