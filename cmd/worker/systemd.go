package main

import "github.com/coreos/go-systemd/v22/daemon"

// notifyReady, notifyReloading and notifyStopping tell systemd how the worker stands, where it was started by a unit of
// Type=notify. Elsewhere they do nothing; and a systemd that cannot be told is no reason not to serve, so what they
// could not do is not told.

func notifyReady() { _, _ = daemon.SdNotify(false, daemon.SdNotifyReady) }

// notifyReloading gives what tells that the reload is over.
func notifyReloading() (done func()) {
	// Type=notify-reload needs the time, too.
	_, _ = daemon.SdNotify(false, daemon.SdNotifyReloading+"\n"+daemon.SdNotifyMonotonicUsec())
	return notifyReady
}

func notifyStopping() { _, _ = daemon.SdNotify(false, daemon.SdNotifyStopping) }
