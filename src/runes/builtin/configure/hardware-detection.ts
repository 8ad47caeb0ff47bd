// Rune hardware-detection: what in the image would undo or complain about what was detected already. The image was made on one machine and starts on
// many, so whatever remembers that machine's cards goes. docs/runes.md has the list with the reasons.

import type { RootFiles } from '../../contract/root-files.ts';
import { defineRune } from '../../contract/rune.ts';
import { maskUnits } from './mask-units.ts';

const RULES = '/etc/udev/rules.d';
/** Names of network cards: by the MACs of the machine that the image was made from, written once per card (Debian until 8, Ubuntu until 15). */
const REMEMBERED_NAMES = [`${RULES}/70-persistent-net.rules`, `${RULES}/75-persistent-net-generator.rules`];
/** Rules of packages that rename cards by where they are plugged in; an empty rule of the same name in /etc switches one off (udev(7)). */
const RENAMING_RULES = ['71-biosdevname.rules'];
const RULE_DIRECTORIES = ['/usr/lib/udev/rules.d', '/lib/udev/rules.d'];
/** Programs that detect hardware at boot and load drivers for it, or ask a person at the console about it. */
const DETECTING_UNITS = ['discover.service', 'kudzu.service', 'hwdetect.service', 'hwinfo.service'];
const MODULES_UNIT = 'systemd-modules-load.service';
const MODULES_DROP_IN = `/etc/systemd/system/${MODULES_UNIT}.d/viver.conf`;
const MODULES_TEXT = `# Written by Viver at every start: /etc/modules names drivers of the machine that the image was made from; that this one has no such
# device is no failure.
[Service]
SuccessExitStatus=1
`;

export const hardwareDetection = defineRune({
  name: 'hardware-detection',
  version: 1,
  stage: 'configure',
  summary: "the distribution's own hardware detection is quiet: the hardware is detected",
  offers: [],
  needs: [],
  async start({ files, log }) {
    const quieted = await Promise.all([
      forgetNames(files),
      stopRenaming(files),
      maskUnits(files, DETECTING_UNITS),
      forgiveModules(files),
    ]);
    const names = quieted.flat();
    log.info(names.length > 0 ? `quiet: ${names.join(', ')}` : 'nothing to do: the image has none of its own');
  },
});

async function forgetNames(files: RootFiles): Promise<string[]> {
  const there = await Promise.all(REMEMBERED_NAMES.map((path) => files.exists(path)));
  const found = REMEMBERED_NAMES.filter((_, index) => there[index]);
  await Promise.all(found.map((path) => files.remove(path)));
  return found.length > 0 ? ['names of cards of another machine'] : [];
}

async function stopRenaming(files: RootFiles): Promise<string[]> {
  const quieted = await Promise.all(
    RENAMING_RULES.map(async (rule) => {
      const there = await Promise.all(RULE_DIRECTORIES.map((directory) => files.exists(`${directory}/${rule}`)));
      if (!there.includes(true)) return [];
      await files.symlink('/dev/null', `${RULES}/${rule}`);
      return [rule];
    }),
  );
  return quieted.flat();
}

async function forgiveModules(files: RootFiles): Promise<string[]> {
  const [list, lists] = await Promise.all([files.readText('/etc/modules'), files.list('/etc/modules-load.d')]);
  if (!/^\s*[^#\s]/m.test(list ?? '') && lists.length === 0) return [];
  await files.writeText(MODULES_DROP_IN, MODULES_TEXT);
  return ['missing modules'];
}
