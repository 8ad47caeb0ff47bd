// The server's side of NBD's fixed newstyle handshake (doc/proto.md "Fixed newstyle negotiation"), read-only exports. Pure.
//
//   S: NBDMAGIC | IHAVEOPT | u16 flags          C: u32 flags
//   C: IHAVEOPT | u32 option | u32 length | data          S: u64 reply magic | u32 option | u32 reply | u32 length | data
//
// What is not known is answered with ERR_UNSUP, its data skipped, so both sides stay in step. The state is the connection's own.

import { ViverError } from '../../errors.ts';
import { Reader, Writer } from '../../wire/cursor.ts';
import {
  BLOCK_SIZES,
  EXPORT_FLAGS,
  HandshakeFlag,
  InfoKind,
  MAX_EXPORT_NAME_BYTES,
  MAX_OPTION_BYTES,
  MAX_OPTIONS,
  MAX_SKIPPED_OPTION_BYTES,
  NBD_MAGIC,
  NBD_OPTS_MAGIC,
  NBD_REP_MAGIC,
  nameOf,
  Option,
  OptionReply,
} from './protocol.ts';

/** What a client is told about an export. */
export interface ExportFacts {
  readonly name: string;
  readonly description?: string;
  readonly sizeBytes: number;
}

export type HandshakeState =
  | { readonly kind: 'haggling' }
  /** Go on with requests; `rest` came behind the last option already. */
  | { readonly kind: 'transmission'; readonly exportIndex: number; readonly rest: Uint8Array }
  /** Send, then close the connection. */
  | { readonly kind: 'closed'; readonly reason: string };

export interface HandshakeStep {
  readonly send: Uint8Array;
  readonly state: HandshakeState;
}

const OPTION_HEAD_BYTES = 16;
const EXPORT_NAME_ZEROES = 124;
const HAGGLING: HandshakeState = { kind: 'haggling' };

/** One connection's handshake: send `greeting`, then push what the client sends until the state is no longer `haggling`. */
export class Handshake {
  readonly greeting: Uint8Array = new Writer(18)
    .u64(NBD_MAGIC)
    .u64(NBD_OPTS_MAGIC)
    .u16(HandshakeFlag.fixedNewstyle | HandshakeFlag.noZeroes)
    .finish();
  readonly #exports: readonly ExportFacts[];
  #pending: Uint8Array = new Uint8Array(0);
  #clientFlags: number | undefined;
  #skipBytes = 0;
  #options = 0;
  #state: HandshakeState = HAGGLING;
  #out = new Writer();

  /** @param exports In order; the first is also the default one, whose name is empty. */
  constructor(exports: readonly ExportFacts[]) {
    this.#exports = exports;
  }

