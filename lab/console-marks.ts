// What can be read off a serial line, as data: from the firmware's first sign to the login prompt. Order is the order of a boot.

export interface ConsoleMark {
  /** Name of the phase that this line stands for. */
  readonly phase: string;
  /** Matched against one line without control sequences. */
  readonly pattern: RegExp;
  /** Also looked for in a line that has no end yet: prompts, and firmware that moves the cursor. */
  readonly partial?: true;
}

/** Lines of the initrd: `[   12.345678] viver: phase hardware: 31 modules`. The name becomes the phase, which has ended here. */
export const VIVER_PHASE = /viver: phase ([a-z][a-z0-9-]{0,31}): (.*)$/;

/** The time that the kernel puts before a line, in seconds since it started (printk.time). */
export const KERNEL_TIME = /^\[\s*(\d+\.\d+)\]/;

/** The phases of the initrd, in order; the console reports others as they come. */
export const INITRD_PHASES = [
  'start',
  'hardware',
  'network',
  'image',
  'attach',
  'root',
  'configure',
  'handover',
] as const;

export const CONSOLE_MARKS: readonly ConsoleMark[] = [
  { phase: 'firmware', pattern: /SeaBIOS \(version|BdsDxe: loading/, partial: true },
  { phase: 'pxe', pattern: /iPXE .*Open Source Network Boot Firmware|Start PXE over IPv4/, partial: true },
  { phase: 'loader', pattern: /GNU GRUB|Booting `|Welcome to GRUB|^GRUB /, partial: true },
  { phase: 'kernel', pattern: /Linux version \d/ },
  { phase: 'systemd', pattern: /systemd\[1\]: systemd \d+\S* running in system mode/ },
  { phase: 'multi-user', pattern: /Reached target .*multi-user\.target/ },
  { phase: 'login', pattern: /^\S+ login:/, partial: true },
  { phase: 'shutdown', pattern: /Reached target .*(shutdown|poweroff|reboot)\.target|systemd-shutdown\[1\]: / },
  { phase: 'power-off', pattern: /reboot: Power down/ },
];

/** Lines that say that a boot has failed; the demonstration gives up at once when it sees one. */
export const FAILURE_PATTERNS: readonly RegExp[] = [
  /Kernel panic - not syncing/,
  /viver: phase \S+ failed: /,
  /viver: this is the rescue shell/,
  /You are in emergency mode/,
  /Attempted to kill init/,
];
