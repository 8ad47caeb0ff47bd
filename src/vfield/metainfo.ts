// What describes an image in the field: a BitTorrent metainfo (BEP 3) of one file, version 1 and 2 together (BEP 52, "hybrid").
// Our own key inside the info dictionary, so under the info hash: `viver` = { arch, kernel, label }. Outside of it: `viver trace`, the boot trace.
// Pure. Everything that comes in is untrusted until its hashes fit.

import { errorLine, ViverError } from '../errors.ts';
import { bytesOfSpan, dictionarySpans, encodeBencode, encodeSpans, integerOfSpan } from './bencode.ts';
import { decodeBootTrace, encodeBootTrace } from './boot-trace.ts';
import { SHA1_BYTES, SHA256_BYTES, sameBytes, sha1, sha256 } from './hash.ts';
import { LEAF_BYTES, rootOfPieces } from './merkle.ts';
import { encodeWebSeeds, type WebSeed, webSeedsOf } from './web-seed/web-seed.ts';

/** The largest metainfo read; enough for an image of 100 GiB in pieces of 128 KiB. */
export const MAX_METAINFO_BYTES = 64 * 1024 * 1024;
/** Piece length of Viver's own images. */
export const DEFAULT_PIECE_BYTES = 128 * 1024;
/** The largest piece taken: a piece is held in memory whole before it is checked. */
export const MAX_PIECE_BYTES = 16 * 1024 * 1024;
/** Longest name, label, kernel release or architecture, in bytes of UTF-8. */
export const MAX_TEXT_BYTES = 255;
/** Sorts behind all other keys of a metainfo, as bencode wants. */
const TRACE_KEY = 'viver trace';

/** What the image holds, as its maker says. */
export interface ImageFacts {
  readonly label: string;
  readonly kernelRelease: string;
  readonly architecture: string;
}

/** All that the info dictionary says: what a magnet link leads to before the piece hashes are there. */
export interface MetainfoCore {
  /** The info dictionary exactly as it was hashed. */
  readonly infoBytes: Uint8Array;
  /** SHA-256 of `infoBytes`: the identity of the image. */
  readonly infoHashV2: Uint8Array;
  /** SHA-1 of `infoBytes`, for clients that know BEP 3 only. */
  readonly infoHashV1: Uint8Array;
  readonly name: string;
  readonly lengthBytes: number;
  readonly pieceBytes: number;
  readonly pieceCount: number;
  readonly piecesRoot: Uint8Array;
  readonly image: ImageFacts;
}

/** A checked metainfo. */
export interface Metainfo extends MetainfoCore {
  /** The hash of every piece (BEP 52 piece layer), `pieceCount` times 32 bytes. They are proved by `piecesRoot`. */
  readonly pieceHashes: Uint8Array;
  /** Where the image lies on HTTP servers (BEP 17, 19). Not under any hash. */
  readonly webSeeds?: readonly WebSeed[];
  /** Unix time of creation. Not under any hash. */
  readonly createdSeconds?: number;
  /** The pieces in the order in which a boot reads them: advice, not under any hash. */
  readonly bootTrace?: readonly number[];
  /** Why the boot trace that was there is passed over: the image is good without it. Not written again. */
  readonly bootTraceRefusal?: string;
}

/** What `encodeInfo` needs. */
export interface InfoFields {
  readonly name: string;
  readonly lengthBytes: number;
  readonly pieceBytes: number;
  readonly piecesRoot: Uint8Array;
  /** SHA-1 of every piece, one after the other (BEP 3 `pieces`). */
  readonly pieceSha1s: Uint8Array;
  readonly image: ImageFacts;
}

/**
 * Reads and checks a metainfo file: form, sizes, and that the piece hashes lead to the pieces root. Throws ViverError only.
 * A broken boot trace is left out with the reason in `bootTraceRefusal`, since an image boots without one.
 */
export function decodeMetainfo(bytes: Uint8Array): Metainfo {
  if (bytes.length > MAX_METAINFO_BYTES) {
    throw refuse('METAINFO_LIMIT', `${bytes.length} bytes are more than ${MAX_METAINFO_BYTES}`);
  }
  const top = dictionarySpans(bytes);
  const core = decodeInfo(need(top, 'info', 'METAINFO'));
  const created = top.get('creation date');
  const metainfo = withPieceHashes(
    core,
    pieceLayerOf(top, core),
    created === undefined ? undefined : integerOfSpan(created, 'creation date'),
  );
  const webSeeds = webSeedsOf(top);
  return {
    ...metainfo,
    ...bootTraceOf(top.get(TRACE_KEY), core.pieceCount),
    ...(webSeeds.length > 0 ? { webSeeds } : {}),
  };
}

