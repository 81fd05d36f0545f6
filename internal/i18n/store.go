package i18n

// storeTexts are what storelink itself says of a single store, or adds to what WeChat Pay says.
var storeTexts = texts{"store.unreported": {EN: "the answer did not report its outcome", ZH: "应答里没有说明它的结果"}}
