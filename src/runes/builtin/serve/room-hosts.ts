// Rune room-hosts: every PC of the room knows every other by name. /etc/hosts is a link to a file in /run/viver, which all of a system's resolvers read; this
// rune keeps the room's lines in it as machines come and go. No name server, no daemon, nothing to ask over the network.

import * as z from 'zod/mini';
import { errorLine } from '../../../errors.ts';
import type { Sys } from '../../../sys/sys.ts';
import { defineRune } from '../../contract/rune.ts';
import { sharedNames, withRoom } from '../../hosts/room-block.ts';

/** A room that is switched on at once is a change per machine: they are written together. */
const PAUSE_MS = 250;

const settings = z.object({
  file: z
    ._default(z.string(), '/run/viver/hosts')
    .check(z.describe('the hosts(5) file that is kept; /etc/hosts is a link to it')),
});

export const roomHosts = defineRune({
  name: 'room-hosts',
  version: 1,
  stage: 'serve',
  summary: '/etc/hosts knows every machine of the room',
  offers: [],
  needs: [],
  settings,
  async start({ facts, members, onMember, settings: { file }, log }) {
    const { LinuxSys } = await import('../../../sys/linux.ts');
    const sys: Sys = new LinuxSys();
    if (!(await sys.exists(file))) {
      log.warn(`there is no ${file}: /etc/hosts is somebody else's`);
      return;
    }
    const said = new Set<string>();
    const write = async () => {
      const all = await members();
      const own = await ownName(sys);
      for (const name of sharedNames(all).filter((shared) => !said.has(shared))) {
        said.add(name);
        log.warn(`two machines of the room are called ${name}: give one another name in the list of machines`);
      }
      const before = await sys.readText(file);
      const after = withRoom(before, all, own, facts.bootNic?.domainName);
      if (after !== before) await sys.replaceFile(file, after, 0o644);
    };
    const update = together(() => write().catch((error: unknown) => log.error(`${file}: ${errorLine(error)}`)));
    onMember(update);
    update();
  },
});

/** What the system is called now: somebody may have renamed it. */
async function ownName(sys: Sys): Promise<string> {
  return (await sys.readText('/proc/sys/kernel/hostname')).trim();
}

/** Asked for several times in short order, `work` is done once, and never twice at a time. */
function together(work: () => Promise<void>): () => void {
  let waiting = false;
  let tail: Promise<void> = Promise.resolve();
  return () => {
    if (waiting) return;
    waiting = true;
    const pause = new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    tail = Promise.all([tail, pause]).then(() => {
      waiting = false;
      return work();
    });
  };
}
