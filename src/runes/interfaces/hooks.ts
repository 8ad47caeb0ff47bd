// The interface `hooks`, offered by the host process: an administrator's scripts for this start. They can be listed and those of stage `configure` be run,
// inside the new system; no rune can have anything else run by it.

import * as z from 'zod/mini';
import { defineInterface } from '../contract/interface.ts';

/** The longest that one hook may be given. */
export const MAX_HOOK_SECONDS = 600;

const hook = z.strictObject({
  name: z.string(),
  origin: z.string(),
  /** Hooks of the medium; the image's lie in its /etc/RUNES. */
  text: z.optional(z.string()),
});

export const hooks = defineInterface({
  name: 'hooks',
  version: 1,
  calls: {
    list: {
      request: z.strictObject({}),
      reply: z.strictObject({
        configure: z.readonly(z.array(hook)),
        serve: z.readonly(z.array(hook)),
        /** Files among the hooks that are none. */
        faults: z.readonly(z.array(z.string())),
      }),
    },
    /** Runs one hook of stage `configure` to its end. Its output goes to the log line by line. */
    run: {
      request: z.strictObject({
        name: z.string(),
        environment: z.record(z.string().check(z.regex(/^VIVER_[A-Z0-9_]+$/)), z.string()),
        seconds: z.int().check(z.gte(1), z.lte(MAX_HOOK_SECONDS)),
      }),
      reply: z.strictObject({
        /** Exit status; 125: not started. Without one it was ended by a signal, or by its time limit. */
        status: z.optional(z.int()),
        milliseconds: z.number(),
      }),
      timeoutMs: (MAX_HOOK_SECONDS + 10) * 1000,
    },
  },
});
