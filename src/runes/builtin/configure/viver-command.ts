// Rune viver-command: `viver` inside the running system. Node and the program live in the initramfs, whose root is that of the process that was
// started there; the script goes in through /proc/PID/root, so that nothing of ours has to be in the image. A unit has it say farewell at shutdown.

import * as z from 'zod/mini';
import { defineRune } from '../../contract/rune.ts';

const PATH = '/usr/local/bin/viver';

const UNITS = '/etc/systemd/system';
const LEAVE_UNIT = 'viver-leave.service';

/** Stopped before the network is: runes that others rely on take themselves out while they can still say so. */
const LEAVE_UNIT_TEXT = `# Written by Viver at every start.
[Unit]
Description=Runes of this machine leave the room before its network goes
After=network.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
ExecStop=${PATH} leave
TimeoutStopSec=45
`;

const settings = z.object({
  node: z._default(z.string(), '/bin/node').check(z.describe('path of Node inside the runtime')),
  program: z
    ._default(z.string(), '/app/src/control/main.js')
    .check(z.describe('path of the command inside the runtime')),
  pidFile: z
    ._default(z.string(), '/run/viver/pid')
    .check(z.describe('file of the running system with the process id of the node')),
});

export const viverCommand = defineRune({
  name: 'viver-command',
  version: 1,
  stage: 'configure',
  summary: `the command ${PATH}; at shutdown the runes leave the room`,
  offers: [],
  needs: [],
  settings,
  async start({ files, settings: { node, program, pidFile } }) {
    await files.writeText(PATH, commandScript(node, program, pidFile), 0o755);
    if (!(await files.exists('/usr/lib/systemd/systemd')) && !(await files.exists('/lib/systemd/systemd'))) return;
    await files.writeText(`${UNITS}/${LEAVE_UNIT}`, LEAVE_UNIT_TEXT);
    await files.symlink(`../${LEAVE_UNIT}`, `${UNITS}/multi-user.target.wants/${LEAVE_UNIT}`);
  },
});

/** The text of the script. */
export function commandScript(node: string, program: string, pidFile: string): string {
  return `#!/bin/sh
# Written by Viver at every start. The program lives in the initramfs that this machine was booted from.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
if [ "$(id -u)" != 0 ]; then
	echo "viver: only root may do that (sudo viver $*)" >&2
	exit 1
fi
if ! [ -r ${pidFile} ] || ! read -r pid < ${pidFile} || ! [ -d "/proc/$pid/root/proc" ]; then
	echo "viver: no node runs here (${pidFile} names no living process)" >&2
	exit 1
fi
exec chroot "/proc/$pid/root" ${node} --disable-warning=ExperimentalWarning ${program} "$@"
`;
}
