#!/bin/sh
# Finishes a system of the lab; mmdebstrap calls it with the root directory. What a person would set up after installing:
# a root password to play with, a serial console that logs in by itself, the network by DHCP. No package archives stay behind.
set -eu
root=$1

echo 'root:viver' | chroot "$root" chpasswd
echo viver >"$root/etc/hostname"

echo 'LANG=C.UTF-8' >"$root/etc/default/locale"

console=$root/etc/systemd/system/serial-getty@ttyS0.service.d
mkdir -p "$console"
cat >"$console/autologin.conf" <<'END'
[Service]
ExecStart=
ExecStart=-/sbin/agetty --autologin root --keep-baud 115200,57600,38400,9600 - $TERM
END

if [ -x "$root/sbin/ifup" ]; then
	cat >"$root/etc/network/interfaces" <<'END'
auto lo
iface lo inet loopback

allow-hotplug eth0
iface eth0 inet dhcp
END
fi

# Systems that are made at different times are to differ in nothing that matters; a machine gets its own id when it starts.
: >"$root/etc/machine-id"
rm -f "$root/var/lib/dbus/machine-id"
rm -rf "$root"/tmp/* "$root"/run/* "$root"/var/tmp/* \
	"$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*_*
