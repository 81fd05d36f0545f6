package i18n

// manifestTexts are what is said of an onboarding's manifest.
var manifestTexts = texts{}
