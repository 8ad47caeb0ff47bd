// The kernel's table of neighbours (/proc/net/arp, proc_pid_net(5)): which network card an address on this wire has answered from. Pure.

/** A complete entry has the flag ATF_COM (linux/if_arp.h). */
const ATF_COM = 0x2;

/** The MAC behind `address`, in lower case; undefined when it is no direct neighbour. */
export function macOfNeighbour(table: string, address: string): string | undefined {
  for (const line of table.split('\n').slice(1)) {
    const [ip, , flags, mac] = line.trim().split(/\s+/);
    if (ip === address && mac && (Number(flags) & ATF_COM) !== 0) return mac.toLowerCase();
  }
  return undefined;
}
