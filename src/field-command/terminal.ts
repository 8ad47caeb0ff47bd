// What a field command says: what it is on standard output, one `name value` line each, for people and scripts; what happens on standard error, one line each.

import { createLog, type Log, type LogLevel } from '../log.ts';

const NAME_COLUMNS = 10;

/** @param isJournal systemd's journal has its own clock. */
export function terminalLog(minimum: LogLevel, isJournal: boolean): Log {
  return createLog(
    (level, area, message) => {
      const time = isJournal ? '' : `${new Date().toTimeString().slice(0, 8)} `;
      const weight = level === 'info' ? '' : `${level}: `;
      process.stderr.write(`${time}${area ? `${area}: ` : ''}${weight}${message}\n`);
    },
    '',
    minimum,
  );
}

export function sayFact(name: string, value: string | number): void {
  process.stdout.write(formatFact(name, value));
}

/** One line: the name, then the value from the same column in all lines. */
export function formatFact(name: string, value: string | number): string {
  return `${name.padEnd(NAME_COLUMNS)} ${value}\n`;
}
