// Rune local-disks: the disks that are built into the PC belong to whoever uses it tomorrow. Nothing of the image assembles, activates, unlocks, mounts,
// tests or offers them by itself; a person who is root still can. docs/runes.md has the list with the reasons.

import type { RootFiles } from '../../contract/root-files.ts';
import { defineRune } from '../../contract/rune.ts';
import { maskUnits } from './mask-units.ts';

const RULES = '/etc/udev/rules.d';
const RULE_DIRECTORIES = ['/usr/lib/udev/rules.d', '/lib/udev/rules.d'];
/** RAID and volumes are put together by these as soon as their parts appear. */
const ASSEMBLING_RULES = [
  '64-md-raid-assembly.rules', // mdadm --incremental
  '69-lvm.rules', // vgchange -aay
  '69-lvm-metad.rules', // the same until LVM 2.03.12
  '60-multipath.rules',
  '69-bcache.rules',
];
const TOUCHING_UNITS = [
  'multipathd.service',
  'multipathd.socket',
  'zfs-import-cache.service',
  'zfs-import-scan.service',
  'dmraid-activation.service',
  'mdmonitor.service',
  'smartmontools.service', // smartd: self tests, and an error where there is no disk
  'smartd.service',
];
/** Mounts the ESP and starts swap of the disk that the root is on (systemd-gpt-auto-generator(8)). */
const GPT_GENERATOR = 'systemd-gpt-auto-generator';
const GENERATORS = '/usr/lib/systemd/system-generators';
const UDISKS = '/usr/libexec/udisks2/udisksd';
const UDISKS_OF_OLD = '/usr/lib/udisks2/udisksd';
const HIDING_RULE = '99-viver-local-disks.rules';
const HIDING_TEXT = `# Written by Viver at every start: desktops don't offer the disks that are built into this PC (udisks(8)). Sticks and cards are not meant.
ACTION!="remove", SUBSYSTEM=="block", ENV{ID_BUS}!="usb", KERNEL!="sr*|loop*|mmcblk*|nbd*|zram*", \\
  ENV{UDISKS_IGNORE}="1", ENV{UDISKS_AUTO}="0"
# Of this kind, cards are SD and what is soldered in is MMC.
ACTION!="remove", SUBSYSTEM=="block", KERNEL=="mmcblk*", ATTRS{type}=="MMC", ENV{UDISKS_IGNORE}="1", ENV{UDISKS_AUTO}="0"
`;
const OS_PROBER = '/etc/grub.d/30_os-prober';
const CRYPTTAB = '/etc/crypttab';
const CRYPTTAB_MARK = '# not on this machine (viver): ';

export const localDisks = defineRune({
  name: 'local-disks',
  version: 1,
  stage: 'configure',
  summary: 'the disks of the PC stay untouched',
  offers: [],
  needs: [],
  async start({ files, log }) {
    const results = await Promise.all([
      switchRulesOff(files),
      maskUnits(files, TOUCHING_UNITS),
      maskGenerator(files),
      hideFromDesktops(files),
      stopProber(files),
      lockDisks(files),
    ]);
    const names = results.flat();
    log.info(names.length > 0 ? `kept off: ${names.join(', ')}` : 'nothing to do: the image touches no disk by itself');
  },
});

async function switchRulesOff(files: RootFiles): Promise<string[]> {
  const off = await Promise.all(
    ASSEMBLING_RULES.map(async (rule) => {
      const there = await Promise.all(RULE_DIRECTORIES.map((directory) => files.exists(`${directory}/${rule}`)));
      if (!there.includes(true)) return [];
      await files.symlink('/dev/null', `${RULES}/${rule}`);
      return [rule.replace(/^\d+-|\.rules$/g, '')];
    }),
  );
  return off.flat();
}

async function maskGenerator(files: RootFiles): Promise<string[]> {
  if (!(await files.exists(`${GENERATORS}/${GPT_GENERATOR}`))) return [];
  await files.symlink('/dev/null', `/etc/systemd/system-generators/${GPT_GENERATOR}`);
  return ['gpt-auto'];
}

async function hideFromDesktops(files: RootFiles): Promise<string[]> {
  const there = await Promise.all([UDISKS, UDISKS_OF_OLD].map((path) => files.exists(path)));
  if (!there.includes(true)) return [];
  await files.writeText(`${RULES}/${HIDING_RULE}`, HIDING_TEXT);
  return ['udisks'];
}

async function stopProber(files: RootFiles): Promise<string[]> {
  if (!(await files.exists(OS_PROBER))) return [];
  await files.writeText(
    '/etc/default/grub.d/viver.cfg',
    '# Written by Viver at every start.\nGRUB_DISABLE_OS_PROBER=true\n',
  );
  return ['os-prober'];
}

async function lockDisks(files: RootFiles): Promise<string[]> {
  const text = await files.readText(CRYPTTAB);
  const locked = text === undefined ? undefined : withoutDisks(text);
  if (locked === undefined || locked === text) return [];
  await files.writeText(CRYPTTAB, locked);
  return ['crypttab'];
}

/** crypttab(5) with what lies on disks as comments: a boot would wait a minute and a half for each. Swap with a key of its own goes too. */
export function withoutDisks(text: string): string {
  const isDisk = (line: string) => /^\s*[^#\s]+\s+(UUID=|LABEL=|PARTUUID=|PARTLABEL=|ID=|\/dev\/)/.test(line);
  return text
    .split('\n')
    .map((line) => (isDisk(line) ? CRYPTTAB_MARK + line.trim() : line))
    .join('\n');
}
