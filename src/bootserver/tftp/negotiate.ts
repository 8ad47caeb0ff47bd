// Which options of a read request are taken, and with what value. Pure.
// RFC 2348 blksize, RFC 2349 tsize and timeout, RFC 7440 windowsize. An option that is unknown or out of its range is left out of the
// answer, which means "not taken" (RFC 2347); the client then goes on with the default, or gives up by itself.

import type { TftpOptions } from './packet.ts';

export interface TransferLimits {
  /** Largest block that fits a frame unfragmented: MTU 1500 - IP 20 - UDP 8 - TFTP 4. */
  readonly maxBlockBytes: number;
  readonly maxWindowBlocks: number;
}

export interface TransferTerms {
  readonly blockBytes: number;
  readonly windowBlocks: number;
  readonly timeoutMs: number;
  /** What the OACK says; empty: there is none, the first packet is DATA 1. */
  readonly accepted: TftpOptions;
}

/** A lost fragment loses the whole block, so blocks never exceed the usual frame. */
export const DEFAULT_LIMITS: TransferLimits = { maxBlockBytes: 1468, maxWindowBlocks: 64 };

const DEFAULT_BLOCK_BYTES = 512;
const DEFAULT_TIMEOUT_MS = 1000;

/** The terms of a transfer of `sizeBytes` with these options. */
export function negotiate(options: TftpOptions, sizeBytes: number, limits = DEFAULT_LIMITS): TransferTerms {
  const accepted = new Map<string, string>();
  const take = (name: string, min: number, max: number, cap = max): number | undefined => {
    const value = wholeNumber(options.get(name));
    if (value === undefined || value < min || value > max) return undefined;
    const taken = Math.min(value, cap);
    accepted.set(name, String(taken));
    return taken;
  };
  const blockBytes = take('blksize', 8, 65464, limits.maxBlockBytes) ?? DEFAULT_BLOCK_BYTES;
  const timeoutSeconds = take('timeout', 1, 255);
  const windowBlocks = take('windowsize', 1, 65535, limits.maxWindowBlocks) ?? 1;
  // curl takes a size of 0 for an error; without the option it reads the empty file.
  if (options.has('tsize') && sizeBytes > 0) accepted.set('tsize', String(sizeBytes));
  return {
    blockBytes,
    windowBlocks,
    timeoutMs: timeoutSeconds === undefined ? DEFAULT_TIMEOUT_MS : timeoutSeconds * 1000,
    accepted,
  };
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
