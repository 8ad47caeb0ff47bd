// The kernel command line -> BootOptions. Pure. Documented for users in docs/cmdline.md, as dracut.cmdline(7) does it.
// A wrong value is reported and the default used: a typing mistake must not keep a PC from starting.

import { type Amount, DEFAULT_SHARE, parseAmount } from '../src/amount.ts';

/** Where the network address comes from: ask, and make an own subnet when nobody answers | only ask | only own. */
export const NETWORK_MODES = ['auto', 'dhcp', 'own', 'none'] as const;
export type NetworkMode = (typeof NETWORK_MODES)[number];

export interface BootOptions {
  /** File name or label of the image to take, or the magnet URI of one in the field. */
  readonly image?: string;
  /** Kinds of medium or device names that are searched first. */
  readonly media: readonly string[];
  readonly role?: string;
  readonly network: NetworkMode;
  /** RAM given to the field. */
  readonly share: Amount;
  /** Size limit of the tmpfs that takes the writes. */
  readonly overlay: Amount;
  /** How long drives are waited for. */
  readonly waitSeconds: number;
  readonly debug: boolean;
  /** A shell instead of the start of the system. */
  readonly shell: boolean;
  /** The MAC address of the interface that the firmware booted from (pxelinux's BOOTIF=01-xx-...). */
  readonly bootMac?: string;
  /** The real init, as the kernel's `init=`. */
  readonly init: string;
}

export interface ParsedCommandLine {
  readonly options: BootOptions;
  /** One line for each value that could not be used. */
  readonly warnings: readonly string[];
}

const DEFAULTS: BootOptions = {
  media: [],
  network: 'auto',
  share: DEFAULT_SHARE,
  overlay: { percent: 50 },
  waitSeconds: 30,
  debug: false,
  shell: false,
  init: '/sbin/init',
};

type Reading = Partial<BootOptions> | string;

/** What each parameter means: its value -> the options that it sets, or why it can't be used. The last one given wins. */
const PARAMETERS: Readonly<Record<string, (value: string) => Reading>> = {
  'viver.image': (image) => (image ? { image } : 'a file name, label or magnet URI is wanted'),
  'viver.media': (value) => ({ media: value.split(',').filter(Boolean) }),
  'viver.role': (role) => (/^[\w-]+$/.test(role) ? { role } : 'a role is letters, digits, - and _'),
  'viver.net': (value) => {
    const network = NETWORK_MODES.find((mode) => mode === value);
    return network ? { network } : `one of ${NETWORK_MODES.join(', ')} is wanted`;
  },
  'viver.share': (value) => amountFor('share', value),
  'viver.overlay': (value) => amountFor('overlay', value),
  'viver.wait': (value) => (/^\d{1,5}$/.test(value) ? { waitSeconds: Number(value) } : 'whole seconds are wanted'),
  'viver.debug': () => ({ debug: true }),
  'viver.shell': () => ({ shell: true }),
  BOOTIF: (value) => {
    const mac = /^01-((?:[0-9a-f]{2}-){5}[0-9a-f]{2})$/i.exec(value)?.[1];
    return mac
      ? { bootMac: mac.replaceAll('-', ':').toLowerCase() }
      : 'a MAC address as 01-52-54-00-12-34-56 is wanted';
  },
  init: (init) => (init.startsWith('/') ? { init } : 'an absolute path is wanted'),
};

/** Reads the text of /proc/cmdline. Parameters that are not Viver's are passed over. */
export function parseCommandLine(text: string): ParsedCommandLine {
  let options = DEFAULTS;
  const warnings: string[] = [];
  for (const [name, value] of splitParameters(text)) {
    const reading = readParameter(name, value);
    if (typeof reading === 'string') warnings.push(`${name}=${value}: ${reading}; the default is used`);
    else options = { ...options, ...reading };
  }
  return { options, warnings };
}

/** `name=value` pairs in order; double quotes keep spaces, as the kernel has it (lib/cmdline.c next_arg). */
export function splitParameters(text: string): [name: string, value: string][] {
  const words = text.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
  return words.map((word) => {
    const plain = word.replaceAll('"', '');
    const equals = plain.indexOf('=');
    return equals < 0 ? [plain, ''] : [plain.slice(0, equals), plain.slice(equals + 1)];
  });
}

function readParameter(name: string, value: string): Reading {
  const known = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : undefined;
  if (known) return known(value);
  return name.startsWith('viver.') ? 'Viver has no such parameter' : {};
}

function amountFor(name: 'share' | 'overlay', value: string): Reading {
  const amount = parseAmount(value);
  return amount ? { [name]: amount } : 'a size such as 512M or 25% is wanted';
}
