import { type Duplex, duplexPair } from 'node:stream';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { silentLog } from '../../log.ts';
import { Writer } from '../../wire/cursor.ts';
import { type BlockSource, bytesSource } from '../block-source.ts';
import { MAX_OPEN_REQUESTS } from './connection.ts';
import { Command, NBD_OPTS_MAGIC, NbdErrno, Option } from './protocol.ts';
import { HANDSHAKE_MILLISECONDS, serveNbd, serveNbdTransmission } from './server.ts';
import { encodeRequest, type Request } from './transmission.ts';

const BYTES = Uint8Array.from({ length: 1_000_000 }, (_, at) => (at * 2654435761) >>> 24);

interface Reply {
  readonly cookie: number;
  readonly error: number;
  readonly bytes: Uint8Array;
}

/** A client of the transmission phase that knows how long each answer is. */
class Client {
  readonly #duplex: Duplex;
  readonly #lengths = new Map<number, number>();
  readonly #waiting: ((reply: Reply) => void)[] = [];
  #buffer = Buffer.alloc(0);
  #cookie = 0;
  readonly replies: Reply[] = [];

  constructor(duplex: Duplex) {
    this.#duplex = duplex;
    duplex.on('data', (chunk: Buffer) => this.#take(chunk));
  }

  /** Sends one request; `replies` shows the answer. Returns its cookie. */
  send(change: Partial<Request> = {}): number {
    const cookie = ++this.#cookie;
    const request = { flags: 0, command: Command.read, cookieHigh: 7, offsetBytes: 0, lengthBytes: 100, ...change };
    this.#lengths.set(cookie, request.command === Command.read ? request.lengthBytes : 0);
    this.#duplex.write(encodeRequest({ ...request, cookieLow: cookie }));
    return cookie;
  }

  /** The next answers. */
  async take(count: number): Promise<Reply[]> {
    while (this.replies.length < count) await new Promise<Reply>((resolve) => this.#waiting.push(resolve));
    return this.replies.splice(0, count);
  }

  #take(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    while (this.#buffer.length >= 16) {
      const error = this.#buffer.readUInt32BE(4);
      const cookie = this.#buffer.readUInt32BE(12);
      const length = error === 0 ? this.#lengths.get(cookie)! : 0;
      if (this.#buffer.length < 16 + length) return;
      expect(this.#buffer.readUInt32BE(0)).toBe(0x67446698);
      expect(this.#buffer.readUInt32BE(8)).toBe(7);
      const reply = { cookie, error, bytes: this.#buffer.subarray(16, 16 + length) };
      this.#buffer = this.#buffer.subarray(16 + length);
      this.replies.push(reply);
      for (const wake of this.#waiting.splice(0)) wake(reply);
    }
  }
}

/** A source whose reads are answered by the test. */
class HandSource implements BlockSource {
  readonly sizeBytes = BYTES.length;
  readonly reads: { offsetBytes: number; signal: AbortSignal; answer(): void; fail(): void }[] = [];

  read(offsetBytes: number, lengthBytes: number, signal?: AbortSignal): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const answer = (): void => resolve(BYTES.subarray(offsetBytes, offsetBytes + lengthBytes));
      this.reads.push({ offsetBytes, signal: signal!, answer, fail: () => reject(new Error('made to fail')) });
      signal!.addEventListener('abort', () => reject(signal!.reason));
    });
  }
}

function kernel(source: BlockSource, sizeBytes?: number) {
  const [mine, theirs] = duplexPair();
  const session = serveNbdTransmission(source, theirs, { log: silentLog, ...(sizeBytes && { sizeBytes }) });
  return { session, duplex: mine, client: new Client(mine) };
}

describe('the kernel', () => {
  test('reads small, odd and large ranges, many at once', async () => {
    const { client, session } = kernel(bytesSource(BYTES));
    const asked = new Map<number, [number, number]>();
    for (let at = 0; at < 300; at++) {
      const [offsetBytes, lengthBytes] = [(at * 7919) % 500_000, [1, 4096, 16_384, 16_385, 300_001][at % 5]!];
      asked.set(client.send({ offsetBytes, lengthBytes }), [offsetBytes, lengthBytes]);
    }
    for (const { cookie, error, bytes } of await client.take(300)) {
      const [offsetBytes, lengthBytes] = asked.get(cookie)!;
      expect(error).toBe(0);
      expect(Buffer.compare(bytes, BYTES.subarray(offsetBytes, offsetBytes + lengthBytes))).toBe(0);
    }
    session.close();
    await session.closed;
  });

  test('a device larger than the source ends in zeros', async () => {
    const { client } = kernel(bytesSource(BYTES), 1_003_520);
    client.send({ offsetBytes: 999_990, lengthBytes: 3530 });
    const [reply] = await client.take(1);
    expect(Buffer.compare(reply!.bytes, Buffer.concat([BYTES.subarray(999_990), Buffer.alloc(3520)]))).toBe(0);
    expect(() => kernel(bytesSource(BYTES), 4096)).toThrow(expect.objectContaining({ code: 'BLOCK_RANGE' }));
  });

  test('answers come as they become ready; refusals do not wait', async () => {
    const source = new HandSource();
    const { client } = kernel(source);
    const [first, second] = [client.send({ offsetBytes: 1 }), client.send({ offsetBytes: 2 })];
    const refused = client.send({ command: Command.flush });
    expect((await client.take(1))[0]).toMatchObject({ cookie: refused, error: NbdErrno.EINVAL });
    source.reads[1]!.answer();
    expect((await client.take(1))[0]!.cookie).toBe(second);
    source.reads[0]!.answer();
    expect((await client.take(1))[0]!.cookie).toBe(first);
  });

  test('a failed read is tried again, never an I/O error', async () => {
    const source = new HandSource();
    const { client } = kernel(source);
    client.send({ offsetBytes: 5 });
    await turn();
    source.reads[0]!.fail();
    while (source.reads.length < 2) await sleep(10);
    source.reads[1]!.answer();
    expect((await client.take(1))[0]).toMatchObject({ error: 0 });
  });

  test('a wrong number of bytes is tried again as well', async () => {
    let reads = 0;
    const short: BlockSource = {
      sizeBytes: 1000,
      read: async (_, lengthBytes) => BYTES.subarray(0, reads++ === 0 ? lengthBytes - 1 : lengthBytes),
    };
    const { client } = kernel(short);
    client.send();
    expect((await client.take(1))[0]!.bytes.length).toBe(100);
  });

  test.each([
    ['the client closing', ({ duplex }: ReturnType<typeof kernel>) => duplex.end()],
    ['close()', ({ session }: ReturnType<typeof kernel>) => session.close()],
    ['a bad request', ({ duplex }: ReturnType<typeof kernel>) => duplex.write(Buffer.alloc(28))],
  ])('%s aborts its open reads', async (_, close) => {
    const source = new HandSource();
    const connection = kernel(source);
    connection.client.send();
    await turn();
    close(connection);
    await connection.session.closed;
    expect(source.reads[0]!.signal.aborted).toBe(true);
  });

  test('DISC is closed after the open reads are answered', async () => {
    const source = new HandSource();
    const { client, session } = kernel(source);
    client.send();
    client.send({ command: Command.disc });
    client.send();
    await turn();
    expect(source.reads.length).toBe(1);
    source.reads[0]!.answer();
    expect((await client.take(1))[0]!.error).toBe(0);
    await session.closed;
  });

  test('no more than so many reads are open; the rest come after', async () => {
    const source = new HandSource();
    const { client } = kernel(source);
    const total = MAX_OPEN_REQUESTS + 500;
    for (let at = 0; at < total; at++) {
      client.send({ lengthBytes: 1 });
      if (at % 16 === 0) await turn();
    }
    await sleep(20);
    expect(source.reads.length).toBeGreaterThanOrEqual(MAX_OPEN_REQUESTS);
    expect(source.reads.length).toBeLessThan(total);
    for (let at = 0; at < total; at++) {
      while (source.reads.length <= at) await turn();
      source.reads[at]!.answer();
    }
    expect((await client.take(total)).length).toBe(total);
  });

  test('a client that does not read is not read from: memory stays bounded', async () => {
    const big = bytesSource(new Uint8Array(1024 * 1024));
    let reads = 0;
    const counted: BlockSource = {
      sizeBytes: big.sizeBytes,
      read(offsetBytes, lengthBytes) {
        reads++;
        return big.read(offsetBytes, lengthBytes);
      },
    };
    const [mine, theirs] = duplexPair();
    serveNbdTransmission(counted, theirs, { log: silentLog });
    const request = encodeRequest({
      flags: 0,
      command: Command.read,
      cookieHigh: 0,
      cookieLow: 0,
      offsetBytes: 0,
      lengthBytes: 1024 * 1024,
    });
    for (let at = 0; at < 500; at++) {
      mine.write(request);
      await turn();
    }
    await sleep(20);
    expect(reads).toBeGreaterThan(5);
    expect(reads).toBeLessThan(40);
    let received = 0;
    mine.on('data', (chunk: Uint8Array) => (received += chunk.length));
    while (received < 500 * (1024 * 1024 + 16)) await turn();
  });
});

describe('programs', () => {
  const exports = (source: BlockSource) => [{ name: 'image', source }];
  const greet = (name = 'image'): Uint8Array =>
    new Writer().u32(3).u64(NBD_OPTS_MAGIC).u32(Option.exportName).u32(name.length).text(name).finish();
  const bytesOf = async (duplex: Duplex, count: number): Promise<Buffer> => {
    let all = Buffer.alloc(0);
    while (all.length < count) {
      all = Buffer.concat([all, (duplex.read() as Buffer | null) ?? Buffer.alloc(0)]);
      if (all.length < count) await turn();
    }
    return all;
  };

  test('a failed read is EIO; requests may follow the handshake at once', async () => {
    const [mine, theirs] = duplexPair();
    const source = new HandSource();
    const session = serveNbd(exports(source), theirs, { log: silentLog, padToBytes: 4096 });
    const read = { flags: 0, command: Command.read, cookieHigh: 7, cookieLow: 1, offsetBytes: 0, lengthBytes: 100 };
    mine.write(Buffer.concat([greet(), encodeRequest(read)]));
    const head = await bytesOf(mine, 18 + 10);
    expect(head.readBigUInt64BE(18)).toBe(1_003_520n);
    source.reads[0]!.fail();
    const reply = await bytesOf(mine, 16);
    expect(reply.readUInt32BE(4)).toBe(NbdErrno.EIO);
    mine.destroy();
    mine.end();
    session.close();
    await session.closed;
  });

  test('large reads asked for in one chunk are begun as far as 128 MiB allow', async () => {
    const open: (() => void)[] = [];
    const huge: BlockSource = {
      sizeBytes: 2 ** 40,
      read: (_, lengthBytes) => new Promise((resolve) => open.push(() => resolve(new Uint8Array(lengthBytes)))),
    };
    const [mine, theirs] = duplexPair();
    serveNbd(exports(huge), theirs, { log: silentLog });
    mine.write(greet());
    await bytesOf(mine, 18 + 10);
    const lengthBytes = 32 * 1024 * 1024;
    const read = { flags: 0, command: Command.read, cookieHigh: 7, cookieLow: 1, offsetBytes: 0, lengthBytes };
    mine.write(Buffer.concat(Array.from({ length: 2000 }, () => encodeRequest(read))));
    await sleep(5);
    expect(open.length).toBe(5);
    mine.resume();
    open[0]!();
    while (open.length < 6) await turn();
    await sleep(5);
    expect(open.length).toBe(6);
    mine.destroy();
    theirs.destroy();
  });

  test('an unknown export closes the connection', async () => {
    const [mine, theirs] = duplexPair();
    const session = serveNbd(exports(bytesSource(BYTES)), theirs, { log: silentLog });
    mine.resume();
    mine.write(greet('nope'));
    await session.closed;
  });

  test('a client that says nothing is closed after a while', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const [mine, theirs] = duplexPair();
    const session = serveNbd(exports(bytesSource(BYTES)), theirs, { log: silentLog });
    mine.resume();
    vi.advanceTimersByTime(HANDSHAKE_MILLISECONDS);
    vi.useRealTimers();
    await session.closed;
  });
});
