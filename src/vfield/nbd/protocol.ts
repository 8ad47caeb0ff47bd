// The numbers of the NBD protocol, with the names of its specification (NetworkBlockDevice/nbd, doc/proto.md), and our limits. Data only.

/** First bytes of a server: "NBDMAGIC". */
export const NBD_MAGIC = 0x4e42444d41474943n;
/** "IHAVEOPT": fixed newstyle, and the head of each option. */
export const NBD_OPTS_MAGIC = 0x49484156454f5054n;
export const NBD_REP_MAGIC = 0x3e889045565a9n;
export const NBD_REQUEST_MAGIC = 0x25609513;
export const NBD_SIMPLE_REPLY_MAGIC = 0x67446698;

/** Handshake flags of the server (u16) and of the client (u32): the same bits. */
export const HandshakeFlag = { fixedNewstyle: 1 << 0, noZeroes: 1 << 1 } as const;

/** Transmission flags, u16. */
export const TransmissionFlag = {
  hasFlags: 1 << 0,
  readOnly: 1 << 1,
  sendFlush: 1 << 2,
  sendFua: 1 << 3,
  rotational: 1 << 4,
  canMultiConn: 1 << 8,
} as const;

/** What every export of ours is: read-only, the same bytes over any number of connections. */
export const EXPORT_FLAGS = TransmissionFlag.hasFlags | TransmissionFlag.readOnly | TransmissionFlag.canMultiConn;

/** Options of the handshake, u32. */
export const Option = {
  exportName: 1,
  abort: 2,
  list: 3,
  starttls: 5,
  info: 6,
  go: 7,
  structuredReply: 8,
  listMetaContext: 9,
  setMetaContext: 10,
  extendedHeaders: 11,
} as const;

/** Replies to options, u32; those with the highest bit are errors. */
export const OptionReply = {
  ack: 1,
  server: 2,
  info: 3,
  errUnsup: 0x80000001,
  errPolicy: 0x80000002,
  errInvalid: 0x80000003,
  errUnknown: 0x80000006,
  errTooBig: 0x80000009,
} as const;

/** Kinds of information in a reply to INFO and GO, u16. */
export const InfoKind = { export: 0, name: 1, description: 2, blockSize: 3 } as const;

/** Commands of the transmission, u16. */
export const Command = {
  read: 0,
  write: 1,
  disc: 2,
  flush: 3,
  trim: 4,
  cache: 5,
  writeZeroes: 6,
  blockStatus: 7,
  resize: 8,
} as const;

/** Errors in replies, u32: a fixed subset of errno. */
export const NbdErrno = {
  ok: 0,
  EPERM: 1,
  EIO: 5,
  ENOMEM: 12,
  EINVAL: 22,
  ENOSPC: 28,
  EOVERFLOW: 75,
  ESHUTDOWN: 108,
} as const;
export type NbdErrno = (typeof NbdErrno)[keyof typeof NbdErrno];

/** Longest name of an export (proto.md: "strings ... MUST NOT exceed 4096 bytes"). */
export const MAX_EXPORT_NAME_BYTES = 4096;
/** Data of one option that is looked at; longer ones are skipped and answered with ERR_TOO_BIG. */
export const MAX_OPTION_BYTES = 8192;
/** Data of one option that is skipped; more ends the connection. */
export const MAX_SKIPPED_OPTION_BYTES = 1024 * 1024;
/** Options of one handshake. */
export const MAX_OPTIONS = 64;
/** The longest read, and the longest payload of a refused write that is skipped (proto.md: 32 MiB is what any peer must take). */
export const MAX_REQUEST_BYTES = 32 * 1024 * 1024;

/** The block sizes that INFO tells: any alignment is served, 4 KiB suits the file systems above. */
export const BLOCK_SIZES = { minimum: 1, preferred: 4096, maximum: MAX_REQUEST_BYTES } as const;

/** `read`, `go`, ... for a log line; the number when it has no name. */
export function nameOf(names: Readonly<Record<string, number>>, value: number): string {
  return Object.keys(names).find((name) => names[name] === value) ?? String(value);
}
