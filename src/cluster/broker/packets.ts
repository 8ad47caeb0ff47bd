// Moleculer's packets as frames of the mesh. Out goes only what this protocol needs of them; what comes in is built anew from what was checked, so that
// nothing of a member's making reaches the broker unseen, and the sender is whoever the link belongs to. Pure.

import { type Description, readDescription } from '../description.ts';
import { FRAME_KINDS, type FrameKind } from '../mesh/frames.ts';

const MAX_CALL_ID_LENGTH = 64;
/** The longest that an answer is waited for; also what a member may ask for. */
export const MAX_CALL_MS = 600_000;

export const ACTIONS = { call: 'room.call', tell: 'room.tell' } as const;
const ACTION_NAMES: ReadonlySet<unknown> = new Set(Object.values(ACTIONS));

/** Moleculer's name of a packet -> the frame that carries it. What is not here is neither sent nor taken. */
const KINDS: Readonly<Record<string, FrameKind>> = {
  INFO: FRAME_KINDS.info,
  DISCOVER: FRAME_KINDS.discover,
  HEARTBEAT: FRAME_KINDS.heartbeat,
  DISCONNECT: FRAME_KINDS.disconnect,
  REQ: FRAME_KINDS.request,
  RES: FRAME_KINDS.response,
};
const TYPES = new Map(Object.entries(KINDS).map(([type, kind]) => [kind, type]));

export type Payload = Readonly<Record<string, unknown>>;

export interface Packet {
  readonly type: string;
  readonly payload: Payload;
}

/** undefined for packets that are not sent here. */
export function encodePacket({ type, payload }: Packet): { kind: FrameKind; body: string } | undefined {
  const kind = KINDS[type];
  if (kind === undefined) return undefined;
  const fields = fieldsOf(type, payload);
  return { kind, body: fields ? JSON.stringify(fields) : '' };
}

/** undefined for whatever is no packet of this protocol. */
export function decodePacket(kind: FrameKind, body: string): Packet | undefined {
  const type = TYPES.get(kind);
  if (type === undefined) return undefined;
  if (fieldsOf(type, {}) === undefined) return { type, payload: {} };
  try {
    const fields: unknown = JSON.parse(body);
    const payload = typeof fields === 'object' && fields !== null ? READERS[type]!(fields as Payload) : undefined;
    return payload && { type, payload };
  } catch {
    return undefined;
  }
}

function fieldsOf(
  type: string,
  { id, action, params, timeout, success, data, error, seq, instanceID, metadata }: Payload,
) {
  if (type === 'INFO') return { seq, instanceID, metadata };
  if (type === 'REQ') return { id, action, params, timeout };
  if (type !== 'RES') return undefined;
  return success ? { id, data } : { id, error: { message: String((error as Error | undefined)?.message) } };
}

const READERS: Readonly<Record<string, (fields: Payload) => Payload | undefined>> = {
  INFO({ seq, instanceID, metadata }) {
    const description: Description | undefined = readDescription(metadata);
    return Number.isSafeInteger(seq) && isShort(instanceID) && description
      ? { seq, instanceID, metadata: description, ipList: [], hostname: description.name, client: {}, config: {} }
      : undefined;
  },
  REQ({ id, action, params, timeout }) {
    const isKnown = isShort(id) && ACTION_NAMES.has(action) && typeof params === 'object' && params !== null;
    const limit = typeof timeout === 'number' && timeout > 0 ? Math.min(timeout, MAX_CALL_MS) : MAX_CALL_MS;
    return isKnown ? { id, action, params, timeout: limit, meta: {}, level: 1 } : undefined;
  },
  RES({ id, data, error }) {
    if (!isShort(id)) return undefined;
    if (error === undefined) return { id, success: true, data, meta: {} };
    const message = String((error as Payload | null)?.message).slice(0, 256);
    return { id, success: false, error: { name: 'Error', message, code: 500 }, meta: {} };
  },
};

function isShort(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_CALL_ID_LENGTH;
}
