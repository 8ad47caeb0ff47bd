// The pure decoders: each takes any bytes and gives a value or throws ViverError. What they accept must also be written again without harm, and where there is
// one form only, as the same bytes.

import { ViverError } from '../../src/errors.ts';
import { bencodeEnd, decodeBencode, dictionarySpans, encodeBencode } from '../../src/vfield/bencode.ts';
import { decodeBootTrace, encodeBootTrace } from '../../src/vfield/boot-trace.ts';
import { decodeDiscovery, encodeDiscovery } from '../../src/vfield/discovery-message.ts';
import { areHashesProved, HashTree, pieceLayerRequests } from '../../src/vfield/hash-proof.ts';
import { formatMagnet, parseMagnet } from '../../src/vfield/magnet.ts';
import { decodeInfo, decodeMetainfo, encodeMetainfo } from '../../src/vfield/metainfo.ts';
import {
  decodeDontHave,
  decodeExtendedHandshake,
  decodeMetadataMessage,
  decodePeerExchange,
  decodeUrgent,
  encodeExtendedHandshake,
  encodeMetadataMessage,
  encodePeerExchange,
} from '../../src/vfield/peer/extension.ts';
import { decodeHandshake, encodeHandshake, formatHandshake } from '../../src/vfield/peer/handshake.ts';
import { decodeMessage, encodeMessage, formatMessage, MessageKind } from '../../src/vfield/peer/messages.ts';
import { PushDecoder } from '../../src/vfield/peer/push-decoder.ts';
import { parseAnnounce, parseScrape } from '../../src/vfield/tracker/tracker-query.ts';
import { sizeOf } from '../../src/vfield/web-seed/ask-web.ts';
import { fileWebSeed, isWebUrl } from '../../src/vfield/web-seed/web-seed.ts';
import * as corpus from './corpus.ts';
import { type FuzzImage, fuzzImage } from './image.ts';
import { joined, mutate } from './mutate.ts';
import type { Random } from './random.ts';
import type { Subject, Target } from './target.ts';

interface Decoder {
  readonly inputs: readonly Uint8Array[];
  decode(bytes: Uint8Array, random: Random): void;
}

/** Inputs between two looks at the clock of the batch. */
const ROUND = 500;

export const peerDecoders: Target = { thousands: 3000, open: (...args) => open(makePeerDecoders, ...args) };
export const metainfoDecoders: Target = { thousands: 1800, open: (...args) => open(makeMetainfoDecoders, ...args) };

async function open(
  make: () => Promise<readonly Decoder[]>,
  random: Random,
  note: (input: Uint8Array) => void,
): Promise<Subject> {
  const decoders = await make();
  const once = (): void => {
    const { inputs, decode } = random.pick(decoders);
    const bytes = mutate(random.pick(inputs), random, () => random.pick(random.pick(decoders).inputs));
    note(bytes);
    refusing(() => decode(bytes, random));
  };
  return {
    feed: () => {
      for (let left = ROUND; left > 0; left--) once();
      return ROUND;
    },
    rest: async () => {},
    close: async () => {},
  };
}

/** Only ViverError is a refusal. */
function refusing(decode: () => void): void {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof ViverError)) throw error;
  }
}

async function makePeerDecoders(): Promise<Decoder[]> {
  const image = await fuzzImage();
  const kinds = corpus.messagesByKind(image);
  const bodies = kinds.flat();
  const { hello, metadata, exchange, dontHave, urgent, trace } = corpus.payloads(image);
  const frames = bodies.map((body) => joined(Uint8Array.of(0, 0, body.length >> 8, body.length), body));
  return [
    ...kinds.map((inputs) => ({ inputs, decode: rewriteMessage })),
    { inputs: frames, decode: cutAnywhere },
    { inputs: corpus.handshakes(image), decode: rewriteHandshake },
    { inputs: hello, decode: (bytes) => void encodeExtendedHandshake(decodeExtendedHandshake(bytes)) },
    { inputs: metadata, decode: (bytes) => void encodeMetadataMessage(decodeMetadataMessage(bytes)) },
    { inputs: exchange, decode: rewriteExchange },
    { inputs: dontHave, decode: decodeDontHave },
    { inputs: urgent, decode: decodeUrgent },
    { inputs: trace, decode: (bytes) => expectSame(encodeBootTrace(decodeBootTrace(bytes, 48), 48), bytes) },
    { inputs: bodies.filter((body) => body[0]! > 20), decode: hashDecoder(image) },
    { inputs: corpus.discoveries(image), decode: rewriteDiscovery },
    { inputs: corpus.announces(), decode: askTracker },
    { inputs: corpus.contentRanges(), decode: readWebAnswer },
  ];
}

