// The grub.cfg that GRUB's netboot image (Debian's signed grubnetx64.efi) reads from where it was loaded. Pure.
// Paths are on $root, that is by the protocol and from the server that GRUB itself came from; `httpServer` moves the large files to HTTP.

import { ViverError } from '../../errors.ts';
import { type BootEntry, checkEntry } from './boot-entry.ts';

/** The configuration for one entry. `httpServer` is an address, with a port if it is not 80: `10.0.0.1:8080`. */
export function grubConfig(entry: BootEntry, httpServer?: string): string {
  checkEntry(entry);
  if (httpServer !== undefined && !/^[0-9.]+(:\d+)?$/.test(httpServer)) {
    throw new ViverError('MENU_BAD_VALUE', `'${httpServer}' is no server address`);
  }
  const place = httpServer === undefined ? '' : `(http,${httpServer})`;
  const path = (name: string) => `${place}/${name.replace(/^\/+/, '')}`;
  return `set timeout=0
set default=0
insmod regexp
insmod http
# The NIC this came by, in the form that the kernel line has: 01- and the MAC with hyphens.
regexp --set=1:a --set=2:b --set=3:c --set=4:d --set=5:e --set=6:f '(..):(..):(..):(..):(..):(..)' "$net_default_mac"
menuentry ${quoteGrub(entry.title ?? 'Viver')} {
  linux ${path(entry.kernel)} BOOTIF=01-$a-$b-$c-$d-$e-$f ${entry.append.split(/\s+/).filter(Boolean).map(quoteGrub).join(' ')}
  initrd ${path(entry.initrd)}
}
`;
}

/** Plain words as they are, others in single quotes, in which GRUB changes nothing. */
function quoteGrub(word: string): string {
  return /^[A-Za-z0-9._~/:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}