  /** Takes the next bytes of the client, however they are cut. Must not be called after the state left `haggling`. */
  push(bytes: Uint8Array): HandshakeStep {
    this.#pending = concatenated(this.#pending, bytes);
    this.#out = new Writer();
    while (this.#state.kind === 'haggling' && this.#advance()) {}
    return { send: this.#out.finish(), state: this.#state };
  }

  /** One step on what is there; false when more bytes are needed. */
  #advance(): boolean {
    if (this.#skipBytes > 0) return this.#skip();
    if (this.#clientFlags === undefined) return this.#takeClientFlags();
    if (this.#pending.length < OPTION_HEAD_BYTES) return false;
    const head = new Reader(this.#pending, 'NBD_SHORT');
    if (head.u64() !== NBD_OPTS_MAGIC) return this.#close('an option without its magic number');
    const option = head.u32();
    const length = head.u32();
    if (length > MAX_OPTION_BYTES) return this.#refuseLong(option, length);
    if (head.remaining < length) return false;
    const data = head.take(length);
    this.#pending = this.#pending.subarray(head.offset);
    this.#takeOption(option, data);
    return true;
  }

  #skip(): boolean {
    const skipped = Math.min(this.#skipBytes, this.#pending.length);
    this.#skipBytes -= skipped;
    this.#pending = this.#pending.subarray(skipped);
    return skipped > 0;
  }

  #takeClientFlags(): boolean {
    if (this.#pending.length < 4) return false;
    const flags = new Reader(this.#pending, 'NBD_SHORT').u32();
    this.#pending = this.#pending.subarray(4);
    // proto.md: the server MUST drop the connection on a flag that it did not offer.
    if (flags > (HandshakeFlag.fixedNewstyle | HandshakeFlag.noZeroes)) return this.#close(`client flags ${flags}`);
    this.#clientFlags = flags;
    return true;
  }

  #refuseLong(option: number, length: number): boolean {
    const named = nameOf(Option, option);
    if (length > MAX_SKIPPED_OPTION_BYTES) return this.#close(`option ${named} with ${length} bytes`);
    if (option === Option.exportName) return this.#close(`an export name of ${length} bytes`);
    this.#pending = this.#pending.subarray(OPTION_HEAD_BYTES);
    this.#skipBytes = length;
    this.#reply(option, OptionReply.errTooBig);
    return this.#countOption();
  }

  #countOption(): boolean {
    return ++this.#options > MAX_OPTIONS ? this.#close(`more than ${MAX_OPTIONS} options`) : true;
  }

  #takeOption(option: number, data: Uint8Array): void {
    if (!this.#countOption()) return;
    switch (option) {
      case Option.exportName:
        this.#exportName(data);
        break;
      case Option.abort:
        this.#reply(option, OptionReply.ack);
        this.#close('the client ended the handshake');
        break;
      case Option.list:
        this.#list(data);
        break;
      case Option.info:
      case Option.go:
        this.#info(option, data);
        break;
      default:
        this.#reply(option, OptionReply.errUnsup);
    }
  }

  /** No error can be answered to this one: an unknown name ends the connection. */
  #exportName(data: Uint8Array): void {
    const index = data.length > MAX_EXPORT_NAME_BYTES ? -1 : this.#find(data);
    if (index < 0) {
      this.#close('no export of the name asked for');
      return;
    }
    this.#out.u64(BigInt(this.#exports[index]!.sizeBytes)).u16(EXPORT_FLAGS);
    if (!(this.#clientFlags! & HandshakeFlag.noZeroes)) this.#out.zeros(EXPORT_NAME_ZEROES);
    this.#transmit(index);
  }

  #list(data: Uint8Array): void {
    if (data.length > 0) {
      this.#reply(Option.list, OptionReply.errInvalid);
      return;
    }
    for (const { name, description } of this.#exports) {
      const text = new TextEncoder().encode(name);
      const entry = new Writer()
        .u32(text.length)
        .bytes(text)
        .text(description ?? '');
      this.#reply(Option.list, OptionReply.server, entry.finish());
    }
    this.#reply(Option.list, OptionReply.ack);
  }

  #info(option: number, data: Uint8Array): void {
    const request = decodeInfoRequest(data);
    if (request === undefined) {
      this.#reply(option, OptionReply.errInvalid);
      return;
    }
    const index = this.#find(request.name);
    if (index < 0) {
      this.#reply(option, OptionReply.errUnknown);
      return;
    }
    for (const info of infosOf(this.#exports[index]!, request.kinds)) this.#reply(option, OptionReply.info, info);
    this.#reply(option, OptionReply.ack);
    if (option === Option.go) this.#transmit(index);
  }

  #find(name: Uint8Array): number {
    if (name.length === 0) return this.#exports.length > 0 ? 0 : -1;
    const text = new TextDecoder().decode(name);
    return this.#exports.findIndex((entry) => entry.name === text);
  }

  #transmit(exportIndex: number): void {
    this.#state = { kind: 'transmission', exportIndex, rest: this.#pending };
  }

  #close(reason: string): false {
    this.#state = { kind: 'closed', reason };
    return false;
  }

  #reply(option: number, reply: number, data: Uint8Array = new Uint8Array(0)): void {
    this.#out.u64(NBD_REP_MAGIC).u32(option).u32(reply).u32(data.length).bytes(data);
  }
}

/** u32 name length | name | u16 count | count times u16 kind. Undefined when it does not fit exactly. */
function decodeInfoRequest(data: Uint8Array): { name: Uint8Array; kinds: number[] } | undefined {
  const reader = new Reader(data, 'NBD_SHORT');
  try {
    const nameBytes = reader.u32();
    if (nameBytes > MAX_EXPORT_NAME_BYTES) return undefined;
    const name = reader.take(nameBytes);
    const kinds = Array.from({ length: reader.u16() }, () => reader.u16());
    return reader.remaining === 0 ? { name, kinds } : undefined;
  } catch (error) {
    if (error instanceof ViverError) return undefined;
    throw error;
  }
}

/** The export's size and flags always, the rest as asked for. */
function infosOf(facts: ExportFacts, kinds: readonly number[]): Uint8Array[] {
  const infos = [new Writer().u16(InfoKind.export).u64(BigInt(facts.sizeBytes)).u16(EXPORT_FLAGS).finish()];
  if (kinds.includes(InfoKind.name)) infos.push(new Writer().u16(InfoKind.name).text(facts.name).finish());
  if (kinds.includes(InfoKind.description) && facts.description) {
    infos.push(new Writer().u16(InfoKind.description).text(facts.description).finish());
  }
  if (kinds.includes(InfoKind.blockSize)) {
    const { minimum, preferred, maximum } = BLOCK_SIZES;
    infos.push(new Writer().u16(InfoKind.blockSize).u32(minimum).u32(preferred).u32(maximum).finish());
  }
  return infos;
}

function concatenated(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
