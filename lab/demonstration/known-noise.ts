// Lines of priority "err" that a stock Debian writes in these virtual machines without Viver too, each with its reason. Whatever is not
// here counts as ours. A boot of the same system from its own disk has none.

export const KNOWN_NOISE: readonly { readonly pattern: RegExp; readonly reason: string }[] = [];

/** Messages of the kernel that would mean harm to the root file system, at any priority. */
export const HARM_PATTERNS: readonly RegExp[] = [
  /I\/O error|Buffer I\/O/,
  /SQUASHFS error/i,
  // drivers/block/nbd.c: a lost or confused connection, and a request that has waited for half a minute (the driver says it from 3 s on)
  /\bnbd\d*: (?:Dead connection|Receive|Send|Connection timed out|Other side returned error|Double reply|Unexpected reply)/,
  /\bnbd\d*: Possible stuck request .*Runtime (?:[3-9]\d|\d{3,}) seconds/,
  /overlayfs: .*(?:fail|error|invalid)/i,
  /Out of memory|oom-kill/,
  /blocked for more than \d+ seconds/,
  /\bBUG:|\bOops\b|general protection fault/,
];