async function makeMetainfoDecoders(): Promise<Decoder[]> {
  const images = await Promise.all([1, 2, 7].map((pieces) => fuzzImage(pieces)));
  const files = corpus.metainfos(images);
  return [
    { inputs: files, decode: rewriteMetainfo },
    { inputs: images.map(({ metainfo }) => metainfo.infoBytes), decode: decodeInfo },
    { inputs: [...corpus.bencodes(), ...files], decode: rewriteBencode },
    { inputs: corpus.magnets(images[1]!), decode: rewriteMagnet },
  ];
}

function rewriteMessage(bytes: Uint8Array): void {
  const message = decodeMessage(bytes);
  formatMessage(message);
  if (message.kind !== 'unknown') expectSame(encodeMessage(message).subarray(4), bytes);
}

/** However the stream is cut, the same messages come out. */
function cutAnywhere(bytes: Uint8Array, random: Random): void {
  const whole = messagesOf([bytes]);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + random.below(random.pick([1, 7, 70, bytes.length]));
    parts.push(bytes.subarray(at, end));
    at = end;
  }
  const cut = messagesOf(parts);
  if (whole !== cut) throw new Error(`cut in ${parts.length} parts: ${cut} instead of ${whole}`);
}

function messagesOf(chunks: readonly Uint8Array[]): string {
  const seen: string[] = [];
  const decoder = new PushDecoder((body) => seen.push(`${body.length}:${body[0] ?? MessageKind.port}`));
  refusing(() => {
    for (const chunk of chunks) decoder.push(chunk);
  });
  return seen.join();
}

function rewriteHandshake(bytes: Uint8Array): void {
  const handshake = decodeHandshake(bytes);
  formatHandshake(handshake);
  expectSame(encodeHandshake(handshake).subarray(28), bytes.subarray(28));
}

function hashDecoder({ metainfo }: FuzzImage): (bytes: Uint8Array, random: Random) => void {
  const tree = new HashTree(metainfo);
  const ranges = pieceLayerRequests(metainfo);
  return (bytes, random) => {
    const message = decodeMessage(bytes);
    if (message.kind === 'hashRequest') tree.answer(message);
    if (message.kind !== 'hashes') return;
    areHashesProved(message, message.hashes, metainfo);
    const range = random.pick(ranges);
    const isProved = areHashesProved(range, message.hashes, metainfo);
    const start = range.index * 32;
    const real = metainfo.pieceHashes.subarray(start, start + range.count * 32);
    if (isProved) expectSame(message.hashes.subarray(0, real.length), real);
  };
}

function rewriteDiscovery(bytes: Uint8Array): void {
  const message = decodeDiscovery(bytes);
  if (message) encodeDiscovery(message);
}

function askTracker(bytes: Uint8Array): void {
  const query = Buffer.from(bytes).toString('latin1');
  const announce = parseAnnounce(query);
  if (typeof announce === 'object') expectSame(announce.infoHash, announce.infoHash.slice(0, 20));
  parseScrape(query);
}

function readWebAnswer(bytes: Uint8Array): void {
  const text = Buffer.from(bytes).toString('latin1');
  const size = sizeOf({ status: 206, headers: { 'content-range': text }, body: new Uint8Array(0) });
  if (size !== undefined && !Number.isSafeInteger(size)) throw new Error(`a size of ${size}`);
  if (isWebUrl(text)) fileWebSeed(text);
}

function rewriteMetainfo(bytes: Uint8Array): void {
  const metainfo = decodeMetainfo(bytes);
  const again = decodeMetainfo(encodeMetainfo(metainfo));
  expectSame(again.infoHashV2, metainfo.infoHashV2);
}

function rewriteBencode(bytes: Uint8Array): void {
  bencodeEnd(bytes);
  if (bytes[0] === 0x64) dictionarySpans(bytes);
  encodeBencode(decodeBencode(bytes, { anyKeyOrder: true }));
}

function rewriteMagnet(bytes: Uint8Array): void {
  const magnet = parseMagnet(Buffer.from(bytes).toString());
  expectSame(parseMagnet(formatMagnet(magnet)).infoHashV2, magnet.infoHashV2);
}

function expectSame(found: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(found, expected) === 0) return;
  throw new Error(`written again as ${Buffer.from(found).toString('hex')}`);
}

function rewriteExchange(bytes: Uint8Array): void {
  const { added, dropped } = decodePeerExchange(bytes);
  encodePeerExchange(added, dropped);
}
