package i18n

// wxapiTexts are what is said of calls to WeChat Pay and of their answers.
var wxapiTexts = texts{}
