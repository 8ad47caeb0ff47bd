// TFTP packets: RFC 1350 5, options by RFC 2347. Pure.
//
//   RRQ/WRQ  opcode u16 1/2 | file name | 0 | mode | 0 | { option | 0 | value | 0 } ...
//   DATA     opcode u16 3   | block u16 | bytes
//   ACK      opcode u16 4   | block u16
//   ERROR    opcode u16 5   | code u16  | text | 0
//   OACK     opcode u16 6   | { option | 0 | value | 0 } ...

import { ViverError } from '../../errors.ts';
import { Reader, Writer } from '../../wire/cursor.ts';

export const TftpOpcode = { rrq: 1, wrq: 2, data: 3, ack: 4, error: 5, oack: 6 } as const;

/** RFC 1350 page 10, RFC 2347 for 8. */
export const TftpError = {
  undefined: 0,
  notFound: 1,
  accessViolation: 2,
  diskFull: 3,
  illegalOperation: 4,
  unknownTransfer: 5,
  fileExists: 6,
  noSuchUser: 7,
  badOption: 8,
} as const;

export type TftpPacket =
  | { readonly kind: 'read' | 'write'; readonly path: string; readonly mode: string; readonly options: TftpOptions }
  | { readonly kind: 'data'; readonly block: number; readonly bytes: Uint8Array }
  | { readonly kind: 'ack'; readonly block: number }
  | { readonly kind: 'error'; readonly code: number; readonly message: string }
  | { readonly kind: 'oack'; readonly options: TftpOptions };

/** Option names in small letters (RFC 2347: case does not matter); the first of two equal ones counts. */
export type TftpOptions = ReadonlyMap<string, string>;

/** RFC 2347 gives 512 for a request; GRUB and others stay far below. */
export const MAX_REQUEST_BYTES = 1024;
const MAX_TEXTS = 32;

/** Reads one datagram. @throws ViverError TFTP_SHORT, TFTP_TOO_LONG, TFTP_BAD_OPCODE */
export function decodeTftp(datagram: Uint8Array): TftpPacket {
  const reader = new Reader(datagram, 'TFTP_SHORT');
  const opcode = reader.u16();
  switch (opcode) {
    case TftpOpcode.rrq:
    case TftpOpcode.wrq:
      return decodeRequest(opcode === TftpOpcode.rrq ? 'read' : 'write', reader);
    case TftpOpcode.data:
      return { kind: 'data', block: reader.u16(), bytes: reader.take(reader.remaining) };
    case TftpOpcode.ack:
      return { kind: 'ack', block: reader.u16() };
    case TftpOpcode.error:
      return { kind: 'error', code: reader.u16(), message: decodeTexts(reader)[0] ?? '' };
    case TftpOpcode.oack:
      return { kind: 'oack', options: decodePairs(decodeTexts(reader)) };
    default:
      throw new ViverError('TFTP_BAD_OPCODE', `TFTP: opcode ${opcode}`);
  }
}

function decodeRequest(kind: 'read' | 'write', reader: Reader): TftpPacket {
  const [path, mode, ...rest] = decodeTexts(reader);
  if (!path || mode === undefined) throw new ViverError('TFTP_SHORT', 'TFTP: request without file name or mode');
  return { kind, path, mode: mode.toLowerCase(), options: decodePairs(rest) };
}

/** Texts that end at a zero byte each. ROMs leave zeros behind the last one; they are empty texts, and dropped as pairs. */
function decodeTexts(reader: Reader): string[] {
  if (reader.remaining > MAX_REQUEST_BYTES) {
    throw new ViverError('TFTP_TOO_LONG', `TFTP: ${reader.remaining} bytes of text are too many`);
  }
  const bytes = reader.take(reader.remaining);
  const texts: string[] = [];
  let start = 0;
  for (let end = bytes.indexOf(0); end !== -1 && texts.length < MAX_TEXTS; end = bytes.indexOf(0, start)) {
    texts.push(new TextDecoder().decode(bytes.subarray(start, end)));
    start = end + 1;
  }
  return texts;
}

function decodePairs(texts: readonly string[]): TftpOptions {
  const options = new Map<string, string>();
  for (let index = 0; index + 1 < texts.length; index += 2) {
    const name = texts[index]!.toLowerCase();
    if (name !== '' && !options.has(name)) options.set(name, texts[index + 1]!);
  }
  return options;
}

/** Makes one datagram. */
export function encodeTftp(packet: TftpPacket): Uint8Array {
  switch (packet.kind) {
    case 'read':
    case 'write': {
      const opcode = packet.kind === 'read' ? TftpOpcode.rrq : TftpOpcode.wrq;
      return encodeTexts(new Writer().u16(opcode), [packet.path, packet.mode, ...[...packet.options].flat()]);
    }
    case 'data':
      return new Writer(4 + packet.bytes.length).u16(TftpOpcode.data).u16(packet.block).bytes(packet.bytes).finish();
    case 'ack':
      return new Writer(4).u16(TftpOpcode.ack).u16(packet.block).finish();
    case 'error':
      return encodeTexts(new Writer().u16(TftpOpcode.error).u16(packet.code), [packet.message]);
    case 'oack':
      return encodeTexts(new Writer().u16(TftpOpcode.oack), [...packet.options].flat());
  }
}

function encodeTexts(writer: Writer, texts: readonly string[]): Uint8Array {
  for (const text of texts) writer.text(text).u8(0);
  return writer.finish();
}

/** One line for logs and golden files. */
export function formatTftp(packet: TftpPacket): string {
  switch (packet.kind) {
    case 'read':
    case 'write':
      return `${packet.kind} ${JSON.stringify(packet.path)} ${packet.mode} ${formatOptions(packet.options)}`.trimEnd();
    case 'data':
      return `data ${packet.block} ${packet.bytes.length} bytes`;
    case 'ack':
      return `ack ${packet.block}`;
    case 'error':
      return `error ${packet.code} ${JSON.stringify(packet.message)}`;
    case 'oack':
      return `oack ${formatOptions(packet.options)}`;
  }
}

const formatOptions = (options: TftpOptions) => [...options].map(([name, value]) => `${name}=${value}`).join(' ');
