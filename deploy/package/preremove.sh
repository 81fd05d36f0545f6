#!/bin/sh
# Before a Debian or RPM package is taken away; not when another version takes its place ($1 is upgrade, or 1).
set -e

case "${1:-}" in
upgrade | 1) exit 0 ;;
esac
if [ -d /run/systemd/system ]; then
	systemctl disable --now storelink-worker.service || true
fi
