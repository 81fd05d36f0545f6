package i18n

// sheetTexts are what is said of spreadsheets (.xlsx).
var sheetTexts = texts{}
