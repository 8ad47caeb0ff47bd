// The script that iPXE fetches and runs. Pure. https://ipxe.org/scripting
// Paths stay relative: iPXE completes them by the script's own URL, so it works under a proxy too, where ${next-server} is the foreign
// DHCP server. UEFI kernels find the initrd by `initrd=NAME` (the kernel's EFI stub asks the loader for that file); BIOS ignores it.

import { type BootEntry, checkEntry } from './boot-entry.ts';

const RETRY_SECONDS = 3;
const INITRD_NAME = 'initrd.img';

/** The script for one entry. It tries again for ever: a PC in a corner of the room must not stop at a prompt. */
export function ipxeScript(entry: BootEntry): string {
  checkEntry(entry);
  // netX is the NIC that was opened last, the one this script came by. hexhyp writes the MAC as BOOTIF has it, with hyphens.
  const append = `initrd=${INITRD_NAME} BOOTIF=01-\${netX/mac:hexhyp} ${escapeIpxe(entry.append)}`.trimEnd();
  const own = ownParameters(entry);
  return `#!ipxe
${own.lines}:start
imgfree
echo ${escapeIpxe(entry.title ?? 'Viver')}: kernel and initrd by HTTP
kernel ${entry.kernel} ${append}${own.reference} || goto failed
initrd --name ${INITRD_NAME} ${entry.initrd} || goto failed
boot || goto failed
:failed
echo Not started, next try in ${RETRY_SECONDS} seconds
sleep ${RETRY_SECONDS}
goto start
`;
}

/** One line for each machine that has parameters of its own; they stand last, where they win. */
function ownParameters({ appendFor = new Map() }: BootEntry): { lines: string; reference: string } {
  if (appendFor.size === 0) return { lines: '', reference: '' };
  const line = ([mac, parameters]: [string, string]) =>
    `iseq \${netX/mac} ${mac} && set own ${escapeIpxe(parameters)} ||\n`;
  return { lines: [...appendFor].map(line).join(''), reference: ` \${own}` };
}

/** A `$` before a brace would be a setting; iPXE has no other way to write it than a setting that holds it. */
function escapeIpxe(text: string): string {
  return text.replaceAll('${', '$ {').replaceAll('||', '| |').replaceAll('&&', '& &');
}
