#!/bin/sh
# A Debian 13 as its owner left it: netplan with systemd-networkd, systemd-resolved, NetworkManager beside it, an encrypted disk.
set -eu
root=$1

echo vm-template >"$root/etc/hostname"
cat >"$root/etc/fstab" <<'END'
/dev/mapper/vg0-root / ext4 errors=remount-ro 0 1
/dev/mapper/vg0-swap none swap sw 0 0
END
echo 'sda3_crypt UUID=6d6a5f3e-0000-4000-8000-000000000003 none luks,discard' >"$root/etc/crypttab"
cat >"$root/etc/netplan/50-installer.yaml" <<'END'
network:
  version: 2
  renderer: networkd
  ethernets:
    cards:
      match:
        name: "e*"
      dhcp4: true
END
chmod 600 "$root/etc/netplan/50-installer.yaml"
chroot "$root" systemctl --quiet enable systemd-networkd
