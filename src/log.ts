// Logging: one line per decision, with its reason. Where lines go is the caller's choice (terminal, /dev/kmsg, a test's array).

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Takes one finished line. `area` is the part of Viver that speaks, such as `dhcp` or `vfield/peer`. */
export type LogSink = (level: LogLevel, area: string, message: string) => void;

export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
  /** A log for a part of this part: `log.child('peer')` of `vfield` speaks as `vfield/peer`. */
  child(area: string): Log;
}

/** Makes a log that sends what is at least `minimum` to `sink`; line breaks are folded, so that one message is one line. */
export function createLog(sink: LogSink, area = '', minimum: LogLevel = 'info'): Log {
  const least = LOG_LEVELS.indexOf(minimum);
  const at = (level: LogLevel) => (message: string) => {
    if (LOG_LEVELS.indexOf(level) >= least) sink(level, area, message.replace(/\s*\n\s*/g, ' | '));
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (name) => createLog(sink, area ? `${area}/${name}` : name, minimum),
  };
}

/** A log that says nothing, for callers that do not care. */
export const silentLog: Log = createLog(() => {});
