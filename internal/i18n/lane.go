package i18n

// laneTexts are why an account is served or is not.
var laneTexts = texts{}
