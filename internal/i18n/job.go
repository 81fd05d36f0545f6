package i18n

// jobTexts are what is said of jobs and batches: why one ended, why it cannot be changed.
var jobTexts = texts{}
