#!/bin/bash
# userland.sh SYSTEM PLACE CONFIGURE...: the init of a Debian tree in the namespaces that this script was started in. The tree is the lower side of a union,
# as on a PC; CONFIGURE ROOT does what the initrd does before the handover. PLACE is an empty directory.
set -e
system=$1 place=$2
shift 2
mount --make-rprivate /
mount -t tmpfs place "$place"
mkdir "$place/upper" "$place/work" "$place/root"
root=$place/root
mount -t overlay -o "lowerdir=$system,upperdir=$place/upper,workdir=$place/work" root "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 run "$root/run"
mkdir -p "$root/run/viver/image" "$root/run/lock"
mount --bind "$system" "$root/run/viver/image"
: >"$root/run/viver/resolv.conf"
"$@" "$root"

mount -t tmpfs -o mode=755 dev "$root/dev"
for name in null zero full random urandom tty; do
	: >"$root/dev/$name"
	mount --bind "/dev/$name" "$root/dev/$name"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 pts "$root/dev/pts"
mount -t tmpfs shm "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t sysfs -o ro sys "$root/sys"
mount -t cgroup2 cgroup "$root/sys/fs/cgroup"
mkdir -p "$root/mnt"
cd "$root"
pivot_root . mnt
umount -l /mnt
# systemd leaves alone what is the host's business.
exec env -i container=viver-test PATH=/usr/sbin:/usr/bin:/sbin:/bin /sbin/init systemd.unit=multi-user.target </dev/null
