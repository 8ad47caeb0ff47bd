// Mesh: links from this member to each other member of the room. Owns the listening port, the links by member, the address book and the dialing; what frames
// mean beyond hello and addresses is its owner's business.
//
// Membership spreads by gossip of addresses: who links gets the addresses of the other's neighbours, and every few seconds one neighbour by chance is told
// them again. Nobody is believed about anybody else: what is true of a member comes from that member alone, over its own link.

import type { Server, TLSSocket } from 'node:tls';
import { ViverError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { AddressBook } from './address-book.ts';
import { decodeAddresses, encodeAddresses, splitAddress, withPort } from './addresses.ts';
import { Admission, MAX_LINKS } from './admission.ts';
import { FRAME_KINDS, type Frame, type FrameKind } from './frames.ts';
import { encodeHello, type Hello } from './hello.ts';
import { Link, type LinkOwner } from './link.ts';
import { HANDSHAKE_MS, linkKey, provesKey, secureServer, secureSocket } from './secure-sockets.ts';
import { prefersNew } from './twins.ts';

const TICK_MS = 250;
const MAX_DIALING = 16;
const GOSSIP_MS = 5000;
/** A member that was not heard for so long is lost. It says something at least every two seconds. */
export const SILENCE_MS = 5000;
/** A member whose link broke has so long to make a new one. */
export const RELINK_MS = 1500;

export interface MeshOptions {
  readonly id: string;
  readonly key: Uint8Array;
  readonly address: string;
  readonly port: number;
  readonly log: Log;
  /** A member is linked, or linked anew; said before anything of it is heard. */
  linked(id: string): void;
  frame(id: string, frame: Frame): void;
  /** Nothing was heard of a member for too long, or its link broke for good. */
  lost(id: string): void;
}

export class Mesh implements LinkOwner {
  readonly #options: MeshOptions;
  readonly #key: Buffer;
  readonly #address: string;
  readonly #book = new AddressBook();
  readonly #links = new Map<string, Link>();
  readonly #all = new Set<Link>();
  readonly #broken = new Map<string, NodeJS.Timeout>();
  readonly #server: Server;
  readonly #admission = new Admission();
  #timer: NodeJS.Timeout | undefined;
  #lastTick = performance.now();
  #gossipAt = performance.now() + GOSSIP_MS;

  /** @throws ViverError CLUSTER_BAD_KEY */
  constructor(options: MeshOptions) {
    this.#options = options;
    this.#key = linkKey(options.key);
    this.#address = `${options.address}:${options.port}`;
    this.#book.isSelf(this.#address);
    this.#server = secureServer(this.#key);
    this.#server.maxConnections = MAX_LINKS;
    this.#server.on('connection', (socket) => this.#admission.admit(socket));
    this.#server.on('tlsClientError', (error, socket) => this.#refuse(error, socket));
    this.#server.on('secureConnection', (socket) => this.#welcome(socket));
  }

  /** @throws ViverError CLUSTER_LISTEN */
  async open(): Promise<void> {
    const { address, port, log } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause) =>
        reject(new ViverError('CLUSTER_LISTEN', `${address}:${port}: ${cause.message}`, { cause })),
      );
      this.#server.listen(port, address, resolve);
    });
    this.#server.on('error', (error) => log.warn(error.message));
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Ids of the members that are linked. */
  get ids(): IterableIterator<string> {
    return this.#links.keys();
  }

  has(id: string): boolean {
    return this.#links.has(id);
  }

  /** Sends to one member; false when there is no link to it. @throws ViverError CLUSTER_TOO_LARGE */
  send(id: string, kind: FrameKind, body: string): boolean {
    const link = this.#links.get(id);
    link?.send(kind, body);
    return link !== undefined;
  }

  /** Sends to all. */
  broadcast(kind: FrameKind, body: string): void {
    for (const link of this.#links.values()) link.send(kind, body);
  }

  /** Addresses to try, named by the owner. */
  meet(addresses: readonly string[]): void {
    for (const text of addresses) {
      const address = withPort(text, this.#options.port);
      if (address) this.#book.add(address, true, performance.now());
      else this.#options.log.warn(`'${text}' is no address`);
    }
    if (this.#timer) this.#dial();
  }

  /** Ends the link of a member that said farewell. */
  dismiss(id: string): void {
    const link = this.#links.get(id);
    if (!link) return;
    this.#links.delete(id);
    for (const address of addressesOf(link)) this.#book.forget(address, performance.now());
    link.close('farewell');
  }

  async close(): Promise<void> {
    this.#stop();
    for (const link of this.#all) link.finish();
    await new Promise((resolve) => setTimeout(resolve, 50));
    this.abandon();
  }

  /** Drops all at once, as a machine does whose plug is pulled. */
  abandon(): void {
    this.#stop();
    for (const link of this.#all) link.close('closed');
    this.#server.close();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const timer of this.#broken.values()) clearTimeout(timer);
    this.#links.clear();
  }

  hello(link: Link, peer: Hello): void {
    const { id, log } = this.#options;
    if (peer.id === id) {
      if (link.dialed) this.#book.isSelf(link.dialed);
      link.close('this member itself');
      return;
    }
    if (splitAddress(peer.address).host !== link.remoteHost) {
      link.close(`says it is at ${peer.address}, and is at ${link.remoteHost}`);
      return;
    }
    const before = this.#links.get(peer.id);
    if (before && !prefersNew(before, link, id, peer.id)) {
      link.close('a second link');
      return;
    }
    this.#links.set(peer.id, link);
    before?.close('a second link');
    clearTimeout(this.#broken.get(peer.id));
    this.#broken.delete(peer.id);
    for (const address of addressesOf(link)) this.#book.linked(address, performance.now());
    log.debug(`${peer.id} at ${peer.address} is linked`);
    this.#tellAddresses(link);
    this.#options.linked(peer.id);
  }

  frame(link: Link, frame: Frame): void {
    if (this.#links.get(link.peer!.id) !== link) return;
    if (frame.kind !== FRAME_KINDS.addresses) {
      this.#options.frame(link.peer!.id, frame);
      return;
    }
    for (const address of decodeAddresses(frame.body)) this.#book.add(address, false, performance.now());
    this.#dial();
  }

  closed(link: Link, reason: string): void {
    this.#all.delete(link);
    const { peer } = link;
    if (link.dialed) this.#book.failed(link.dialed, performance.now());
    if (!peer || this.#links.get(peer.id) !== link) return;
    this.#links.delete(peer.id);
    this.#options.log.debug(`the link to ${peer.id} ended: ${reason}`);
    for (const address of addressesOf(link)) this.#book.unlinked(address, performance.now());
    this.#broken.set(
      peer.id,
      setTimeout(() => this.#lose(peer.id), RELINK_MS),
    );
    this.#dial();
  }

  #lose(id: string): void {
    this.#broken.delete(id);
    if (!this.#links.has(id)) this.#options.lost(id);
  }

  #tick(): void {
    const now = performance.now();
    // After a pause of this very thread nobody's silence means anything: what they said may still be unread.
    const wasPaused = now - this.#lastTick > 4 * TICK_MS;
    this.#lastTick = now;
    for (const [id, link] of this.#links) {
      if (wasPaused) link.heardAt = now;
      else if (now - link.heardAt > SILENCE_MS) this.#giveUp(id, link);
    }
    this.#dial();
    if (now > this.#gossipAt) this.#gossip(now);
  }

  #giveUp(id: string, link: Link): void {
    link.close('silent');
    clearTimeout(this.#broken.get(id));
    this.#lose(id);
  }

  #gossip(now: number): void {
    this.#gossipAt = now + GOSSIP_MS * (0.75 + Math.random() / 2);
    const links = [...this.#links.values()];
    const link = links[Math.floor(Math.random() * links.length)];
    if (link && links.length > 1) this.#tellAddresses(link);
  }

  #tellAddresses(to: Link): void {
    const others = [...this.#links.values()].filter((link) => link !== to).map((link) => link.peer!.address);
    if (others.length > 0) to.send(FRAME_KINDS.addresses, encodeAddresses(others));
  }

  #dial(): void {
    const now = performance.now();
    const room = Math.min(MAX_DIALING - this.#book.dialing, MAX_LINKS - this.#all.size);
    for (const address of this.#book.due(now, room)) this.#connect(address);
  }

  #connect(address: string): void {
    const { host, port } = splitAddress(address);
    const socket = secureSocket(this.#key, host, port, this.#options.address);
    const failed = () => this.#book.failed(address, performance.now());
    const timer = setTimeout(() => socket.destroy(), HANDSHAKE_MS);
    socket.once('close', failed).once('close', () => clearTimeout(timer));
    // What failed is in the address book; a refusal by somebody without the key is no news.
    socket.on('error', () => {});
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      if (!provesKey(socket) || !this.#timer) return socket.destroy();
      socket.off('close', failed);
      this.#welcome(socket, address);
    });
  }

  #welcome(socket: TLSSocket, dialed?: string): void {
    const link = new Link(socket, dialed, this);
    this.#all.add(link);
    link.send(FRAME_KINDS.hello, encodeHello({ id: this.#options.id, address: this.#address }));
  }

  #refuse(error: Error, socket: TLSSocket): void {
    this.#options.log.debug(`refused: ${error.message.trim()}`);
    socket.destroy();
  }
}

/** Where it was dialed and where it says it is: mostly the same. */
function addressesOf({ peer, dialed }: Link): Set<string> {
  return new Set([peer!.address, ...(dialed ? [dialed] : [])]);
}
