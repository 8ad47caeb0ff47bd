// xorg.conf(5) as text: what Viver writes for X, and what a machine's own configuration in an image must not keep. Pure.

import type { Timing } from './timing.ts';

/** Driver and mode; with neither there is nothing to write, since X finds both by itself. */
export function xorgText(driver: string | undefined, timing: Timing | undefined): string | undefined {
  if (!driver && !timing) return undefined;
  return [
    '# Written by Viver at every start, as the settings of rune display say.',
    ...section('Device', ['Identifier "viver"', ...(driver ? [`Driver "${driver}"`] : [])]),
    ...(timing ? monitorSections(timing) : []),
    '',
  ].join('\n');
}

function monitorSections(timing: Timing): string[] {
  const { width, height, refreshHz, clockKhz, horizontal } = timing;
  const name = `${width}x${height}`;
  const lineKhz = clockKhz / horizontal[2];
  return [
    ...section('Monitor', [
      'Identifier "viver"',
      // Without an EDID, X believes in a monitor of 1990.
      `HorizSync ${Math.floor(Math.min(lineKhz, 31))}-${Math.ceil(lineKhz) + 1}`,
      `VertRefresh 50-${Math.max(refreshHz + 1, 76)}`,
      `Modeline "${name}" ${modeline(timing)}`,
      `Option "PreferredMode" "${name}"`,
    ]),
    ...section('Screen', [
      ...['Identifier "viver"', 'Device "viver"', 'Monitor "viver"', 'DefaultDepth 24'],
      ...['SubSection "Display"', '\tDepth 24', `\tModes "${name}"`, 'EndSubSection'],
    ]),
  ];
}

/** `108.00 1280 1328 1440 1688 1024 1025 1028 1066 +hsync +vsync` */
export function modeline({
  clockKhz,
  width,
  height,
  horizontal,
  vertical,
  hsyncPositive,
  vsyncPositive,
}: Timing): string {
  const signs = [hsyncPositive ? '+hsync' : '-hsync', vsyncPositive ? '+vsync' : '-vsync'];
  return [(clockKhz / 1000).toFixed(3), width, ...horizontal, height, ...vertical, ...signs].join(' ');
}

function section(name: string, lines: readonly string[]): string[] {
  return [`Section "${name}"`, ...lines.map((line) => `\t${line}`), 'EndSection'];
}

/** True for a configuration that speaks of cards, monitors or screens: those of the machine that the image was made from. Keyboards may stay. */
export function isOfOneMachine(text: string): boolean {
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim());
  return lines.some((line) => /^Section\s+"(Device|Monitor|Screen)"$/i.test(line) || /^BusID\s/i.test(line));
}
