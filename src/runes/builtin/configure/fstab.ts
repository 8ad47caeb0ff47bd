// Rune fstab: the disks of the machine that the image was made from are not there, or are not ours to touch; systemd would wait 90 s for each
// and then stop at an emergency shell. Their lines become comments; the root is the union that is mounted already. What this PC has of its own,
// swap and partitions that are asked for, gets lines that no boot waits for. fstab(5).

import * as z from 'zod/mini';
import { defineRune } from '../../contract/rune.ts';
import { addEntries, rewriteFstab } from './fstab-entries.ts';
import { planPartitions } from './local-partitions.ts';

const source = z.string().check(z.regex(/^(none|LABEL=.+|UUID=.+)$/, "'none', LABEL=… or UUID=… is wanted"));

const settings = z.object({
  swap: z._default(z.enum(['found', 'none']), 'found').check(z.describe('swap partitions of the PC: used, or not')),
  home: z
    .optional(source)
    .check(
      z.describe(
        'file system for /home: LABEL=…, UUID=… or none; unset: the one labelled viver-home on a built-in drive, if any',
      ),
    ),
  scratch: z.optional(source).check(z.describe('the same for /scratch; unset: the one labelled viver-tmp')),
});

export const fstab = defineRune({
  name: 'fstab',
  version: 1,
  stage: 'configure',
  summary: "an fstab with this PC's swap, without the disks of the machine that the image was made from",
  offers: [],
  needs: [],
  settings,
  async start({ facts, files, log, settings: wishes }) {
    const { text, left } = rewriteFstab((await files.readText('/etc/fstab')) ?? '');
    const { entries, notes } = planPartitions(facts.drives ?? [], wishes);
    await files.writeText('/etc/fstab', addEntries(text, entries));
    log.info(left.length > 0 ? `fstab: left out ${left.join(', ')}` : 'fstab: nothing of other disks in it');
    for (const note of notes) log.info(note);
  },
});
