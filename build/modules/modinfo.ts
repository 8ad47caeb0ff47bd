// The .modinfo section of a kernel module: NUL-ended KEY=VALUE texts (include/linux/module.h MODULE_INFO). Pure.

import { parseElf, sectionBytes } from '../elf/elf.ts';

/** Values of `key`, in the order of the section: modinfo(8) `-F key`. */
export function moduleInfo(module: Uint8Array, key: string): string[] {
  const section = sectionBytes(parseElf(module), '.modinfo');
  if (!section) return [];
  return section
    .toString('utf8')
    .split('\0')
    .filter((entry) => entry.startsWith(`${key}=`))
    .map((entry) => entry.slice(key.length + 1));
}
