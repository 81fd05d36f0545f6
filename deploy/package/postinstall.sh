#!/bin/sh
# After the files of a Debian or RPM package are in place. The service is not started: its configuration must be written
# first.
set -e

if command -v systemd-sysusers >/dev/null 2>&1; then
	systemd-sysusers /usr/lib/sysusers.d/storelink.conf
elif ! getent passwd storelink >/dev/null; then
	useradd --system --user-group --home-dir /etc/storelink --no-create-home --shell /usr/sbin/nologin storelink
fi

# Configuration and keys are the worker's alone.
for dir in /etc/storelink /etc/storelink/accounts.d /etc/storelink/keys; do
	[ -d "$dir" ] || mkdir "$dir"
	chown storelink:storelink "$dir"
	chmod 0700 "$dir"
done

if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || true
	systemctl try-restart storelink-worker.service || true
fi
