#!/bin/sh
# The web farm's image: nginx and HAProxy are there, and nobody starts them but the runes.
set -eu
root=$1
rm -f "$root"/etc/systemd/system/multi-user.target.wants/nginx.service \
	"$root"/etc/systemd/system/multi-user.target.wants/haproxy.service
