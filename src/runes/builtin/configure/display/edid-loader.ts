// How the kernel gets an EDID of ours before it looks at a plug: a unit that writes the two files and names them, ahead of udev, and an option of the
// module drm for kernels that have it as one (linux Documentation/admin-guide/kernel-parameters.txt, drm.edid_firmware). Pure.

import { encodeEdid } from './edid.ts';
import type { Timing } from './timing.ts';

export const LOADER = '/usr/local/lib/viver/load-edid';
const DIGITAL = 'edid/viver-digital.bin';
const ANALOG = 'edid/viver-analog.bin';
/** The kernel's names of plugs for analog signals; all others get the digital one. */
const ANALOG_PLUGS = ['VGA-1', 'VGA-2'];

/** The value of drm.edid_firmware. @param output One plug by the kernel's name (`HDMI-A-1`); undefined: all of them. */
export function edidFirmware(output: string | undefined): string {
  if (output) return `${output}:${output.startsWith('VGA') ? ANALOG : DIGITAL}`;
  return [...ANALOG_PLUGS.map((plug) => `${plug}:${ANALOG}`), DIGITAL].join(',');
}

export function loaderScript(timing: Timing, output: string | undefined): string {
  const write = (file: string, input: 'analog' | 'digital') =>
    `printf '${octal(encodeEdid(timing, input))}' >"/lib/firmware/${file}"`;
  return `#!/bin/sh -e
# Written by Viver at every start: tells the kernel of a monitor with one mode, ${timing.width}x${timing.height}.
mkdir -p /lib/firmware/edid
${write(DIGITAL, 'digital')}
${write(ANALOG, 'analog')}
parameter=/sys/module/drm/parameters/edid_firmware
[ ! -w $parameter ] || echo '${edidFirmware(output)}' >$parameter
`;
}

export const loaderUnit = `# Written by Viver at every start.
[Unit]
Description=Monitor as set in RUNES
DefaultDependencies=no
Before=systemd-udev-trigger.service systemd-modules-load.service sysinit.target
After=systemd-remount-fs.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${LOADER}
`;

function octal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}
