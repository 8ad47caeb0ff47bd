// Rune machine-identity: what must differ between machines that run one image. /etc/machine-id (machine-id(5)) is derived, so that it is the same at
// each start: journals, DHCP clients and licences know the machine again, and systemd does not take each start for the first one.

import { ViverError } from '../../../errors.ts';
import type { Facts } from '../../contract/facts.ts';
import { defineRune } from '../../contract/rune.ts';

const DBUS_ID = '/var/lib/dbus/machine-id';
const RANDOM_SEED = '/var/lib/systemd/random-seed';

export const machineIdentity = defineRune({
  name: 'machine-identity',
  version: 1,
  stage: 'configure',
  summary: "/etc/machine-id of each machine's own, the same at each start",
  offers: [],
  needs: [],
  async start({ facts, files, log }) {
    const id = await machineIdFor(facts);
    const hasDbusId = await files.exists(DBUS_ID);
    await Promise.all([
      files.writeText('/etc/machine-id', `${id}\n`, 0o444),
      // A copy of its own would stay behind with the id of the original machine.
      hasDbusId ? files.symlink('/etc/machine-id', DBUS_ID) : undefined,
      // The same seed on all machines is worse than none.
      files.remove(RANDOM_SEED),
    ]);
    log.info(`machine id ${id}`);
  },
});

/**
 * 32 hexadecimal digits from the MAC that the machine boots from, else from its UUID: a MAC is unique where the UUID of a cheap board often
 * is not.
 * @throws ViverError RUNES_NO_IDENTITY
 */
export async function machineIdFor({ bootNic, nics, machineUuid }: Facts): Promise<string> {
  const seed = bootNic?.mac ?? nics[0]?.mac ?? machineUuid;
  if (seed === undefined)
    throw new ViverError('RUNES_NO_IDENTITY', 'no NIC and no machine UUID to make a machine id from');
  const digest = await crypto.subtle.digest(
    'SHA-256',
    new TextEncoder().encode(`viver machine-id ${seed.toLowerCase()}`),
  );
  return new Uint8Array(digest).slice(0, 16).toHex();
}
