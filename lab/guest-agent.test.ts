import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { GuestAgent } from './guest-agent.ts';
import { encodeJsonLine, JsonLines, type JsonObject } from './json-lines.ts';

const QUICK = { syncMs: 60, pollMs: 1 };

/** An agent in a guest: answers by the table, after the sync that it was asked for. */
class Guest extends Duplex {
  readonly files = new Map<string, Buffer>();
  readonly asked: string[] = [];
  deaf = 0;
  polls = 0;
  result: JsonObject = { exited: true, exitcode: 0, 'out-data': Buffer.from('hello').toString('base64') };
  readonly #lines = new JsonLines();
  #open = '';

  override _read(): void {}

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    for (const message of this.#lines.push(chunk)) this.#answer(message);
    done();
  }

  #answer({ execute, arguments: given }: JsonObject): void {
    const args = given as Record<string, never>;
    this.asked.push(String(execute));
    if (this.deaf-- > 0) return;
    const value = this.#value(String(execute), args);
    const delimiter = execute === 'guest-sync-delimited' ? Buffer.from([0xff]) : Buffer.alloc(0);
    const line = value instanceof Error ? { error: { desc: value.message } } : { return: value };
    this.push(Buffer.concat([delimiter, Buffer.from(encodeJsonLine(line))]));
  }

  #value(command: string, args: Record<string, string>): unknown {
    if (command === 'guest-sync-delimited') return args.id;
    if (command === 'guest-exec') return args.path === '/none' ? new Error('No such file') : { pid: 7 };
    if (command === 'guest-exec-status') return ++this.polls < 2 ? { exited: false } : this.result;
    if (command === 'guest-file-open') {
      this.#open = args.path!;
      return 1000;
    }
    if (command === 'guest-file-write') {
      const before = this.files.get(this.#open) ?? Buffer.alloc(0);
      this.files.set(this.#open, Buffer.concat([before, Buffer.from(args['buf-b64']!, 'base64')]));
    }
    return {};
  }
}

test('a program runs to its end and gives its output', async () => {
  const guest = new Guest();
  const result = await new GuestAgent('pc', guest, QUICK).run('/bin/echo', ['hello']);
  expect(result).toEqual({ status: 0, stdout: 'hello', stderr: '' });
  expect(guest.polls).toBe(2);
});

test('a program ended by a signal fails', async () => {
  const guest = new Guest();
  guest.result = { exited: true, signal: 9 };
  expect((await new GuestAgent('pc', guest, QUICK).run('/bin/x', [])).status).toBe(137);
});

test('what the agent refuses is an error, and the next question works', async () => {
  const guest = new Guest();
  const agent = new GuestAgent('pc', guest, QUICK);
  await expect(agent.run('/none', [])).rejects.toThrow('pc: guest-exec: No such file');
  expect((await agent.run('/bin/echo', [])).stdout).toBe('hello');
});

test('what an earlier question left in the channel is thrown away', async () => {
  const guest = new Guest();
  guest.push(`{"return": {"pid": 1}}\n{"return": 99}\nhalf`);
  expect((await new GuestAgent('pc', guest, QUICK).run('/bin/echo', [])).stdout).toBe('hello');
});

test('a guest that still boots is asked again; one that never answers is an error in time', async () => {
  const late = new Guest();
  late.deaf = 1;
  await new GuestAgent('late', late, QUICK).waitReady(8000);
  expect(late.asked).toEqual(['guest-sync-delimited', 'guest-sync-delimited']);
  const never = new Guest();
  never.deaf = 1000;
  await expect(new GuestAgent('never', never, QUICK).waitReady(50)).rejects.toThrow(
    'never: the guest agent does not answer',
  );
});

test('a machine that goes off ends the wait', async () => {
  const guest = new Guest();
  guest.deaf = 1000;
  const ready = new GuestAgent('pc', guest, QUICK).waitReady(60_000);
  setTimeout(() => guest.destroy(), 10);
  await expect(ready).rejects.toThrow('does not answer');
});

test('files are written whole, in pieces', async () => {
  const guest = new Guest();
  const content = Buffer.alloc(500_000, 'viver ');
  await new GuestAgent('pc', guest, QUICK).writeFile('/run/list', content);
  expect(guest.files.get('/run/list')).toEqual(content);
  expect(guest.asked.filter((command) => command === 'guest-file-write')).toHaveLength(3);
});
