package i18n

// storeTexts are what storelink itself says of a single store, or adds to what WeChat Pay says.
var storeTexts = texts{}
