// One file on its way to one client, as a state machine: step(state, event) -> [state, actions]. Pure; sockets and clock are outside.
// RFC 1350 with the window of RFC 7440: at most `windowBlocks` blocks are under way, an ACK in the middle of them means that the next
// one was lost, and sending goes on from there. Blocks are counted without end here; the wire has their low 16 bits (they go
// from 65535 to 0). A repeated ACK never makes a lock-step transfer send again (RFC 1123 4.2.3.1: every packet would be doubled).
// How long to wait for an ACK follows from the round trips measured so far (RFC 6298), since a second lost for each lost packet is
// most of a transfer's time on a bad cable.

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
  /** Time-outs since the last progress, and when that was. */
  readonly silences: number;
  readonly progressAtMs: number;
  /** When the window under way was sent; undefined when a part of it was sent twice, so that an ACK measures nothing. */
  readonly sentAtMs: number | undefined;
  readonly roundTrip: { readonly meanMs: number; readonly deviationMs: number } | undefined;
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

/** A client that says nothing for so long is gone: a machine that writes to a slow disk comes back before. */
const PATIENCE_MS = 20_000;
/** No sooner than this is anything sent again (with RFC 6298's one second, transfers stand still most of the time). */
const MIN_WAIT_MS = 100;
/** The first wait, when nothing is measured yet. */
const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 4000;
/** Longer than a round trip on a cable, shorter than a person notices. */
const GAP_MS = 30;

/** A transfer that is ready to start. */
export function newTransfer(terms: TransferTerms, sizeBytes: number): TransferState {
  const lastBlock = Math.floor(sizeBytes / terms.blockBytes) + 1;
  const quiet = { silences: 0, progressAtMs: 0, sentAtMs: undefined, roundTrip: undefined, gap: 'none' } as const;
  return { terms, lastBlock, phase: 'new', acked: 0, sent: 0, ...quiet };
}

/** What happens next. `nowMs` is of any clock that never goes back. */
export function step(state: TransferState, event: TransferEvent, nowMs: number): TransferStep {
  if (state.phase === 'done' || state.phase === 'failed') return [state, []];
  switch (event.kind) {
    case 'start':
      return start(state, nowMs);
    case 'ack':
      return onAck(state, event.block, nowMs);
    case 'timeout':
      return onTimeout(state, nowMs);
    case 'error':
      return [{ ...state, phase: 'failed' }, [{ kind: 'end', outcome: 'refused', message: event.message }]];
  }
}

function start(state: TransferState, nowMs: number): TransferStep {
  if (state.phase !== 'new') return [state, []];
  const started = { ...state, progressAtMs: nowMs };
  if (state.terms.accepted.size === 0) return sendWindow({ ...started, phase: 'data' }, nowMs);
  return [{ ...started, phase: 'oack', sentAtMs: nowMs }, [{ kind: 'send-oack' }, timer(started)]];
}

/** Sends all that the window allows behind `sent`, for the first time. */
function sendWindow(state: TransferState, nowMs: number): TransferStep {
  const first = state.sent + 1;
  const last = Math.min(state.acked + state.terms.windowBlocks, state.lastBlock);
  const next = { ...state, sent: last, sentAtMs: nowMs };
  return [next, [{ kind: 'send-blocks', first, last }, timer(next)]];
}

/** Sends the window again. Whose ACK comes next is not known, so it measures nothing (Karn's rule, RFC 6298 3). */
function sendAgain(state: TransferState, nowMs: number): TransferStep {
  const [next, actions] = sendWindow({ ...state, sent: state.acked }, nowMs);
  return [{ ...next, sentAtMs: undefined }, actions];
}

function onAck(state: TransferState, wireBlock: number, nowMs: number): TransferStep {
  if (state.phase === 'new') return [state, []];
  if (state.phase === 'oack') {
    if (wireBlock !== 0) return [state, []];
    return sendWindow({ ...progress(state, nowMs), phase: 'data' }, nowMs);
  }
  const acked = absoluteBlock(state, wireBlock);
  if (acked === undefined) return [state, []];
  if (acked === state.acked) return onRepeatedAck(state);
  if (acked === state.lastBlock) return [{ ...state, acked, phase: 'done' }, [{ kind: 'end', outcome: 'done' }]];
  if (acked === state.sent) return sendWindow({ ...progress(state, nowMs), acked }, nowMs);
  return sendAgain({ ...state, acked, silences: 0, progressAtMs: nowMs, gap: 'none' }, nowMs);
}

/** All that was sent has arrived: a round trip is measured (RFC 6298 2.3). */
function progress(state: TransferState, nowMs: number): TransferState {
  const next = { ...state, silences: 0, progressAtMs: nowMs, gap: 'none' as const };
  if (state.sentAtMs === undefined) return next;
  const sampleMs = nowMs - state.sentAtMs;
  const before = state.roundTrip;
  if (!before) return { ...next, roundTrip: { meanMs: sampleMs, deviationMs: sampleMs / 2 } };
  const deviationMs = (before.deviationMs * 3 + Math.abs(before.meanMs - sampleMs)) / 4;
  return { ...next, roundTrip: { meanMs: (before.meanMs * 7 + sampleMs) / 8, deviationMs } };
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

function onTimeout(state: TransferState, nowMs: number): TransferStep {
  if (state.gap === 'suspected') return sendAgain({ ...state, gap: 'resent' }, nowMs);
  if (nowMs - state.progressAtMs >= PATIENCE_MS) {
    return [{ ...state, phase: 'failed' }, [{ kind: 'end', outcome: 'silent', message: 'no answer any more' }]];
  }
  const next = { ...state, silences: state.silences + 1, sentAtMs: undefined, gap: 'none' as const };
  return state.phase === 'oack' ? [next, [{ kind: 'send-oack' }, timer(next)]] : sendAgain(next, nowMs);
}

/**
 * The wait that was measured, twice as long after each silence. The client's `timeout` option (RFC 2349) only makes it shorter: who
 * asks for six seconds, as curl does, is not served worse by hearing again after one.
 */
function timer(state: TransferState): TransferAction {
  const measured = state.roundTrip && state.roundTrip.meanMs + 4 * state.roundTrip.deviationMs;
  const longest = Math.min(state.terms.timeoutMs, FIRST_WAIT_MS);
  const waitMs = Math.min(Math.max(measured ?? longest, MIN_WAIT_MS), longest);
  return { kind: 'set-timer', ms: Math.min(waitMs * 2 ** state.silences, MAX_WAIT_MS) };
}
