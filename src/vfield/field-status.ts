// How a field is, as plain data: what `viver status`, the dashboard and the lab read. Pure.

import type { FieldSource } from './field-source.ts';
import type { Metainfo } from './metainfo.ts';
import type { Peer } from './peer/peer.ts';
import type { Swarm } from './swarm.ts';

export interface FieldPeerStatus {
  /** `host:port`, where it can be connected to if that is known. */
  readonly address: string;
  readonly id: string;
  /** One of our nodes: where it serves from. Undefined for other BitTorrent clients. */
  readonly kind?: 'medium' | 'ram';
  readonly client: string;
  readonly shareBytes: number;
  /** Pieces that it has announced. */
  readonly held: number;
  readonly bytesFrom: number;
  readonly bytesTo: number;
  /** Usual time for a piece, in ms, and bytes per second while it gives one: what reads choose by. */
  readonly pieceMs: number;
  readonly bytesPerSecond: number;
}

export interface FieldStatus {
  /** Hex of the SHA-256 info hash. */
  readonly infoHash: string;
  /** This node's id among the members. */
  readonly id: string;
  readonly kind: 'medium' | 'ram';
  readonly sizeBytes: number;
  readonly pieces: number;
  /** Pieces in this node's RAM, and how many of them are announced. */
  readonly held: number;
  readonly kept: number;
  /** Pieces kept here that nobody else in reach has, be it on a medium. */
  readonly onlyHere: number;
  /** Pieces that placement gives to this node. */
  readonly owned: number;
  readonly shareBytes: number;
  /** RAM that the store takes now, transfers included. */
  readonly storeBytes: number;
  readonly copies: {
    /** Copies of the rarest piece in the RAM of the room, ours included; at 1, every medium may be pulled. */
    readonly min: number;
    /** Copies that placement aims at; 0 while the room's RAM cannot hold the image. */
    readonly target: number;
  };
  readonly bytesFrom: { readonly local: number; readonly peers: Readonly<Record<string, number>> };
  /** Pieces of the boot trace that is known; 0 for none. */
  readonly bootTracePieces: number;
  /** Reads so far, and how many of them found a piece missing in RAM and had to wait. */
  readonly reads: { readonly all: number; readonly waited: number };
  /** Reads not answered yet, and pieces they wait for. */
  readonly waitingReads: number;
  readonly waitingPieces: number;
  readonly peers: readonly FieldPeerStatus[];
}

export function fieldStatus(metainfo: Metainfo, swarm: Swarm, source: FieldSource): FieldStatus {
  const { store, keeper, member } = swarm;
  return {
    infoHash: metainfo.infoHashV2.toHex(),
    id: member.id,
    kind: member.kind,
    sizeBytes: metainfo.lengthBytes,
    pieces: metainfo.pieceCount,
    held: store.held,
    kept: store.kept.count,
    onlyHere: swarm.availability.countAlone(store.kept),
    owned: keeper.owned.count,
    shareBytes: member.shareBytes,
    storeBytes: store.allocatedBytes,
    copies: { min: swarm.availability.leastCopies(store.kept), target: keeper.placement?.copies ?? 0 },
    bytesFrom: { local: source.localBytes, peers: bytesFromPeers(swarm) },
    bootTracePieces: swarm.bootTrace.pieces.length,
    reads: { all: source.reads, waited: source.waited },
    waitingReads: source.waitingReads,
    waitingPieces: swarm.requests.waitingPieces,
    peers: Array.from(swarm.connections.peers.values(), (peer) => peerStatus(peer, metainfo.pieceBytes)),
  };
}

/** Only who gave something: who merely connected to us is known by a passing port. */
function bytesFromPeers(swarm: Swarm): Record<string, number> {
  const bytes = new Map(swarm.bytesFromGone);
  for (const peer of swarm.connections.peers.values()) {
    bytes.set(peer.address, (bytes.get(peer.address) ?? 0) + peer.bytesFrom);
  }
  return Object.fromEntries([...bytes].filter(([, count]) => count > 0));
}

function peerStatus(peer: Peer, pieceBytes: number): FieldPeerStatus {
  return {
    address: peer.address,
    id: peer.id,
    ...(peer.member ? { kind: peer.member.kind } : {}),
    client: peer.client,
    shareBytes: peer.member?.shareBytes ?? 0,
    held: peer.has.count,
    bytesFrom: peer.bytesFrom,
    bytesTo: peer.bytesTo,
    pieceMs: Math.round(peer.rating.expectedMs(pieceBytes, peer.member !== undefined) * 100) / 100,
    bytesPerSecond: Math.round(peer.rating.bytesPerSecond),
  };
}
