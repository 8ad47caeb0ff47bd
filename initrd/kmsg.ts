// Our lines in the kernel's log: the console shows them, and the real system's journal keeps them.

import { openSync, writeSync } from 'node:fs';
import type { LogLevel, LogSink } from '../src/log.ts';

/** syslog(3) priorities. */
const PRIORITY: Readonly<Record<LogLevel, number>> = { error: 3, warn: 4, info: 6, debug: 7 };
/** The kernel cuts a record at about 1 KiB (LOG_LINE_MAX). */
const MAX_RECORD_BYTES = 900;

/** A sink that writes one record for each line to `/dev/kmsg`. A full or closed log loses the line, never the caller. */
export function kmsgSink(path = '/dev/kmsg'): LogSink {
  const descriptor = openSync(path, 'w');
  return (level, area, message) => {
    const record = Buffer.from(`<${PRIORITY[level]}>viver: ${area ? `${area}: ` : ''}${message}`);
    try {
      writeSync(descriptor, record.subarray(0, MAX_RECORD_BYTES));
    } catch {
      // Nowhere is left to say it.
    }
  };
}
