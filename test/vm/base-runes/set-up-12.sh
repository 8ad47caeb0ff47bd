#!/bin/sh
# A Debian 12 as its owner left it: ifupdown, NetworkManager and resolvconf, a RAID, a card and modules that only the old machine had.
set -eu
root=$1

echo vm-template >"$root/etc/hostname"
printf '127.0.0.1\tlocalhost\n127.0.1.1\tvm-template.example.org vm-template\n' >"$root/etc/hosts"
cat >"$root/etc/fstab" <<'END'
UUID=6d6a5f3e-0000-4000-8000-000000000001 / ext4 errors=remount-ro 0 1
UUID=1234-ABCD /boot/efi vfat umask=0077 0 1
UUID=6d6a5f3e-0000-4000-8000-000000000002 none swap sw 0 0
END
cat >"$root/etc/network/interfaces" <<'END'
source /etc/network/interfaces.d/*

auto lo
iface lo inet loopback

auto ens18
iface ens18 inet dhcp

allow-hotplug eth0
iface eth0 inet dhcp
END
echo 'module-of-the-old-machine' >>"$root/etc/modules"
echo 'SUBSYSTEM=="net", ACTION=="add", ATTR{address}=="00:16:3e:00:00:01", NAME="eth0"' \
	>"$root/etc/udev/rules.d/70-persistent-net.rules"
