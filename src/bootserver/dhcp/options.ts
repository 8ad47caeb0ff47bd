// The options field: a walker of our own and typed values by the `dhcp` package's table. Pure.
//
//   code u8 | length u8 | value        RFC 2132 2; 0 is PAD without length, 255 is END
//
// An option that comes several times is one long value (RFC 3396), in the order options field, file, sname (RFC 2131 4.1).
// The package's own walker takes a byte too much at PAD and drops what it does not know; here unknown options stay, as raw bytes.

import table from 'dhcp/lib/options.js';
import SeqBuffer from 'dhcp/lib/seqbuffer.js';
import { ViverError } from '../../errors.ts';
import { Reader, type Writer } from '../../wire/cursor.ts';
import { DhcpOption, optionName } from './option-codes.ts';

/** Raw values by option code; PAD and END are not in it. */
export type DhcpOptions = ReadonlyMap<number, Uint8Array>;
/** What an option can be made from; the table says which form a code has. Bytes are taken as they are. */
export type OptionValue = number | string | boolean | readonly number[] | readonly string[] | Uint8Array;

const PAD = 0;
const END = 255;
const MAX_OPTION_PART_BYTES = 255;
/** RFC 3396 lets a value grow without end; nothing we read or send is longer. */
export const MAX_OPTION_BYTES = 2048;

// The package reads option 61 as text that ends at a zero byte and texts as 7-bit; and it has no row for what PXE needs.
const rows: ReadonlyArray<readonly [number, string, string]> = [
  [DhcpOption.hostName, 'Host Name', 'UTF8'],
  [DhcpOption.domainName, 'Domain Name', 'UTF8'],
  [DhcpOption.message, 'Message', 'UTF8'],
  [DhcpOption.vendorClass, 'Vendor Class Identifier', 'UTF8'],
  [DhcpOption.clientIdentifier, 'Client Identifier', 'UInt8s'],
  [DhcpOption.tftpServerName, 'TFTP Server Name', 'UTF8'],
  [DhcpOption.bootFileName, 'Boot File Name', 'UTF8'],
  [DhcpOption.userClass, 'User Class', 'UInt8s'],
  [DhcpOption.relayAgentInformation, 'Relay Agent Information', 'UInt8s'],
  [DhcpOption.clientArchitecture, 'Client System Architecture', 'UInt16s'],
  [DhcpOption.clientNetworkInterface, 'Client Network Interface', 'UInt8s'],
  [DhcpOption.clientUuid, 'Client Machine Identifier', 'UInt8s'],
  [DhcpOption.ipxe, 'iPXE Options', 'UInt8s'],
];
for (const [code, name, type] of rows) table.addOption(code, { name, type });
for (let code = 1; code < END; code++) {
  if (!table.opts[code]?.type) table.addOption(code, { name: optionName(code), type: 'UInt8s' });
}

/** Bytes that a value of each type of the table may have. */
const lengthFits: Record<string, (bytes: number) => boolean> = {
  UInt8: (bytes) => bytes === 1,
  Int8: (bytes) => bytes === 1,
  UInt16: (bytes) => bytes === 2,
  Int16: (bytes) => bytes === 2,
  UInt32: (bytes) => bytes === 4,
  Int32: (bytes) => bytes === 4,
  IP: (bytes) => bytes === 4,
  IPs: (bytes) => bytes > 0 && bytes % 4 === 0,
  UInt8s: (bytes) => bytes > 0,
  UInt16s: (bytes) => bytes > 0 && bytes % 2 === 0,
  UTF8: (bytes) => bytes > 0,
  ASCII: (bytes) => bytes > 0,
  Bool: (bytes) => bytes === 0,
};

/**
 * Reads the fields that can hold options, one after the other.
 * @throws ViverError DHCP_SHORT when an option reaches past the end of its field
 */
export function decodeOptions(fields: readonly Uint8Array[]): Map<number, Uint8Array> {
  const options = new Map<number, Uint8Array>();
  for (const field of fields) walk(new Reader(field, 'DHCP_SHORT'), options);
  return options;
}

