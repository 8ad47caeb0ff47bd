// The DHCP engine on one network interface: packets in, decisions, packets out, and a count of everything by its reason.
// Owns nothing but the counts and the list of requests being answered; addresses and boot choices come from the policy.

import { errorLine, ViverError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Arrival } from './classify.ts';
import { type Decision, decide } from './decide.ts';
import { DhcpPort, messageTypeName } from './option-codes.ts';
import { type DhcpPacket, decodePacket, encodePacket, formatPacket, messageTypeOf } from './packet.ts';
import type { DhcpMode, DhcpPolicy } from './policy.ts';
import { openUdpPort, type UdpPort } from './udp-port.ts';

export interface DhcpServerOptions extends DhcpPolicy {
  readonly nic?: string;
  readonly bindToDevice?: (fd: number, nic: string) => void;
  readonly log: Log;
  /** Told of every decision, for progress displays. */
  readonly onDecision?: (request: DhcpPacket, decision: Decision) => void;
}

export interface DhcpServer {
  /** How often each thing happened: `offer`, `ack`, `ignored: no address left`, `bad: DHCP_SHORT`, ... */
  counts(): Record<string, number>;
  readonly mode: DhcpMode;
  /** Becomes full server or proxy from the next request on. */
  setMode(mode: DhcpMode): void;
  close(): Promise<void>;
}

/** Requests under way at once; an address book that hangs must not eat the memory. */
const MAX_PENDING = 1024;

/** Opens ports 67 and 4011 and answers until closed. Rejects with ViverError DHCP_PORT. */
export async function startDhcpServer(options: DhcpServerOptions): Promise<DhcpServer> {
  const engine = createEngine(options);
  const port: UdpPort = await openUdpPort({
    ports: [DhcpPort.server, DhcpPort.bootService],
    serverAddress: options.serverAddress,
    nic: options.nic,
    bindToDevice: options.bindToDevice,
    onPacket: (bytes, arrival) => void engine.handle(bytes, arrival, (reply, to) => port.send(reply, to, arrival.port)),
    log: options.log,
  });
  options.log.info(`${options.mode} on ${options.nic ?? 'all interfaces'} as ${options.serverAddress}`);
  return {
    counts: engine.counts,
    get mode() {
      return engine.mode();
    },
    setMode: engine.setMode,
    close: () => port.close(),
  };
}

type Send = (bytes: Uint8Array, to: Extract<Decision, { kind: 'reply' }>['to']) => void;

/** The engine without sockets: what tests feed packets to. handle() never rejects. */
export function createEngine(options: Omit<DhcpServerOptions, 'nic' | 'bindToDevice'>) {
  const counts = new Map<string, number>();
  const pending = new Set<string>();
  let mode = options.mode;
  const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);

  async function handle(bytes: Uint8Array, arrival: Arrival, send: Send): Promise<void> {
    const request = tryDecode(bytes, count, options.log);
    if (!request) return;
    // A client that asks again while its first question is being answered (an address is being probed) gets one answer.
    const key = `${request.mac} ${request.xid} ${messageTypeOf(request)} ${arrival.port}`;
    if (pending.has(key) || pending.size >= MAX_PENDING) {
      count(`ignored: ${pending.has(key) ? 'being answered already' : 'too many at once'}`);
      return;
    }
    pending.add(key);
    try {
      const decision = await decide(request, arrival, {
        ...options,
        bootFor: (client) => options.bootFor(client),
        mode,
      });
      carryOut(request, decision, send);
    } catch (error) {
      count('failed');
      options.log.error(`${formatPacket(request)}: ${errorLine(error)}`);
    } finally {
      pending.delete(key);
    }
  }

  function carryOut(request: DhcpPacket, decision: Decision, send: Send): void {
    if (decision.kind === 'reply') {
      send(encodePacket(decision.packet), decision.to);
      count(messageTypeName(messageTypeOf(decision.packet) ?? 0));
      options.log.info(`${request.mac}: ${decision.summary} (${decision.to.how})`);
    } else if (decision.kind === 'noted') {
      count('noted');
      options.log.info(`${request.mac}: ${decision.note}`);
    } else {
      count(`ignored: ${decision.reason}`);
      options.log.debug(`${request.mac}: ignored, ${decision.reason}${decision.detail ? ` (${decision.detail})` : ''}`);
    }
    options.onDecision?.(request, decision);
  }

  return {
    handle,
    counts: () => Object.fromEntries(counts),
    mode: () => mode,
    setMode: (next: DhcpMode) => {
      if (next !== mode) options.log.info(`changes from ${mode} to ${next}`);
      mode = next;
    },
  };
}

function tryDecode(bytes: Uint8Array, count: (what: string) => void, log: Log): DhcpPacket | undefined {
  try {
    return decodePacket(bytes);
  } catch (error) {
    count(`bad: ${error instanceof ViverError ? error.code : 'unexpected'}`);
    log.debug(`packet dropped: ${errorLine(error)}`);
    return undefined;
  }
}
