import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Reader, Writer } from '../../wire/cursor.ts';
import { Handshake, type HandshakeState } from './handshake.ts';
import { MAX_OPTIONS, NBD_OPTS_MAGIC, NBD_REP_MAGIC, Option, OptionReply } from './protocol.ts';

const EXPORTS = [
  { name: 'image', description: 'an image', sizeBytes: 1_000_000 },
  { name: 'größer', sizeBytes: 2 ** 40 },
];
const FIXED = 1;
const NO_ZEROES = 2;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const flags = (value: number): Uint8Array => new Writer().u32(value).finish();
const joined = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const option = (kind: number, data: Uint8Array = new Uint8Array(0), length = data.length): Uint8Array =>
  new Writer().u64(NBD_OPTS_MAGIC).u32(kind).u32(length).bytes(data).finish();
const infoRequest = (name: string, kinds: number[] = []): Uint8Array => {
  const writer = new Writer().u32(text(name).length).text(name).u16(kinds.length);
  for (const kind of kinds) writer.u16(kind);
  return writer.finish();
};

interface Reply {
  readonly option: number;
  readonly reply: number;
  readonly data: string;
}

function repliesOf(bytes: Uint8Array): Reply[] {
  const reader = new Reader(bytes, 'TEST_SHORT');
  const replies: Reply[] = [];
  while (reader.remaining > 0) {
    expect(reader.u64()).toBe(NBD_REP_MAGIC);
    const [kind, reply, length] = [reader.u32(), reader.u32(), reader.u32()];
    replies.push({ option: kind, reply, data: Buffer.from(reader.take(length)).toString('hex') });
  }
  return replies;
}

/** All that a fresh server answers, and where it ends up. */
function talk(bytes: Uint8Array, chunkBytes = bytes.length || 1): { sent: Uint8Array; state: HandshakeState } {
  const handshake = new Handshake(EXPORTS);
  const sent: Uint8Array[] = [];
  let state: HandshakeState = { kind: 'haggling' };
  for (let at = 0; at < bytes.length && state.kind === 'haggling'; at += chunkBytes) {
    const step = handshake.push(bytes.subarray(at, at + chunkBytes));
    sent.push(step.send);
    state = step.state;
  }
  return { sent: joined(...sent), state };
}

test('the greeting says fixed newstyle, no zeroes', () => {
  expect(Buffer.from(new Handshake(EXPORTS).greeting).toString('latin1')).toBe('NBDMAGICIHAVEOPT\x00\x03');
});

describe('EXPORT_NAME', () => {
  test('size, flags, and 124 zeroes only when they are wanted', () => {
    const name = option(Option.exportName, text('image'));
    const long = talk(joined(flags(FIXED), name));
    expect(Buffer.from(long.sent).toString('hex')).toBe(`00000000000f4240${'0103'}${'00'.repeat(124)}`);
    const short = talk(joined(flags(FIXED | NO_ZEROES), name));
    expect(Buffer.from(short.sent).toString('hex')).toBe('00000000000f42400103');
    expect(short.state).toMatchObject({ kind: 'transmission', exportIndex: 0 });
  });

  test('an empty name is the first export; an unknown one closes without a word', () => {
    expect(talk(joined(flags(3), option(Option.exportName))).state).toMatchObject({ exportIndex: 0 });
    const unknown = talk(joined(flags(3), option(Option.exportName, text('nope'))));
    expect(unknown).toMatchObject({ sent: new Uint8Array(0), state: { kind: 'closed' } });
  });
});