/** Writes the metainfo file; `decodeMetainfo` of it gives the same back. */
export function encodeMetainfo(metainfo: Metainfo): Uint8Array {
  const { bootTrace, createdSeconds, pieceCount, webSeeds = [] } = metainfo;
  const layers = new Map<string, Uint8Array>();
  if (pieceCount > 1) layers.set(latin1(metainfo.piecesRoot), encodeBencode(metainfo.pieceHashes));
  const fields: [string, Uint8Array | undefined][] = [
    ['creation date', createdSeconds === undefined ? undefined : encodeBencode(createdSeconds)],
    ['httpseeds', encodeWebSeeds(webSeeds, 'script')],
    ['info', metainfo.infoBytes],
    ['piece layers', encodeSpans(layers)],
    ['url-list', encodeWebSeeds(webSeeds, 'file')],
    [TRACE_KEY, bootTrace && encodeBencode(encodeBootTrace(bootTrace, pieceCount))],
  ];
  return encodeSpans(new Map(fields.filter((field): field is [string, Uint8Array] => field[1] !== undefined)));
}

/** The info dictionary of an image, both versions in one. */
export function encodeInfo(fields: InfoFields): Uint8Array {
  return encodeBencode({
    'file tree': { [fields.name]: { '': { length: fields.lengthBytes, 'pieces root': fields.piecesRoot } } },
    length: fields.lengthBytes,
    'meta version': 2,
    name: fields.name,
    'piece length': fields.pieceBytes,
    pieces: fields.pieceSha1s,
    viver: { arch: fields.image.architecture, kernel: fields.image.kernelRelease, label: fields.image.label },
  });
}

/**
 * Reads and checks an info dictionary alone, as BEP 9 brings it. The caller has compared its hash with what was asked for.
 * @throws ViverError that says what is missing: `METAINFO_V1_ONLY`, `METAINFO_V2_ONLY`, `METAINFO_NOT_VIVER`, ...
 */
export function decodeInfo(infoBytes: Uint8Array): MetainfoCore {
  const info = dictionarySpans(infoBytes);
  checkVersions(info);
  const pieceBytes = integerOfSpan(need(info, 'piece length', 'info'), 'piece length');
  checkPieceBytes(pieceBytes);
  const file = onlyFile(info);
  const pieceCount = Math.ceil(file.lengthBytes / pieceBytes);
  const pieces = bytesOfSpan(need(info, 'pieces', 'info'), 'pieces');
  if (pieces.length !== pieceCount * SHA1_BYTES) {
    throw refuse('METAINFO_PIECES', `${pieces.length} bytes of SHA-1 for ${pieceCount} pieces`);
  }
  return {
    infoBytes: new Uint8Array(infoBytes),
    infoHashV2: sha256(infoBytes),
    infoHashV1: sha1(infoBytes),
    pieceBytes,
    pieceCount,
    ...file,
    image: imageFacts(info),
  };
}

/** Adds the piece hashes after proving them. @throws ViverError `METAINFO_LAYER` when they do not lead to the pieces root. */
export function withPieceHashes(core: MetainfoCore, pieceHashes: Uint8Array, createdSeconds?: number): Metainfo {
  if (pieceHashes.length !== core.pieceCount * SHA256_BYTES) {
    throw refuse('METAINFO_LAYER', `${pieceHashes.length} bytes of piece hashes for ${core.pieceCount} pieces`);
  }
  if (!sameBytes(rootOfPieces(pieceHashes, core.pieceBytes, core.lengthBytes), core.piecesRoot)) {
    throw refuse('METAINFO_LAYER', 'the piece hashes do not lead to the pieces root');
  }
  const metainfo = { ...core, pieceHashes: new Uint8Array(pieceHashes) };
  return createdSeconds === undefined ? metainfo : { ...metainfo, createdSeconds };
}

/** Throws `METAINFO_PIECE_LENGTH` unless BEP 52 and our memory allow the piece length. */
export function checkPieceBytes(pieceBytes: number): void {
  const isPower = Number.isInteger(Math.log2(pieceBytes));
  if (isPower && pieceBytes >= LEAF_BYTES && pieceBytes <= MAX_PIECE_BYTES) return;
  throw refuse(
    'METAINFO_PIECE_LENGTH',
    `piece length ${pieceBytes} is no power of two from ${LEAF_BYTES} to ${MAX_PIECE_BYTES}`,
  );
}

function checkVersions(info: Map<string, Uint8Array>): void {
  const version = info.get('meta version');
  if (version === undefined) {
    throw refuse(
      'METAINFO_V1_ONLY',
      'a BitTorrent v1 torrent: no `meta version` and no `file tree`, which hold the SHA-256 tree',
    );
  }
  const number = integerOfSpan(version, 'meta version');
  if (number !== 2) throw refuse('METAINFO_VERSION', `meta version ${number} is not known, only 2`);
  if (!info.has('pieces')) {
    throw refuse(
      'METAINFO_V2_ONLY',
      'a BitTorrent v2-only torrent: no `pieces`, the SHA-1 of each piece for old clients',
    );
  }
  if (info.has('files')) throw refuse('METAINFO_FILES', 'a torrent of several files; an image is one file');
}

