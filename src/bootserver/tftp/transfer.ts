// One file on its way to one client, as a state machine: step(state, event) -> [state, actions]. Pure; sockets and clock are outside.
// RFC 1350 with the window of RFC 7440: at most `windowBlocks` blocks are under way, an ACK in the middle of them means that the next
// one was lost, and sending goes on from there. Blocks are counted without end here; the wire has their low 16 bits (they go
// from 65535 to 0). A repeated ACK never makes a lock-step transfer send again (RFC 1123 4.2.3.1: every packet would be doubled).

import type { TransferTerms } from './negotiate.ts';

export interface TransferState {
  readonly terms: TransferTerms;
  /** Number of the last block, which is shorter than the others, perhaps empty. The first is 1. */
  readonly lastBlock: number;
  /** `oack`: the options are sent, ACK 0 is waited for. */
  readonly phase: 'new' | 'oack' | 'data' | 'done' | 'failed';
  /** Highest block that the client has. */
  readonly acked: number;
  /** Highest block that was sent since then; may be set back. */
  readonly sent: number;
  /** Time-outs without progress. */
  readonly silences: number;
  /** A repeated ACK came for the window under way; it is sent again if nothing follows shortly. */
  readonly gap: 'none' | 'suspected' | 'resent';
}

export type TransferEvent =
  | { readonly kind: 'start' }
  | { readonly kind: 'ack'; readonly block: number }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'error'; readonly message: string };

export type TransferAction =
  | { readonly kind: 'send-oack' }
  /** Blocks `first` to `last`, absolute numbers. */
  | { readonly kind: 'send-blocks'; readonly first: number; readonly last: number }
  /** Replaces the timer that runs; at its end comes the event `timeout`. */
  | { readonly kind: 'set-timer'; readonly ms: number }
  | { readonly kind: 'end'; readonly outcome: 'done' | 'refused' | 'silent'; readonly message?: string };

export type TransferStep = readonly [TransferState, readonly TransferAction[]];

const MAX_SILENCES = 8;
/** Longer than a round trip on a cable, shorter than a person notices. */
const GAP_MS = 30;

/** A transfer that is ready to start. */
export function newTransfer(terms: TransferTerms, sizeBytes: number): TransferState {
  const lastBlock = Math.floor(sizeBytes / terms.blockBytes) + 1;
  return { terms, lastBlock, phase: 'new', acked: 0, sent: 0, silences: 0, gap: 'none' };
}

/** What happens next. */
export function step(state: TransferState, event: TransferEvent): TransferStep {
  if (state.phase === 'done' || state.phase === 'failed') return [state, []];
  switch (event.kind) {
    case 'start':
      return start(state);
    case 'ack':
      return onAck(state, event.block);
    case 'timeout':
      return onTimeout(state);
    case 'error':
      return [{ ...state, phase: 'failed' }, [{ kind: 'end', outcome: 'refused', message: event.message }]];
  }
}

function start(state: TransferState): TransferStep {
  if (state.phase !== 'new') return [state, []];
  if (state.terms.accepted.size === 0) return sendWindow({ ...state, phase: 'data' });
  return [{ ...state, phase: 'oack' }, [{ kind: 'send-oack' }, timer(state)]];
}

/** Sends all that the window allows behind `sent`. */
function sendWindow(state: TransferState): TransferStep {
  const last = Math.min(state.acked + state.terms.windowBlocks, state.lastBlock);
  const actions: TransferAction[] = [];
  if (last > state.sent) actions.push({ kind: 'send-blocks', first: state.sent + 1, last });
  return [{ ...state, sent: Math.max(last, state.sent) }, [...actions, timer(state)]];
}

const sendAgain = (state: TransferState): TransferStep => sendWindow({ ...state, sent: state.acked });

function onAck(state: TransferState, wireBlock: number): TransferStep {
  if (state.phase === 'new') return [state, []];
  if (state.phase === 'oack')
    return wireBlock === 0 ? sendWindow({ ...state, phase: 'data', silences: 0 }) : [state, []];
  const acked = absoluteBlock(state, wireBlock);
  if (acked === undefined) return [state, []];
  if (acked === state.acked) return onRepeatedAck(state);
  if (acked === state.lastBlock) return [{ ...state, acked, phase: 'done' }, [{ kind: 'end', outcome: 'done' }]];
  return sendAgain({ ...state, acked, silences: 0, gap: 'none' });
}

/** The block that a 16-bit number means: the one from `acked` to `sent` with these low bits, or none. */
function absoluteBlock(state: TransferState, wireBlock: number): number | undefined {
  const block = state.acked + ((wireBlock - state.acked) & 0xffff);
  return block <= state.sent ? block : undefined;
}

/**
 * With a window, a repeated ACK may say that the first block of it was lost, or be an echo of an earlier repetition. It is waited
 * for a moment: an echo is followed by progress. One repetition for each window; after that only the time-out counts.
 */
function onRepeatedAck(state: TransferState): TransferStep {
  if (state.terms.windowBlocks === 1 || state.gap !== 'none') return [state, []];
  return [{ ...state, gap: 'suspected' }, [{ kind: 'set-timer', ms: GAP_MS }]];
}

function onTimeout(state: TransferState): TransferStep {
  if (state.gap === 'suspected') return sendAgain({ ...state, gap: 'resent' });
  const silences = state.silences + 1;
  if (silences > MAX_SILENCES) {
    return [{ ...state, phase: 'failed' }, [{ kind: 'end', outcome: 'silent', message: 'no answer any more' }]];
  }
  const next = { ...state, silences, gap: 'none' as const };
  return state.phase === 'oack' ? [next, [{ kind: 'send-oack' }, timer(next)]] : sendAgain(next);
}

/** 1, 1, 2, 2, 4, 4, ... times the agreed time: a client that is busy for long is not given up, nor flooded. */
function timer(state: TransferState): TransferAction {
  return { kind: 'set-timer', ms: state.terms.timeoutMs * Math.min(4, 2 ** (state.silences >> 1)) };
}
