// A small NBD client for tests: asks anything, also what no decent client asks, and pairs answers with requests by their cookie.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Command, NBD_OPTS_MAGIC, Option } from '../../src/vfield/nbd/protocol.ts';
import { encodeRequest } from '../../src/vfield/nbd/transmission.ts';
import { Writer } from '../../src/wire/cursor.ts';

export interface NbdAnswer {
  readonly error: number;
  readonly bytes: Buffer;
}

export class NbdClient {
  readonly #socket: Socket;
  readonly #open = new Map<number, { lengthBytes: number; resolve: (answer: NbdAnswer) => void }>();
  #buffer = Buffer.alloc(0);
  #cookie = 0;
  #isGreeted = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#take(chunk as Buffer));
  }

  /** Connects to a Unix socket and opens the export `name` by EXPORT_NAME. */
  static async open(path: string, name: string): Promise<NbdClient> {
    const socket = connect(path);
    await once(socket, 'connect');
    const client = new NbdClient(socket);
    socket.write(new Writer().u32(3).u64(NBD_OPTS_MAGIC).u32(Option.exportName).u32(name.length).text(name).finish());
    return client;
  }

  read(offsetBytes: number, lengthBytes: number): Promise<NbdAnswer> {
    return this.ask(Command.read, offsetBytes, lengthBytes);
  }

  /** Any command; a write carries its payload. */
  ask(command: number, offsetBytes: number, lengthBytes: number, flags = 0): Promise<NbdAnswer> {
    const cookieLow = ++this.#cookie;
    const request = encodeRequest({ flags, command, cookieHigh: 99, cookieLow, offsetBytes, lengthBytes });
    this.#socket.write(request);
    if (command === Command.write) this.#socket.write(Buffer.alloc(lengthBytes, 7));
    return new Promise((resolve) => {
      this.#open.set(cookieLow, { lengthBytes: command === Command.read ? lengthBytes : 0, resolve });
    });
  }

  /** Says goodbye and sends no more; what is open is still answered. */
  goodbye(): void {
    const nothing = { flags: 0, cookieHigh: 99, cookieLow: 0, offsetBytes: 0, lengthBytes: 0 };
    this.#socket.end(encodeRequest({ ...nothing, command: Command.disc }));
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    if (!this.#isGreeted) {
      if (this.#buffer.length < 28) return;
      this.#buffer = this.#buffer.subarray(28);
      this.#isGreeted = true;
    }
    while (this.#takeReply()) {}
  }

  #takeReply(): boolean {
    if (this.#buffer.length < 16) return false;
    const error = this.#buffer.readUInt32BE(4);
    const cookie = this.#buffer.readUInt32BE(12);
    const request = this.#open.get(cookie);
    if (this.#buffer.readUInt32BE(0) !== 0x67446698 || this.#buffer.readUInt32BE(8) !== 99 || !request) {
      throw new Error(`not a reply to anything: ${this.#buffer.subarray(0, 16).toString('hex')}`);
    }
    const end = 16 + (error === 0 ? request.lengthBytes : 0);
    if (this.#buffer.length < end) return false;
    this.#open.delete(cookie);
    request.resolve({ error, bytes: this.#buffer.subarray(16, end) });
    this.#buffer = this.#buffer.subarray(end);
    return true;
  }
}
