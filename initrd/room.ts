// What this machine needs to be a member of its room, from what the boot found; and what the field learns from the members.

import type { Member } from '../src/cluster/cluster.ts';
import type { Log } from '../src/log.ts';
import { machineNameOf } from '../src/runes/builtin/configure/machine-name.ts';
import type { RoomOptions } from '../src/runes/host/start.ts';
import type { Sys } from '../src/sys/sys.ts';
import type { Field } from '../src/vfield/field.ts';
import type { Findings } from './facts.ts';
import { settledHostName } from './facts-files.ts';

/** Members listen here, TCP and UDP: the port behind V-FIELD's. */
export const ROOM_PORT = 6882;
const KEY_BYTES = 32;

/** Labels that every machine of a room has. */
export const FIELD_LABEL = 'field';

/** Undefined without a key, or without an address: such a machine runs its runes by itself. */
export async function roomOptions(
  { sys, log }: { readonly sys: Sys; readonly log: Log },
  { role, network, roomKey }: Findings,
  field: Field,
): Promise<RoomOptions | undefined> {
  if (roomKey === undefined || network === undefined) return undefined;
  const key = new Uint8Array(Buffer.from(roomKey, 'base64url'));
  if (key.length !== KEY_BYTES) {
    log.error(`the room's key has ${key.length} bytes in place of ${KEY_BYTES}: this machine is in no room`);
    return undefined;
  }
  return {
    key,
    name: (await settledHostName(sys)) ?? machineNameOf(network.mac),
    address: network.address,
    port: ROOM_PORT,
    seeds: fieldPeers(field),
    labels: { role, [FIELD_LABEL]: `${field.port}`, image: field.metainfo.infoHashV2.toHex().slice(0, 16) },
  };
}

/** Addresses of the machines that the field is connected with: they may be members too. */
export function fieldPeers(field: Field): string[] {
  const hosts = field.status().peers.map(({ address }) => address.slice(0, address.lastIndexOf(':')));
  return [...new Set(hosts)].filter((host) => /^[0-9.]+$/.test(host));
}

/** Members that serve blocks of the same image are peers of the field. */
export function meetMembers(field: Field, members: readonly Member[], ownAddress: string): void {
  for (const { address, labels } of members) {
    const port = labels[FIELD_LABEL];
    if (address !== ownAddress && port !== undefined && /^[0-9]{1,5}$/.test(port)) field.addPeer(`${address}:${port}`);
  }
}
