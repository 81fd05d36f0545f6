package i18n

// sourceTexts are why a schedule's list cannot be had.
var sourceTexts = texts{}
