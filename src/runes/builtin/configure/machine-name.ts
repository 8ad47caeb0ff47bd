// The name of a machine: the same wherever and whenever it starts, and no two alike in a room. It follows from the MAC of the NIC that it boots
// from; a name that a DHCP server gives is taken as it is. Pure.

/**
 * `pc-123456` from 52:54:00:12:34:56, the part of the MAC that its maker counts up.
 * @param full All six bytes, for the rare case that two makers' counters meet in one room.
 */
export function machineNameOf(mac: string, full = false): string {
  const digits = mac.replaceAll(':', '').toLowerCase();
  return `pc-${full ? digits : digits.slice(-6)}`;
}