/** The one file, told alike by version 1 (`name`, `length`) and 2 (`file tree`). */
function onlyFile(info: Map<string, Uint8Array>): { name: string; lengthBytes: number; piecesRoot: Uint8Array } {
  const name = textOfSpan(need(info, 'name', 'info'), 'name');
  if (name === '.' || name === '..' || name.includes('/')) throw refuse('METAINFO_NAME', `"${name}" is no file name`);
  const tree = dictionarySpans(need(info, 'file tree', 'info'));
  const entry = tree.get(Buffer.from(name).toString('latin1'));
  if (tree.size !== 1 || entry === undefined) {
    throw refuse('METAINFO_FILES', 'the file tree is not one file of the same name');
  }
  const file = dictionarySpans(need(dictionarySpans(entry), '', 'file tree'));
  const lengthBytes = integerOfSpan(need(file, 'length', 'file tree'), 'length');
  if (lengthBytes <= 0) throw refuse('METAINFO_LENGTH', `a file of ${lengthBytes} bytes is no image`);
  if (integerOfSpan(need(info, 'length', 'info'), 'length') !== lengthBytes) {
    throw refuse('METAINFO_LENGTH', 'version 1 and 2 of the torrent tell different lengths');
  }
  const piecesRoot = new Uint8Array(bytesOfSpan(need(file, 'pieces root', 'file tree'), 'pieces root'));
  if (piecesRoot.length !== SHA256_BYTES) throw refuse('METAINFO_ROOT', `a pieces root of ${piecesRoot.length} bytes`);
  return { name, lengthBytes, piecesRoot };
}

function imageFacts(info: Map<string, Uint8Array>): ImageFacts {
  const span = info.get('viver');
  if (span === undefined) {
    throw refuse('METAINFO_NOT_VIVER', 'a torrent without the `viver` key: not an image of Viver');
  }
  const facts = dictionarySpans(span);
  return {
    label: textOfSpan(need(facts, 'label', 'viver'), 'label'),
    kernelRelease: textOfSpan(need(facts, 'kernel', 'viver'), 'kernel'),
    architecture: textOfSpan(need(facts, 'arch', 'viver'), 'arch'),
  };
}

function pieceLayerOf(top: Map<string, Uint8Array>, core: MetainfoCore): Uint8Array {
  const layers = dictionarySpans(need(top, 'piece layers', 'METAINFO'));
  // BEP 52: only files larger than one piece have an entry; the hash of the only piece is the root itself.
  if (core.pieceCount === 1) return core.piecesRoot;
  const layer = layers.get(Buffer.from(core.piecesRoot).toString('latin1'));
  if (layer === undefined) throw refuse('METAINFO_LAYER', 'the piece layer of the file is missing');
  return bytesOfSpan(layer, 'piece layer');
}

function bootTraceOf(
  span: Uint8Array | undefined,
  pieceCount: number,
): Pick<Metainfo, 'bootTrace' | 'bootTraceRefusal'> {
  if (span === undefined) return {};
  try {
    return { bootTrace: decodeBootTrace(bytesOfSpan(span, TRACE_KEY), pieceCount) };
  } catch (error) {
    if (!(error instanceof ViverError)) throw error;
    return { bootTraceRefusal: errorLine(error) };
  }
}

function need(dictionary: Map<string, Uint8Array>, key: string, where: string): Uint8Array {
  const span = dictionary.get(key);
  if (span === undefined) throw refuse('METAINFO_MISSING', `\`${key}\` is missing in ${where}`);
  return span;
}

/** Text that is shown and used in file names: UTF-8, not empty, no control characters. */
function textOfSpan(span: Uint8Array, what: string): string {
  const bytes = bytesOfSpan(span, what);
  checkText(bytes, what);
  return new TextDecoder().decode(bytes);
}

/** Throws `METAINFO_TEXT` unless `bytes` are 1 to 255 bytes of UTF-8 without control characters. */
export function checkText(bytes: Uint8Array, what: string): void {
  if (bytes.length === 0 || bytes.length > MAX_TEXT_BYTES) {
    throw refuse('METAINFO_TEXT', `${what} has ${bytes.length} bytes`);
  }
  if (bytes.some((byte) => byte < 0x20 || byte === 0x7f))
    throw refuse('METAINFO_TEXT', `${what} holds control characters`);
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  if (!sameBytes(new TextEncoder().encode(text), bytes)) throw refuse('METAINFO_TEXT', `${what} is not UTF-8`);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

function refuse(code: string, message: string): ViverError {
  return new ViverError(code, `metainfo: ${message}`);
}
