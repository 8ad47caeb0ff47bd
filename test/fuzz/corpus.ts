// Valid inputs to begin from: every kind of message made by our own encoders, and what real clients said (fixtures/recorded.json, by record.ts).

import { readFileSync } from 'node:fs';
import { type BencodeValue, encodeBencode } from '../../src/vfield/bencode.ts';
import { encodeBootTrace } from '../../src/vfield/boot-trace.ts';
import { encodeDiscovery } from '../../src/vfield/discovery-message.ts';
import { formatMagnet } from '../../src/vfield/magnet.ts';
import { encodeMetainfo } from '../../src/vfield/metainfo.ts';
import { Command, NBD_OPTS_MAGIC, Option } from '../../src/vfield/nbd/protocol.ts';
import { encodeRequest } from '../../src/vfield/nbd/transmission.ts';
import {
  encodeDontHave,
  encodeExtendedHandshake,
  encodeMetadataMessage,
  encodePeerExchange,
  encodeUrgent,
  OwnExtension,
} from '../../src/vfield/peer/extension.ts';
import { encodeHandshake, HANDSHAKE_BYTES } from '../../src/vfield/peer/handshake.ts';
import { encodeMessage, type Message } from '../../src/vfield/peer/messages.ts';
import { PushDecoder } from '../../src/vfield/peer/push-decoder.ts';
import { encodeTorrentFile } from '../../src/vfield/torrent-file.ts';
import { Writer } from '../../src/wire/cursor.ts';
import type { FuzzImage } from './image.ts';

const recorded = new Map<string, Uint8Array>(
  Object.entries(
    JSON.parse(readFileSync(new URL('./fixtures/recorded.json', import.meta.url), 'utf8')) as Record<string, string>,
  ).map(([name, text]) => [name, Uint8Array.fromBase64(text)]),
);
const peerNames = [...recorded.keys()].filter((name) => /leech|seed/.test(name));

/** Peers' handshakes, 68 bytes each. */
export function handshakes({ metainfo }: FuzzImage): Uint8Array[] {
  const peerId = new TextEncoder().encode('-XX0001-fuzz--------');
  const own = [metainfo.infoHashV1, metainfo.infoHashV2.subarray(0, 20)].map((infoHash) =>
    encodeHandshake({ infoHash, peerId, extended: true, fast: true, version2: true }),
  );
  return [...own, ...peerNames.map((name) => recorded.get(name)!.subarray(0, HANDSHAKE_BYTES))];
}

/** Peers' messages, each without its length field. */
export function messageBodies(image: FuzzImage): Uint8Array[] {
  const bodies = ownMessages(image).map((message) => encodeMessage(message).subarray(4));
  for (const name of peerNames) {
    const decoder = new PushDecoder((body) => bodies.push(body.slice()));
    decoder.push(recorded.get(name)!.subarray(HANDSHAKE_BYTES));
  }
  return bodies.filter((body) => body.length > 0);
}

/** Messages in groups of their kind, so that the many requests and haves of a recorded download do not hide the others. */
export function messagesByKind(image: FuzzImage): Uint8Array[][] {
  return [
    ...Map.groupBy(messageBodies(image), ([kind, extension]) => (kind === 20 ? 100 + extension! : kind)).values(),
  ];
}

/** Payloads of BEP 10 messages, by what they are. */
export function payloads({ metainfo }: FuzzImage) {
  const member = { id: 'ab'.repeat(20), shareBytes: 400_000_000, kind: 'ram' as const, traceBytes: 7 };
  const info = metainfo.infoBytes;
  return {
    hello: [
      encodeExtendedHandshake({ extensions: OwnExtension, port: 6881, metadataBytes: info.length, member }),
      encodeExtendedHandshake({ extensions: { ut_pex: 1 }, requestQueue: 250, client: 'fuzz 1.0' }),
    ],
    metadata: [
      encodeMetadataMessage({ kind: 'request', part: 0 }),
      encodeMetadataMessage({ kind: 'reject', part: 1 }),
      encodeMetadataMessage({ kind: 'data', part: 0, totalBytes: info.length, bytes: info.subarray(0, 16_384) }),
    ],
    exchange: [encodePeerExchange(['10.0.0.66:6881', '10.1.2.3:51413', '[fe80::1]:6881', '[2001:db8::7]:1'])],
    dontHave: [encodeDontHave(7)],
    trace: [encodeBootTrace([5, 6, 7, 1, 2, 40, 3], metainfo.pieceCount), new Uint8Array(0)],
    urgent: [encodeUrgent({ piece: 3, begin: 16_384, length: 16_384 })],
  };
}

function ownMessages(image: FuzzImage): Exclude<Message, { kind: 'unknown' }>[] {
  const { metainfo, bytes } = image;
  const hashRange = { piecesRoot: metainfo.piecesRoot, baseLayer: 1, index: 0, count: 16, proofLayers: 5 };
  const block = { piece: 2, begin: 16_384, length: 16_384 };
  const extended = payloads(image);
  const numbered = { hello: 0, metadata: 1, exchange: 2, dontHave: 3, urgent: 4, trace: 5 } as const;
  return [
    ...(['choke', 'unchoke', 'interested', 'notInterested', 'haveAll', 'haveNone'] as const).map((kind) => ({ kind })),
    ...(['have', 'suggest', 'allowedFast'] as const).map((kind) => ({ kind, piece: 5 })),
    { kind: 'bitfield', bits: new Uint8Array(6).fill(0xa5) },
    ...(['request', 'cancel', 'reject'] as const).map((kind) => ({ kind, ...block })),
    { kind: 'piece', piece: 2, begin: 0, bytes: bytes.subarray(65_536, 65_536 + 200) },
    { kind: 'port', port: 6881 },
    { kind: 'hashRequest', ...hashRange },
    { kind: 'hashReject', ...hashRange },
    { kind: 'hashes', ...hashRange, hashes: metainfo.pieceHashes.subarray(0, 16 * 32) },
    ...Object.entries(numbered).flatMap(([name, extension]) =>
      extended[name as keyof typeof numbered].map((payload) => ({ kind: 'extended' as const, extension, payload })),
    ),
  ];
}

