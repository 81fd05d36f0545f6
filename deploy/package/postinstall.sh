#!/bin/sh
# After the files of a Debian or RPM package are in place. The service is not started: its configuration must be written
# first.
set -e

if command -v systemd-sysusers >/dev/null 2>&1; then
	systemd-sysusers /usr/lib/sysusers.d/storelink.conf
elif ! getent passwd storelink >/dev/null; then
	useradd --system --user-group --home-dir /etc/storelink --no-create-home --shell /usr/sbin/nologin storelink
fi

# Configuration and keys are root's to write and the worker's to read. Whoever may write to such a folder could put a link
# there, and have root give away what it leads to: no link is followed, and the outer folder is root's before the inner ones
# are looked at. ETC is for tests.
etc=${ETC:-/etc}
for dir in "$etc/storelink" "$etc/storelink/accounts.d" "$etc/storelink/keys"; do
	if [ -L "$dir" ]; then
		echo "storelink: $dir is a symbolic link and is left as it is: make it root's, for the group storelink to read (0750)" >&2
		case "$dir" in
		*/storelink) break ;; # what is behind it is somebody else's
		esac
		continue
	fi
	[ -d "$dir" ] || mkdir "$dir"
	chown -h root:storelink "$dir"
	chmod 0750 "$dir"
done

if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || true
	systemctl try-restart storelink-worker.service || true
fi
