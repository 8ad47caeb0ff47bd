#!/bin/sh
# Brings what building, testing and the lab need: Debian packages (by root or sudo), npm packages, and with them the pinned Node.
# Quick when all is there. Says what it is going to install before it does.
set -eu
cd "$(dirname "$0")/.."

# The initrd and the stick, the lab, the peers that the tests and benchmarks run against. dracut-core and not dracut: that one takes the
# place of initramfs-tools on the machine where it is installed.
packages="
busybox-static cpio dosfstools e2fsprogs fdisk gdisk grub-common grub-efi-amd64-bin grub-efi-amd64-signed grub-pc-bin icu-devtools
ipxe kmod mtools pci.ids shim-signed squashfs-tools usb.ids xorriso xz-utils zstd
mmdebstrap ovmf ipxe-qemu qemu-system-x86 qemu-utils seabios
aria2 curl dnsmasq-base haproxy iproute2 isc-dhcp-client libnbd-bin nftables nginx-light python3-libtorrent systemd tcpdump tftp-hpa transmission-cli udhcpc
binutils dracut-core dracut-live fio gcc jq libc6-dev libnbd-dev nbd-server nbdkit netcat-openbsd python3-libnbd socat
"
missing=
for package in $packages; do
	case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
	installed) ;;
	*) missing="$missing $package" ;;
	esac
done
if [ -n "$missing" ]; then
	sudo=
	[ "$(id -u)" = 0 ] || sudo=sudo
	echo "setup: installing Debian packages:$missing"
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get update -q
	# shellcheck disable=SC2086
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
fi

if ! cmp -s package-lock.json node_modules/.setup-lock; then
	echo "setup: installing npm packages, the pinned Node among them"
	# Not `npm ci`: it refuses a lock file without the packages of other platforms, which not every registry holds.
	npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
	cp package-lock.json node_modules/.setup-lock
fi
