package i18n

// resyncTexts are what is said of a resync and its plan.
var resyncTexts = texts{}
