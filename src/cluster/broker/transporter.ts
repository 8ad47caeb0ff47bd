// MeshTransporter: Moleculer's way onto the wire. Its own TCP transporter has neither key nor encryption and does not notice a member whose plug was pulled
// (docs/decisions/0023-cluster-engine.md); a transporter of one's own is its documented point of extension.

import { Transporters } from 'moleculer';
import { ViverError } from '../../errors.ts';
import type { Frame, FrameKind } from '../mesh/frames.ts';
import { decodePacket, encodePacket, type Packet, type Payload } from './packets.ts';

/** What the transporter needs of the mesh. */
export interface Wire {
  send(id: string, kind: FrameKind, body: string): boolean;
  broadcast(kind: FrameKind, body: string): void;
}

/** What Moleculer's class has and its type declarations do not show. */
interface BaseTransporter {
  readonly broker: { readonly PROTOCOL_VERSION: string; getLocalNodeInfo(): { services: unknown[] } };
  readonly nodeID: string;
  connected: boolean;
  onConnected(wasReconnect: boolean): Promise<void>;
  messageHandler(type: string, packet: { payload: Payload }): Promise<unknown>;
}

type Outgoing = Packet & { readonly target?: string | null };

export class MeshTransporter extends (Transporters.Base as unknown as new () => BaseTransporter) {
  readonly #wire: Wire;

  constructor(wire: Wire) {
    super();
    this.#wire = wire;
  }

  /** The mesh is opened by its owner: the broker is up with nobody there. */
  connect(): Promise<void> {
    return this.onConnected(false);
  }

  disconnect(): Promise<void> {
    this.connected = false;
    return Promise.resolve();
  }

  subscribe(): Promise<void> {
    return Promise.resolve();
  }

  async publish(packet: Outgoing): Promise<void> {
    const frame = encodePacket(packet);
    if (!frame) return;
    if (!packet.target) this.#wire.broadcast(frame.kind, frame.body);
    else if (!this.#wire.send(packet.target, frame.kind, frame.body)) {
      throw new ViverError('CLUSTER_GONE', `${packet.target} is not linked`, { retryable: true });
    }
  }

  /** What came from a member. False when it is no packet of this protocol. */
  take(sender: string, { kind, body }: Frame): boolean {
    const packet = decodePacket(kind, body);
    if (!packet) return false;
    const own = packet.type === 'INFO' ? { services: structuredClone(this.broker.getLocalNodeInfo().services) } : {};
    const payload = { ...packet.payload, ...own, sender, ver: this.broker.PROTOCOL_VERSION };
    void this.messageHandler(packet.type, { payload }).catch(() => {});
    return true;
  }
}
