package i18n

// cmdTexts are what the commands say otherwise: results, questions, progress, tables.
var cmdTexts = texts{}
