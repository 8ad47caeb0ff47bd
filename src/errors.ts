// The one error class that crosses rooms. Expected refusals are return values; a ViverError is bad input or a failed effect.

/** Facts that help to find the cause: where in the input, which path, which number. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean>>;

/** An error whose message is one line for a person and whose code is stable for programs (`NBD_BAD_MAGIC`). */
export class ViverError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly details: ErrorDetails;

  /**
   * @param code ROOM_REASON in capitals, listed in docs/errors.md.
   * @param message One line: what is wrong and where.
   */
  constructor(
    code: string,
    message: string,
    options: { retryable?: boolean; details?: ErrorDetails; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ViverError';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
  }
}

/** One line for a log or a terminal, whatever was thrown. */
export function errorLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0] ?? '';
}
