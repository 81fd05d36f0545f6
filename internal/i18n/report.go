package i18n

// reportTexts are what reports say, their headers and sheets, and why one cannot be written.
var reportTexts = texts{}
