// Rune tftp: the boot loaders of the runtime by TFTP, and the answer to "which loader for which firmware". Offers `boot-loader-path`.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { createBootSet } from '../../../bootserver/boot-set.ts';
import { createTftpServer } from '../../../bootserver/tftp/server.ts';
import { ViverError } from '../../../errors.ts';
import { defineRune } from '../../contract/rune.ts';
import { bootLoaderPath, type LoaderFirmware } from '../../interfaces/boot-loader-path.ts';
import { servingNic } from './address-keeper.ts';

/** In the order of preference. snponly.efi uses the firmware's own network driver, so it works on whatever the firmware booted from. */
const LOADERS: Readonly<Record<LoaderFirmware, readonly string[]>> = {
  bios: ['undionly.kpxe', 'ipxe.pxe'],
  'uefi-x64': ['snponly.efi', 'ipxe.efi'],
};

export const tftpRune = defineRune({
  name: 'tftp',
  version: 1,
  stage: 'serve',
  summary: 'the boot loaders by TFTP',
  offers: [bootLoaderPath],
  needs: [],
  settings: z.object({ port: z._default(z.int(), 69) }),
  async start(ctx) {
    const { address } = servingNic(ctx.facts.bootNic);
    const { names, open } = await loaderFiles(ctx.facts.bootSet?.loaders);
    const paths = loaderPaths(names);
    const server = await createTftpServer({ address, port: ctx.settings.port, open, log: ctx.log });
    ctx.offer(bootLoaderPath, { paths: () => ({ paths }) });
    return { stop: () => server.close() };
  },
});

/** The files of the loaders' folder. @throws ViverError RUNES_NO_BOOT_SET */
export async function loaderFiles(folder: string | undefined) {
  if (folder === undefined) {
    throw new ViverError(
      'RUNES_NO_BOOT_SET',
      'this machine has no boot set (kernel, initrd, loaders) to start others with',
    );
  }
  const names = (await readdir(folder)).sort();
  return { names, open: createBootSet(Object.fromEntries(names.map((name) => [name, { file: join(folder, name) }]))) };
}

/** Firmware -> the best loader that is there. */
export function loaderPaths(names: readonly string[]): Partial<Record<LoaderFirmware, string>> {
  const entries = Object.entries(LOADERS).map(([firmware, wanted]) => [
    firmware,
    wanted.find((name) => names.includes(name)),
  ]);
  return Object.fromEntries(entries.filter(([, name]) => name !== undefined));
}