export function metainfos(images: readonly FuzzImage[]): Uint8Array[] {
  const addresses = { announce: ['http://10.0.0.1/announce', 'udp://t:1'], webSeeds: ['http://10.0.0.1/image'] };
  return images.flatMap(({ metainfo }) => {
    const pieces = Array.from({ length: metainfo.pieceCount }, (_, at) => at).reverse();
    const file = encodeMetainfo({ ...metainfo, createdSeconds: 1_700_000_000, bootTrace: pieces });
    return [file, encodeTorrentFile(file, addresses), encodeTorrentFile(file, { ...addresses, hybrid: true })];
  });
}

export function magnets({ metainfo }: FuzzImage): Uint8Array[] {
  const { infoHashV2, infoHashV1 } = metainfo;
  const peers = ['10.0.0.1:6881', '[fe80::1%eth0]:6881', 'stick.lan:51413'];
  return [
    formatMagnet({ infoHashV2, peers: [] }),
    formatMagnet({ infoHashV2, infoHashV1, name: 'Ein Bild & mehr', peers }),
    `magnet:?xt.1=urn:btmh:1220${infoHashV2.toHex()}&tr=http%3A%2F%2F10.0.0.1%2Fannounce&ws=http://h/f&x.pe=10.0.0.9:1`,
  ].map((link) => new TextEncoder().encode(link));
}

/** What real clients asked of a tracker, and a scrape of several. */
export function announces(): Uint8Array[] {
  const asked = new TextDecoder().decode(recorded.get('announces')!).split('\n');
  const queries = asked.map((line) => line.slice(line.indexOf('?') + 1));
  return [...queries, `info_hash=${'%aa'.repeat(20)}&info_hash=${'%bb'.repeat(20)}`].map((query) =>
    new TextEncoder().encode(query),
  );
}

/** What web servers say of what they give. */
export function contentRanges(): Uint8Array[] {
  return ['bytes 0-32767/1560096', 'bytes 5-5/*', 'http://10.0.0.1:8080/a%20b?c=d'].map((text) =>
    new TextEncoder().encode(text),
  );
}

export function discoveries({ metainfo }: FuzzImage): Uint8Array[] {
  const infoHashes = [metainfo.infoHashV1, metainfo.infoHashV2.subarray(0, 20)];
  return [encodeDiscovery({ port: 6881, infoHashes, cookie: 'c0ffee' }), encodeDiscovery({ port: 1, infoHashes })];
}

/** Bencode of every shape; the metainfos are among the inputs of the decoder as well. */
export function bencodes(): Uint8Array[] {
  const values: BencodeValue[] = [0, -7, 2 ** 53 - 1, '', 'text', [], [1, [2, [3]]], { a: 1, b: { c: ['x', {}] } }];
  return values.map((value) => new Uint8Array(encodeBencode(value)));
}

/** What NBD clients say first; those of real clients go on with requests. */
export function nbdStarts(): Uint8Array[] {
  const name = new TextEncoder().encode('fuzz');
  const info = new Writer().u32(name.length).bytes(name).u16(2).u16(1).u16(3).finish();
  const options = [
    [Option.list, new Uint8Array(0)],
    [Option.info, info],
    [Option.starttls, new Uint8Array(0)],
    [Option.structuredReply, new Uint8Array(0)],
    [Option.listMetaContext, info],
    [Option.abort, new Uint8Array(0)],
    [Option.exportName, name],
    [Option.go, info],
  ] as const;
  const single = options.map(([option, data]) => start(option, data));
  const real = [...recorded].filter(([kind]) => /^(nbd|qemu)/.test(kind)).map(([, bytes]) => bytes.slice());
  return [...single, ...real, start(Option.go, info)];
}

function start(option: number, data: Uint8Array): Uint8Array {
  return new Writer().u32(3).u64(NBD_OPTS_MAGIC).u32(option).u32(data.length).bytes(data).finish();
}

/** Requests as programs and the kernel make them, 28 bytes each, and a short write. */
export function nbdRequests(sizeBytes: number): Uint8Array[] {
  const commands = Object.values(Command).filter((command) => command !== Command.write);
  const plain = commands.map((command) => request(command, 4096, 512, 0));
  return [
    ...plain,
    request(Command.read, 0, 131_072, 0),
    request(Command.read, sizeBytes - 512, 512, 0),
    request(Command.read, sizeBytes, 1, 0),
    request(Command.read, 0, 0, 0),
    request(Command.read, 0, 4096, 1),
    new Writer()
      .bytes(request(Command.write, 0, 512, 0))
      .zeros(512)
      .finish(),
  ];
}

function request(command: number, offsetBytes: number, lengthBytes: number, flags: number): Uint8Array {
  return encodeRequest({ flags, command, cookieHigh: 0x56107b5e, cookieLow: command, offsetBytes, lengthBytes });
}