function walk(reader: Reader, options: Map<number, Uint8Array>): void {
  // A missing END is accepted where an option ends exactly at the end of the field: some old ROMs leave it out.
  while (reader.remaining > 0) {
    const code = reader.u8();
    if (code === END) return;
    if (code === PAD) continue;
    append(options, code, reader.take(reader.u8()));
  }
}

function append(options: Map<number, Uint8Array>, code: number, part: Uint8Array): void {
  const before = options.get(code);
  const length = (before?.length ?? 0) + part.length;
  if (length > MAX_OPTION_BYTES) {
    throw new ViverError(
      'DHCP_OPTION_TOO_LONG',
      `DHCP: option ${optionName(code)} has more than ${MAX_OPTION_BYTES} bytes`,
    );
  }
  const whole = new Uint8Array(length);
  whole.set(before ?? []);
  whole.set(part, length - part.length);
  options.set(code, whole);
}

/** Writes one option, in parts where it is longer than 255 bytes (RFC 3396). */
export function writeOption(writer: Writer, code: number, value: Uint8Array): void {
  let offset = 0;
  do {
    const part = value.subarray(offset, offset + MAX_OPTION_PART_BYTES);
    writer.u8(code).u8(part.length).bytes(part);
    offset += MAX_OPTION_PART_BYTES;
  } while (offset < value.length);
}

/** Bytes that writeOption() makes of a value. */
export function optionFieldBytes(value: Uint8Array): number {
  return value.length + 2 * Math.max(1, Math.ceil(value.length / MAX_OPTION_PART_BYTES));
}

/**
 * The raw value of an option, by the type that the table gives its code.
 * @throws ViverError DHCP_BAD_OPTION when the value does not suit the code
 */
export function encodeOption(code: number, value: OptionValue): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string' && Buffer.byteLength(value) > MAX_OPTION_PART_BYTES)
    return new TextEncoder().encode(value);
  try {
    const buffer = new SeqBuffer(Buffer.alloc(2 + MAX_OPTION_PART_BYTES));
    buffer.addOptions({ [code]: value });
    return new Uint8Array(buffer._data.subarray(2, Math.max(2, buffer._w)));
  } catch (cause) {
    throw new ViverError('DHCP_BAD_OPTION', `DHCP: no ${optionName(code)} can be made of '${value}'`, { cause });
  }
}

/** The typed value; undefined when the option is missing or its length does not suit its type. */
function typedValue(options: DhcpOptions, code: number, type: string): unknown {
  const raw = options.get(code);
  const row = table.opts[code];
  if (!raw || row?.type !== type || !lengthFits[type]?.(raw.length)) return undefined;
  const buffer = new SeqBuffer(Buffer.from(raw.buffer, raw.byteOffset, raw.length));
  const read = `get${type}` as 'getUInt8s';
  return buffer[read](raw.length);
}

/** An option that is one number of 1, 2 or 4 bytes, by its table row. */
export function numberOption(options: DhcpOptions, code: number): number | undefined {
  const value = typedValue(options, code, table.opts[code]?.type ?? '');
  return typeof value === 'number' ? value : undefined;
}

export function addressOption(options: DhcpOptions, code: number): string | undefined {
  return typedValue(options, code, 'IP') as string | undefined;
}

export function addressesOption(options: DhcpOptions, code: number): string[] | undefined {
  return typedValue(options, code, 'IPs') as string[] | undefined;
}

/** Text up to its first zero byte; bytes that are no UTF-8 become U+FFFD. */
export function textOption(options: DhcpOptions, code: number): string | undefined {
  return typedValue(options, code, 'UTF8') as string | undefined;
}

export function numbersOption(options: DhcpOptions, code: number): number[] | undefined {
  return (typedValue(options, code, 'UInt16s') ?? typedValue(options, code, 'UInt8s')) as number[] | undefined;
}
