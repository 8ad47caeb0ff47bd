// Rune hooks: an administrator's scripts, in any language, with the machine's facts in the environment. Those of stage `configure` run now, one after the
// other, in the new system before its init; those of stage `serve` become units that run when the system has started. One that fails is named, and the
// boot goes on. OS effects are the host process's (interface `hooks`); this rune decides and writes units. systemd.exec(5).

import * as z from 'zod/mini';
import type { Client } from '../../contract/interface.ts';
import type { RootFiles } from '../../contract/root-files.ts';
import { defineRune } from '../../contract/rune.ts';
import { factsEnvironment } from '../../hooks/environment.ts';
import { RUN_HOOK } from '../../hooks/run-hook.ts';
import { hooks as hooksInterface, MAX_HOOK_SECONDS } from '../../interfaces/hooks.ts';

const RUNNER = '/usr/local/lib/viver/run-hook';
const SERVE_HOOKS = '/etc/RUNES/hooks/serve';
/** Written by the host process (initrd/facts-files.ts). */
const FACTS = '/run/viver/facts.json';
const FACTS_ENVIRONMENT = '/run/viver/facts.env';
const UNITS = '/etc/systemd/system';

const settings = z.object({
  seconds: z
    ._default(z.int().check(z.gte(1), z.lte(MAX_HOOK_SECONDS)), 60)
    .check(z.describe('how long one hook may run; then it and all that it started are ended')),
});

/** A hook among those of the interface. */
interface Hook {
  readonly name: string;
  readonly origin: string;
  readonly text?: string | undefined;
}

export const hooks = defineRune({
  name: 'hooks',
  version: 1,
  stage: 'configure',
  summary: "an administrator's scripts in RUNES/hooks",
  offers: [],
  needs: [hooksInterface],
  // What the others set up is there when a script looks.
  after: [
    ...['host-name', 'users', 'fstab', 'local-disks', 'network', 'hardware-detection', 'clock', 'machine-identity'],
    ...['ssh-host-keys', 'display', 'home', 'zram-swap', 'viver-command'],
  ],
  settings,
  startTimeoutMs: 3_600_000, // each hook has its own limit
  async start({ facts, files, log, ask, settings: { seconds } }) {
    const { configure, serve, faults } = await ask(hooksInterface).list({});
    for (const fault of faults) log.warn(fault);
    if (configure.length + serve.length === 0) {
      log.info('no hooks');
      return;
    }
    const hostName = (await files.readText('/etc/hostname'))?.trim();
    const environment = { ...factsEnvironment(facts, hostName), VIVER_STAGE: 'configure', VIVER_FACTS: FACTS };
    for (const hook of configure) {
      const outcome = await runOne(ask(hooksInterface), hook, environment, seconds);
      if (outcome.failed) log.error(outcome.line);
      else log.info(outcome.line);
    }
    const wanted = serve.length > 0 ? await writeUnits(files, serve, seconds) : 'none for the running system';
    log.info(`${configure.length} hooks ran; ${wanted}`);
  },
});

async function runOne(
  client: Client<typeof hooksInterface>,
  { name, origin }: Hook,
  environment: Readonly<Record<string, string>>,
  seconds: number,
): Promise<{ failed: boolean; line: string }> {
  const { status, milliseconds } = await client.run({ name, environment, seconds });
  const time = `after ${milliseconds} ms`;
  if (status === 0) return { failed: false, line: `hook ${name} done ${time}` };
  const isLate = status === undefined && milliseconds >= seconds * 1000;
  const end =
    status === undefined ? (isLate ? 'was ended at its time limit' : 'ended by a signal') : `status ${status}`;
  return { failed: true, line: `hook ${origin} failed: ${end}, ${time}` };
}

/** One unit for each, in their order behind multi-user.target. */
async function writeUnits(files: RootFiles, hooks: readonly Hook[], seconds: number): Promise<string> {
  if (!(await files.exists('/etc/systemd'))) return 'the image has no systemd for those of stage serve';
  await files.writeText(RUNNER, `#!/bin/sh\n# Written by Viver at every start.\n${RUN_HOOK}`, 0o755);
  for (const [index, { name, text }] of hooks.entries()) {
    if (text !== undefined) await files.writeText(`${SERVE_HOOKS}/${name}`, text, 0o700);
    const before = hooks[index - 1];
    await files.writeText(`${UNITS}/${unitOf(name)}`, unitText(name, before && unitOf(before.name), seconds));
    await files.symlink(`${UNITS}/${unitOf(name)}`, `${UNITS}/multi-user.target.wants/${unitOf(name)}`);
  }
  return `${hooks.map(({ name }) => unitOf(name)).join(' ')} will`;
}

const unitOf = (name: string): string => `viver-hook-${name}.service`;

/** The first line waits for the facts of the running machine, which are written when its network is there, or is known not to come. */
function unitText(name: string, before: string | undefined, seconds: number): string {
  return `# Written by Viver at every start.
[Unit]
Description=RUNES hook ${name}
After=multi-user.target${before ? ` ${before}` : ''}

[Service]
Type=oneshot
ExecStartPre=/bin/sh -c 'tries=0; until [ -e ${FACTS_ENVIRONMENT} ] || [ $$tries -ge 60 ]; do sleep 1; tries=$$((tries + 1)); done'
ExecStart=${RUNNER} ${SERVE_HOOKS}/${name}
Environment=VIVER_STAGE=serve VIVER_FACTS=${FACTS}
EnvironmentFile=-${FACTS_ENVIRONMENT}
TimeoutStartSec=${seconds + 60}
`;
}
