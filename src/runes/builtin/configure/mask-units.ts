// Masks systemd units that an image has (systemctl(1), mask): a link to /dev/null in /etc takes the place of the unit.

import type { RootFiles } from '../../contract/root-files.ts';

const UNIT_DIRECTORIES = ['/usr/lib/systemd/system', '/lib/systemd/system', '/etc/systemd/system'];
/** Scripts that systemd makes units of (systemd-sysv-generator(8)). */
const SCRIPT_DIRECTORY = '/etc/init.d';

/** Masks those of `units` that are there. @returns their names without `.service` */
export async function maskUnits(files: RootFiles, units: readonly string[]): Promise<string[]> {
  const masked = await Promise.all(
    units.map(async (unit) => {
      const name = unit.replace('.service', '');
      const paths = [...UNIT_DIRECTORIES.map((directory) => `${directory}/${unit}`), `${SCRIPT_DIRECTORY}/${name}`];
      const there = await Promise.all(paths.map((path) => files.exists(path)));
      if (!there.includes(true)) return [];
      await files.symlink('/dev/null', `/etc/systemd/system/${unit}`);
      return [name];
    }),
  );
  return masked.flat();
}
