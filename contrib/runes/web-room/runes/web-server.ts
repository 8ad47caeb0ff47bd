// web-server: nginx of the running system, behind a load balancer of the room. It asks any load balancer for its units, asks the monitors of each
// unit's machines for their load, and joins the busiest unit. When that load balancer goes, it looks for another; when it stops, it leaves first.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { defineInterface, defineRune, type Found, type RuneContext, z } from 'viver';

/** Declared alike in every rune that uses it; both ends check each message. */
const loadBalancer = defineInterface({
  name: 'load-balancer',
  version: 1,
  reach: 'room',
  calls: {
    units: {
      request: z.strictObject({}),
      reply: z.strictObject({ units: z.array(z.strictObject({ name: z.string(), machines: z.array(z.string()) })) }),
      repeatable: true,
    },
    /** The machine that asks serves `unit` on `port` from now on. Asked again it changes nothing. */
    join: {
      request: z.strictObject({ unit: z.string(), port: z.int().check(z.gte(1), z.lte(65535)) }),
      reply: z.strictObject({}),
      repeatable: true,
    },
    /** No new request goes to the machine that asks, once this is answered. */
    leave: { request: z.strictObject({}), reply: z.strictObject({}), repeatable: true },
  },
});

/** Declared alike in every rune that uses it; both ends check each message. */
const resourceMonitor = defineInterface({
  name: 'resource-monitor',
  version: 1,
  reach: 'room',
  calls: {
    /** `load`: 0 idle to 1 all processors busy, of the last seconds. `freeMemory`: the part that programs can still have. */
    load: {
      request: z.strictObject({}),
      reply: z.strictObject({ load: z.number(), freeMemory: z.number() }),
      repeatable: true,
    },
  },
});

type Unit = z.output<(typeof loadBalancer)['calls']['units']['reply']>['units'][number];

const settings = z.object({
  port: z._default(z.int(), 80),
  /** What this machine is called; empty: its host name. */
  name: z._default(z.string(), ''),
  /** What it answers; the machine's name stands in for NAME. */
  page: z._default(z.string(), 'NAME'),
  root: z._default(z.string(), '/proc/1/root'),
  enter: z._default(z.array(z.string()), ['chroot', '/proc/1/root']),
  folder: z._default(z.string(), '/run/viver-web-server'),
  /** How long a load balancer that is alone may take to appear, and how often a unit is told that we are still there. */
  everyMs: z._default(z.int(), 3000),
  /** What was sent to us before the load balancer took us out is still answered. */
  lingerMs: z._default(z.int(), 1000),
});
type Settings = z.output<typeof settings>;

export default defineRune({
  name: 'web-server',
  version: 1,
  stage: 'serve',
  summary: 'nginx behind a load balancer of the room, in its busiest unit',
  offers: [],
  needs: [],
  seeks: [loadBalancer, resourceMonitor],
  settings,
  stopTimeoutMs: 15_000,
  async start(ctx) {
    const { port, everyMs, lingerMs } = ctx.settings;
    const name = ctx.settings.name || (await readFile(`${ctx.settings.root}/etc/hostname`, 'utf8')).trim();
    const nginx = new Nginx(ctx.settings, name, ctx.log);
    await nginx.start();
    let place: { readonly balancer: Found<typeof loadBalancer>; readonly unit: string } | undefined;

    /** Joins where it is busiest; joined, it says again that it is there. */
    async function settle(): Promise<void> {
      const balancers = await ctx.findAll(loadBalancer);
      const joined = balancers.find(({ memberId }) => memberId === place?.balancer.memberId);
      const balancer = joined ?? balancers[0];
      if (!balancer) {
        place = undefined;
        return;
      }
      const { units } = await balancer.ask.units({});
      const unit =
        joined && place ? (unitToHelp(units, place.unit) ?? place.unit) : await busiest(units, balancer.host);
      if (unit === undefined || ctx.signal.aborted) return;
      await balancer.ask.join({ unit, port });
      if (!joined || unit !== place?.unit) ctx.log.info(`joined unit ${unit} of ${balancer.host}`);
      place = { balancer, unit };
    }

    /** Machines that are switched on together all join the same unit: the last one in it goes where nobody is. */
    function unitToHelp(units: readonly Unit[], own: string): string | undefined {
      const machines = units.find((unit) => unit.name === own)?.machines ?? [];
      if (machines.length < 2 || machines.at(-1) !== name) return undefined;
      return units.find((unit) => unit.machines.length === 0)?.name;
    }

    /** A unit without machines has nobody to answer: it is served first. */
    async function busiest(units: readonly Unit[], host: string): Promise<string | undefined> {
      const loads = await Promise.all(units.map(loadOf));
      const words = units.map(
        ({ name, machines }, index) => `${name} ${formatLoad(loads[index])} of ${machines.length}`,
      );
      ctx.log.info(`units of ${host}: ${words.join(', ')}`);
      return units[loads.indexOf(Math.max(...loads))]?.name;
    }

    async function loadOf({ machines }: Unit): Promise<number> {
      const loads = await Promise.all(machines.map(loadOfMachine));
      const known = loads.filter((load) => load !== undefined);
      if (machines.length === 0) return Number.POSITIVE_INFINITY;
      return known.length === 0 ? 0 : known.reduce((sum, load) => sum + load, 0) / known.length;
    }

    async function loadOfMachine(host: string): Promise<number | undefined> {
      const monitor = await ctx.find(resourceMonitor, { host });
      return monitor?.ask.load({}).then(
        ({ load }) => load,
        (error: Error) => void ctx.log.warn(`no load of ${host}: ${error.message}`),
      );
    }

    const going = (async () => {
      while (!ctx.signal.aborted) {
        await settle().catch((error: Error) => ctx.log.warn(error.message));
        await delay(everyMs, undefined, { signal: ctx.signal }).catch(() => {});
      }
    })();
    return {
      async stop() {
        await going;
        await place?.balancer.ask.leave({}).catch((error: Error) => ctx.log.warn(error.message));
        await delay(place ? lingerMs : 0);
        await nginx.stop();
      },
    };
  },
});

