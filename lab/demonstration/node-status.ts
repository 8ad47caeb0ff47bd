// What a node says about itself by `viver status --json`: the part that the demonstration reads. Unknown fields pass.

import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { ViverError } from '../../src/errors.ts';
import type { GuestAgent } from '../guest-agent.ts';

const FIELD_STATUS = z.object({
  sizeBytes: z.number(),
  pieces: z.number(),
  /** Pieces that this node keeps in its share. */
  held: z.number(),
  copies: z.object({ min: z.number() }),
  bytesFrom: z.object({ local: z.number(), peers: z.record(z.string(), z.number()) }),
  waitingReads: z.number(),
  peers: z.array(z.object({ address: z.string() })),
});

const NODE_STATUS = z.object({ field: FIELD_STATUS });

export type FieldStatus = z.infer<typeof FIELD_STATUS>;

/** Where the initrd puts the command; it need not be on the agent's PATH. */
const COMMAND = '/usr/local/bin/viver status --json';

/**
 * Waits until multi-user.target is reached.
 * @returns seconds since the kernel's start. @throws ViverError LAB_STATUS after `limitSeconds`.
 */
export async function multiUserSeconds(agent: GuestAgent, limitSeconds: number): Promise<number> {
  const deadline = performance.now() + limitSeconds * 1000;
  for (;;) {
    const shown = await agent.shell('systemctl show --value -p ActiveEnterTimestampMonotonic multi-user.target');
    const microseconds = Number(shown.stdout); // 0 until the target is reached
    if (microseconds > 0) return microseconds / 1e6;
    if (performance.now() > deadline) throw new ViverError('LAB_STATUS', 'multi-user.target is not reached');
    await delay(1000);
  }
}

/** @throws ViverError LAB_STATUS when the node does not answer or says something else. */
export async function readFieldStatus(agent: GuestAgent): Promise<FieldStatus> {
  const result = await agent.shell(COMMAND);
  if (result.status !== 0) throw new ViverError('LAB_STATUS', `viver status: ${lastLine(result.stderr)}`);
  return parseFieldStatus(result.stdout);
}

/** @throws ViverError LAB_STATUS */
export function parseFieldStatus(text: string): FieldStatus {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ViverError('LAB_STATUS', 'viver status --json: no JSON', { cause });
  }
  const parsed = NODE_STATUS.safeParse(value);
  if (parsed.success) return parsed.data.field;
  const [issue] = parsed.error.issues;
  throw new ViverError('LAB_STATUS', `viver status --json: ${issue?.path.join('.')}: ${issue?.message}`);
}

/** Bytes of the image that this node keeps for others. */
export function heldBytes(status: FieldStatus): number {
  return status.pieces === 0 ? 0 : Math.round((status.held / status.pieces) * status.sizeBytes);
}

export function bytesFromPeers(status: FieldStatus): number {
  return Object.values(status.bytesFrom.peers).reduce((sum, bytes) => sum + bytes, 0);
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) || 'no message';
}
