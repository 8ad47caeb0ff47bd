#!/bin/busybox sh
# Starts the one process, and starts it again when it has ended although a root depends on it: resume.js takes over what it served. All that
# this needs lies in the runtime, which stays when the switch of roots has emptied the shim's own file system. The names of what it starts begin
# with @, so that systemd's shutdown passes them over (ROOT_STORAGE_DAEMONS).
bb=@viver/busybox
trap '' TERM INT HUP

run() { # Few memory pools and a small nursery: this process stays beside the system in its RAM.
	MALLOC_ARENA_MAX=2 @viver/node --max-semi-space-size=2 --disable-warning=ExperimentalWarning "/app/initrd/$1.js"
	status=$?
	end="with status $status"
	[ $status -le 128 ] || end="by signal $((status - 128))"
}

uptime() { # whole seconds
	read -r seconds rest </proc/uptime
	echo "${seconds%.*}"
}

run init
# The shim reads this if it still waits; opened for reading too, so that nobody is waited for.
echo "ended $end" 1<>/run/go
pause=0
# The record is there from just before the handover: without it nothing depends on the program, and the shim has opened its rescue shell.
while [ -f /run/serving.json ]; do
	echo "<3>viver: the serving process ended $end; it is started again in $pause s" >>/dev/kmsg
	$bb sleep $pause
	started=$(uptime)
	run resume
	if [ $(($(uptime) - started)) -ge 60 ]; then
		pause=0
	else # a program that ends at once must not take the whole processor
		pause=$((pause * 2 + 1))
		[ $pause -le 30 ] || pause=30
	fi
done
