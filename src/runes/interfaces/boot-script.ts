// The interface `boot-script`: the URLs under which the next PC finds what it boots. Offered by whoever serves them.

import * as z from 'zod/mini';
import { defineInterface } from '../contract/interface.ts';

export const bootScript = defineInterface({
  name: 'boot-script',
  version: 1,
  calls: {
    urls: {
      request: z
        .strictObject({})
        .check(z.describe("iPXE's script, what UEFI HTTP boot loads first, and what both begin with")),
      reply: z.strictObject({
        /** iPXE's script. */
        ipxe: z.string(),
        /** What UEFI HTTP boot loads first, if there is a loader for it. */
        uefiHttp: z.optional(z.string()),
        base: z.string(),
      }),
    },
  },
});
