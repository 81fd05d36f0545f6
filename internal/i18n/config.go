package i18n

// configTexts are what is said of the configuration.
var configTexts = texts{}
