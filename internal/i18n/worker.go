package i18n

// workerTexts are what is said of a worker, its health and its reload.
var workerTexts = texts{}
