package i18n

// redisTexts are what is said of Redis.
var redisTexts = texts{}
