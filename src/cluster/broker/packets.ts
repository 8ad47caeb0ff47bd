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

/**
 * undefined for packets that are not sent here. The data of a request or an answer, which is text already, stands behind the rest, on a line of its own: packed
 * into the JSON of the rest, each of its characters would be looked at twice more.
 */
export function encodePacket({ type, payload }: Packet): { kind: FrameKind; body: string } | undefined {
  const kind = KINDS[type];
  if (kind === undefined) return undefined;
  const { fields, data } = partsOf(type, payload);
  const head = fields ? JSON.stringify(fields) : '';
  return { kind, body: data === undefined ? head : `${head}\n${data}` };
}

/** undefined for whatever is no packet of this protocol. */
export function decodePacket(kind: FrameKind, body: string): Packet | undefined {
  const type = TYPES.get(kind);
  const read = type && READERS[type];
  if (type === undefined) return undefined;
  if (!read) return { type, payload: {} };
  const end = body.indexOf('\n');
  try {
    const fields: unknown = JSON.parse(end < 0 ? body : body.slice(0, end));
    const data = end < 0 ? undefined : body.slice(end + 1);
    const payload = typeof fields === 'object' && fields !== null ? read(fields as Payload, data) : undefined;
    return payload && { type, payload };
  } catch {
    return undefined;
  }
}

interface Parts {
  readonly fields?: Payload;
  readonly data?: string;
}

function partsOf(type: string, payload: Payload): Parts {
  const { id, action, timeout, success, error, seq, instanceID, metadata } = payload;
  if (type === 'INFO') return { fields: { seq, instanceID, metadata } };
  if (type === 'REQ') {
    const { data, ...params } = payload.params as { data: string };
    return { fields: { id, action, params, timeout }, data };
  }
  if (type !== 'RES') return {};
  if (!success) return { fields: { id, error: { message: String((error as Error | undefined)?.message) } } };
  const { data, ...answer } = (payload.data ?? {}) as { data?: string };
  return { fields: { id, answer }, ...(data === undefined ? {} : { data }) };
}

const READERS: Readonly<Record<string, (fields: Payload, data: string | undefined) => Payload | undefined>> = {
  INFO({ seq, instanceID, metadata }) {
    const description: Description | undefined = readDescription(metadata);
    return Number.isSafeInteger(seq) && isShort(instanceID) && description
      ? { seq, instanceID, metadata: description, ipList: [], hostname: description.name, client: {}, config: {} }
      : undefined;
  },
  REQ({ id, action, params, timeout }, data) {
    const isKnown = isShort(id) && ACTION_NAMES.has(action) && typeof params === 'object' && params !== null;
    const limit = typeof timeout === 'number' && timeout > 0 ? Math.min(timeout, MAX_CALL_MS) : MAX_CALL_MS;
    return isKnown ? { id, action, params: { ...params, data }, timeout: limit, meta: {}, level: 1 } : undefined;
  },
  RES({ id, answer, error }, data) {
    if (!isShort(id)) return undefined;
    if (error === undefined) return { id, success: true, data: { ...(answer as object), data }, meta: {} };
    const message = String((error as Payload | null)?.message).slice(0, 256);
    return { id, success: false, error: { name: 'Error', message, code: 500 }, meta: {} };
  },
};

function isShort(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_CALL_ID_LENGTH;
}
