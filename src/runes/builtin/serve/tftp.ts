// Rune tftp: the boot loaders of the runtime by TFTP, and the answer to "which loader for which firmware". Offers `boot-loader-path`.

import * as z from 'zod/mini';
import { createTftpServer } from '../../../bootserver/tftp/server.ts';
import { defineRune } from '../../contract/rune.ts';
import { bootLoaderPath } from '../../interfaces/boot-loader-path.ts';
import { loaderFiles, loaderPaths } from './loaders.ts';
import { servingNic } from './serving-nic.ts';

export const tftpRune = defineRune({
  name: 'tftp',
  version: 1,
  stage: 'serve',
  summary: 'the boot loaders by TFTP',
  offers: [bootLoaderPath],
  needs: [],
  settings: z.object({ port: z._default(z.int(), 69).check(z.describe('UDP port')) }),
  async start(ctx) {
    const { address } = servingNic(ctx.facts.bootNic);
    const { names, open } = await loaderFiles(ctx.facts.bootSet?.loaders);
    const paths = loaderPaths(names);
    const server = await createTftpServer({ address, port: ctx.settings.port, open, log: ctx.log });
    ctx.offer(bootLoaderPath, { paths: () => ({ paths }) });
    return { stop: () => server.close() };
  },
});
