// The built-in runes by stage and name, read only when the role wants them.

import type { Stage } from '../contract/rune.ts';
import type { BuiltinRunes } from '../host/options.ts';

const configureRunes: BuiltinRunes = {
  'host-name': async () => (await import('./configure/host-name.ts')).hostName,
  fstab: async () => (await import('./configure/fstab.ts')).fstab,
  'hardware-detection': async () => (await import('./configure/hardware-detection.ts')).hardwareDetection,
  'local-disks': async () => (await import('./configure/local-disks.ts')).localDisks,
  clock: async () => (await import('./configure/clock.ts')).clock,
  'ssh-host-keys': async () => (await import('./configure/ssh-host-keys.ts')).sshHostKeys,
  users: async () => (await import('./configure/users.ts')).users,
  network: async () => (await import('./configure/network.ts')).network,
  'machine-identity': async () => (await import('./configure/machine-identity.ts')).machineIdentity,
  display: async () => (await import('./configure/display/display.ts')).display,
  home: async () => (await import('./configure/home.ts')).home,
  'zram-swap': async () => (await import('./configure/zram-swap.ts')).zramSwap,
  hooks: async () => (await import('./configure/hooks.ts')).hooks,
  'viver-command': async () => (await import('./configure/viver-command.ts')).viverCommand,
};

const serveRunes: BuiltinRunes = {
  'room-hosts': async () => (await import('./serve/room-hosts.ts')).roomHosts,
  'address-keeper': async () => (await import('./serve/address-keeper.ts')).addressKeeperRune,
  tftp: async () => (await import('./serve/tftp.ts')).tftpRune,
  http: async () => (await import('./serve/http.ts')).httpRune,
  dhcp: async () => (await import('./serve/dhcp.ts')).dhcpRune,
};

export const builtinRunes: BuiltinRunes = { ...configureRunes, ...serveRunes };

/** The stage of a built-in rune, known without reading it; undefined when there is no such rune. */
export function builtinStage(name: string): Stage | undefined {
  if (Object.hasOwn(configureRunes, name)) return 'configure';
  return Object.hasOwn(serveRunes, name) ? 'serve' : undefined;
}
