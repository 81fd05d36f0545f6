package i18n

// webTexts are what the dashboard and the HTTP API say.
var webTexts = texts{}
