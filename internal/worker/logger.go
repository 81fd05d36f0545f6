package worker

import (
	"fmt"
	"log/slog"
)

// asynqLogger hands asynq's log lines on. What asynq calls information is detail to an operator of storelink.
type asynqLogger struct{ log *slog.Logger }

func (l asynqLogger) Debug(args ...any) {}
func (l asynqLogger) Info(args ...any)  { l.log.Debug(fmt.Sprint(args...)) }
func (l asynqLogger) Warn(args ...any)  { l.log.Warn(fmt.Sprint(args...)) }
func (l asynqLogger) Error(args ...any) { l.log.Error(fmt.Sprint(args...)) }
func (l asynqLogger) Fatal(args ...any) { l.log.Error(fmt.Sprint(args...)) }
