#!/bin/busybox sh
# udhcpc calls this with an event; the facts go to standard output, one line, where initrd/dhcp-lease.ts reads them.
# Nothing is changed here: the program decides what becomes of an address.
echo "event=$1 interface=$interface address=$ip netmask=$subnet routers=${router// /,} dns=${dns// /,} domain=${domain// /,} host=$hostname server=$serverid ntp=${ntpsrv// /,} seconds=$lease"
