package i18n

// scheduleTexts are what is said of schedules and their runs.
var scheduleTexts = texts{}
