package i18n

// listTexts are what is said of a store list, its rows and the columns that they are read from.
var listTexts = texts{}