describe('GO and INFO', () => {
  test('GO answers size and flags and goes on to requests', () => {
    const { sent, state } = talk(joined(flags(3), option(Option.go, infoRequest('größer'))));
    expect(repliesOf(sent)).toEqual([
      { option: Option.go, reply: OptionReply.info, data: '000000000100000000000103' },
      { option: Option.go, reply: OptionReply.ack, data: '' },
    ]);
    expect(state).toMatchObject({ kind: 'transmission', exportIndex: 1 });
  });

  test('INFO answers what is asked for and stays', () => {
    const { sent, state } = talk(joined(flags(3), option(Option.info, infoRequest('image', [3, 1, 2, 77]))));
    expect(repliesOf(sent).map(({ data }) => data)).toEqual([
      '000000000000000f42400103',
      `0001${Buffer.from('image').toString('hex')}`,
      `0002${Buffer.from('an image').toString('hex')}`,
      '0003000000010000100002000000',
      '',
    ]);
    expect(state.kind).toBe('haggling');
  });

  test.each([
    ['an unknown name', infoRequest('nope'), OptionReply.errUnknown],
    ['no data', new Uint8Array(0), OptionReply.errInvalid],
    ['a name longer than the data', new Writer().u32(100).text('x').u16(0).finish(), OptionReply.errInvalid],
    ['a name of 4 GiB', new Writer().u32(0xffffffff).text('x').finish(), OptionReply.errInvalid],
    ['bytes at the end', joined(infoRequest('image'), text('x')), OptionReply.errInvalid],
    ['fewer kinds than counted', new Writer().u32(0).u16(9).u16(3).finish(), OptionReply.errInvalid],
  ])('%s', (_, data, reply) => {
    const { sent, state } = talk(joined(flags(3), option(Option.go, data)));
    expect(repliesOf(sent)).toEqual([{ option: Option.go, reply, data: '' }]);
    expect(state.kind).toBe('haggling');
  });
});

test('what is not known is unsupported, and both stay in step', () => {
  const unknown = [Option.structuredReply, Option.starttls, Option.setMetaContext, Option.extendedHeaders, 99];
  const asked = unknown.map((kind) => option(kind, text('some data')));
  const { sent, state } = talk(joined(flags(3), ...asked, option(Option.go, infoRequest(''))));
  const replies = repliesOf(sent);
  expect(replies.slice(0, 5)).toEqual(unknown.map((kind) => ({ option: kind, reply: OptionReply.errUnsup, data: '' })));
  expect(state.kind).toBe('transmission');
});

test('LIST names every export; with data it is invalid', () => {
  const { sent } = talk(joined(flags(3), option(Option.list, text('x')), option(Option.list)));
  expect(repliesOf(sent).map(({ reply }) => reply)).toEqual([
    OptionReply.errInvalid,
    OptionReply.server,
    OptionReply.server,
    OptionReply.ack,
  ]);
  expect(repliesOf(sent)[1]!.data).toBe(`00000005${Buffer.from('imagean image').toString('hex')}`);
});

test('ABORT is acknowledged, then closed', () => {
  const { sent, state } = talk(joined(flags(3), option(Option.abort)));
  expect(repliesOf(sent)).toEqual([{ option: Option.abort, reply: OptionReply.ack, data: '' }]);
  expect(state.kind).toBe('closed');
});

test('requests behind GO are handed on, however the bytes are cut', () => {
  const rest = text('first request');
  const bytes = joined(flags(3), option(Option.list), option(Option.go, infoRequest('image')), rest);
  expect(talk(bytes).state).toEqual({ kind: 'transmission', exportIndex: 0, rest });
  expect(talk(bytes, 1).state).toEqual({ kind: 'transmission', exportIndex: 0, rest: new Uint8Array(0) });
  expect(talk(bytes, 1).sent).toEqual(talk(bytes).sent);
});

describe('limits', () => {
  test('a long option is skipped and too big', () => {
    const { sent, state } = talk(
      joined(flags(3), option(99, new Uint8Array(100_000)), option(Option.go, infoRequest(''))),
      1000,
    );
    expect(repliesOf(sent)[0]).toEqual({ option: 99, reply: OptionReply.errTooBig, data: '' });
    expect(state.kind).toBe('transmission');
  });

  test.each([
    ['an option of 4 GiB', joined(flags(3), option(99, new Uint8Array(0), 0xffffffff))],
    ['a long name', joined(flags(3), option(Option.exportName, new Uint8Array(5000)))],
    ['a very long name', joined(flags(3), option(Option.exportName, new Uint8Array(0), 10_000))],
    ['too many options', joined(flags(3), ...Array.from({ length: MAX_OPTIONS + 1 }, () => option(99)))],
    ['client flags that were not offered', flags(4)],
    ['no magic number', joined(flags(3), new Uint8Array(16))],
  ])('%s closes', (_, bytes) => {
    expect(talk(bytes).state.kind).toBe('closed');
  });
});

test('random bytes never throw', () => {
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.tuple(fc.nat(12), fc.uint8Array({ maxLength: 30 })).map(([kind, data]) => option(kind, data)),
  );
  fc.assert(
    fc.property(fc.nat(4), fc.array(part, { maxLength: 8 }), fc.integer({ min: 1, max: 50 }), (first, parts, chunk) => {
      talk(joined(flags(first), ...parts), chunk);
    }),
    { numRuns: 1000 },
  );
});
