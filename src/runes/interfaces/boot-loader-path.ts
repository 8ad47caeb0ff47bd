// The interface `boot-loader-path`: which file a firmware is to fetch by TFTP first. Offered by whoever serves the loaders.

import * as z from 'zod/mini';
import { defineInterface } from '../contract/interface.ts';

/** The firmware kinds of src/bootserver/dhcp/client.ts that load a file by TFTP. */
export const LOADER_FIRMWARE = ['bios', 'uefi-x64'] as const;
export type LoaderFirmware = (typeof LOADER_FIRMWARE)[number];

export const bootLoaderPath = defineInterface({
  name: 'boot-loader-path',
  version: 1,
  calls: {
    paths: {
      request: z
        .strictObject({})
        .check(z.describe('firmware (bios, uefi-x64) -> path on the TFTP server; one without a loader is missing')),
      reply: z.strictObject({ paths: z.partialRecord(z.enum(LOADER_FIRMWARE), z.string()) }),
    },
  },
});
