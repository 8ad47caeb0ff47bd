// What a `viver field` command says of itself over its control socket.

import type { MemberStatus } from '../control/status.ts';

export interface CommandStatus extends MemberStatus {
  readonly processId: number;
  /** URI of the NBD export. */
  readonly nbd?: string;
  /** Where the image is mounted, and how. */
  readonly mount?: string;
}
