// The built-in runes by name, read only when the role wants them.

import type { BuiltinRunes } from '../host/options.ts';

export const builtinRunes: BuiltinRunes = {
  'host-name': async () => (await import('./configure/host-name.ts')).hostName,
  fstab: async () => (await import('./configure/fstab.ts')).fstab,
  network: async () => (await import('./configure/network.ts')).network,
  'machine-identity': async () => (await import('./configure/machine-identity.ts')).machineIdentity,
  'viver-command': async () => (await import('./configure/viver-command.ts')).viverCommand,
  'address-keeper': async () => (await import('./serve/address-keeper.ts')).addressKeeperRune,
  tftp: async () => (await import('./serve/tftp.ts')).tftpRune,
  http: async () => (await import('./serve/http.ts')).httpRune,
  dhcp: async () => (await import('./serve/dhcp.ts')).dhcpRune,
};
