#!/bin/busybox sh
# PID 1 of the initrd. It mounts the runtime, starts the one Node process in it by its watcher (watch.sh), waits for its word and becomes the
# real init.
# All else is done in /app/initrd/init.js of the runtime. docs/boot-story.md tells the reasons.
PATH=/bin
bb=/bin/busybox
$bb mount -t devtmpfs -o mode=0755,nosuid dev /dev
exec 0</dev/console 1>/dev/console 2>&1

stop() { # what to do when there is no way on: say why, and give the person at the machine a shell
	echo "viver: $1"
	echo "viver: this is the rescue shell of the initrd; 'reboot -f' starts the machine again"
	$bb --install -s /bin
	[ -d /proc/1 ] || $bb mount -t proc proc /proc
	[ -d /sys/class ] || $bb mount -t sysfs sys /sys
	while :; do $bb setsid $bb cttyhack $bb sh; done
}

while read -r module; do
	$bb insmod "/modules/$module" || echo "viver: cannot load $module"
done </modules/order
$bb mount -t squashfs -o ro,loop /viver/runtime.squashfs /rt || stop "cannot mount the runtime (/viver/runtime.squashfs)"
$bb mount -t devtmpfs dev /rt/dev
$bb mount -t proc proc /rt/proc
$bb mount -t sysfs sys /rt/sys
$bb mount -t tmpfs -o mode=0755,nosuid,nodev run /rt/run
$bb mount -t tmpfs tmp /rt/tmp
$bb mkdir -p /rt/run/initramfs /rt/run/viver
$bb mount --bind / /rt/run/initramfs

# Opened for reading and writing, so that neither side waits for the other to open it. Whoever ends, says so through it.
$bb mkfifo /rt/run/go
exec 3<>/rt/run/go
$bb chroot /rt @viver/busybox true || stop "no program of the runtime starts"
$bb chroot /rt @viver/busybox sh /app/initrd/watch.sh 3>&- &

read -r word rest <&3
case $word in
go)
	exec 3>&-
	exec $bb switch_root /rt/newroot "$rest" "$@"
	;;
shell) stop "$rest" ;;
*) stop "the initrd's program $word $rest" ;;
esac