function formatLoad(load = 0): string {
  return Number.isFinite(load) ? load.toFixed(2) : 'unserved';
}

type Log = RuneContext['log'];

/** Of the running system; the rune's own environment is that of the initrd. */
const SYSTEM_ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };

/** One nginx in the running system (nginx(8)). */
class Nginx {
  readonly #settings: Settings;
  readonly #name: string;
  readonly #log: Log;
  #child: ChildProcess | undefined;
  #stopping = false;

  constructor(given: Settings, name: string, log: Log) {
    this.#settings = given;
    this.#name = name;
    this.#log = log;
  }

  async start(): Promise<void> {
    const { root, folder, enter } = this.#settings;
    await mkdir(`${root}${folder}`, { recursive: true });
    await this.#endOld();
    await writeFile(`${root}${folder}/nginx.conf`, configuration(this.#settings, this.#name));
    const [command = 'env', ...words] = [...enter, 'nginx', '-c', `${folder}/nginx.conf`, '-e', 'stderr'];
    const child = spawn(command, words, { stdio: ['ignore', 'ignore', 'pipe'], env: SYSTEM_ENV });
    this.#child = child;
    child.on('error', (error) => this.#log.error(`nginx can't be started: ${error.message}`));
    child.on('exit', (status) => {
      if (!this.#stopping) this.#log.error(`nginx ended with status ${status}`);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.trim().split('\n')) this.#log.info(`nginx: ${line}`);
    });
    await this.#running();
  }

  /** Lets requests that are under way end (SIGQUIT), for a moment. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGQUIT');
    await Promise.race([ended, delay(2000)]);
    child.kill('SIGKILL');
  }

  /** nginx writes its pid when it listens. */
  async #running(): Promise<void> {
    for (let tries = 0; tries < 200 && this.#child?.exitCode === null; tries++) {
      if ((await this.#pid()) > 0) return;
      await delay(100);
    }
    throw new Error('nginx does not start; see the lines before this one');
  }

  async #pid(): Promise<number> {
    const { root, folder } = this.#settings;
    return Number(await readFile(`${root}${folder}/pid`, 'utf8').catch(() => ''));
  }

  /** The one of an earlier start of this rune, which was killed. */
  async #endOld(): Promise<void> {
    const pid = await this.#pid();
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    if (pid > 0 && name.trim() === 'nginx') process.kill(pid, 'SIGTERM');
    await rm(`${this.#settings.root}${this.#settings.folder}/pid`, { force: true });
  }
}

function configuration({ port, page, folder }: Settings, name: string): string {
  return `# Written by Viver's rune web-server; changes are lost.
daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log stderr;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  default_type text/plain;
  server {
    listen ${port};
    add_header X-Machine ${name};
    location / { return 200 "${page.replaceAll('NAME', name)}\\n"; }
  }
}
`;
}
