// load-balancer: HAProxy of the running system, told at run time which web servers there are. It has units, each a port of this machine and the web
// servers behind it; a web server asks for the units and joins one. Who leaves is taken out before it stops, who falls silent as soon as the
// room, HAProxy's own checks or a request that gets no answer notices: that request is asked again of another one.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { defineInterface, defineRune, type RuneContext, z } from 'viver';

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

/** Places for web servers in a unit. HAProxy keeps some 20 KiB for each. */
const PLACES = 64;

const settings = z.object({
  units: z._default(z.array(z.object({ name: z.string(), port: z.int() })), [
    { name: 'red', port: 80 },
    { name: 'blue', port: 8080 },
  ]),
  /** Where the running system's root is, and how a program is started in it. */
  root: z._default(z.string(), '/proc/1/root'),
  enter: z._default(z.array(z.string()), ['chroot', '/proc/1/root']),
  /** Of the running system: HAProxy's configuration, its pid and its socket. */
  folder: z._default(z.string(), '/run/viver-load-balancer'),
  /** A web server that does not answer for so long is not there; a request that got no answer is asked of another. */
  silenceMs: z._default(z.int(), 5000),
  checkMs: z._default(z.int(), 1000),
});
type Settings = z.output<typeof settings>;

interface WebServer {
  readonly name: string;
  readonly unit: string;
  readonly address: string;
  readonly port: number;
  /** Its place in the unit, from 1. */
  readonly place: number;
}

export default defineRune({
  name: 'load-balancer',
  version: 1,
  stage: 'serve',
  summary: 'HAProxy before the web servers of the room, which come and go',
  offers: [loadBalancer],
  needs: [],
  settings,
  stopTimeoutMs: 15_000,
  async start(ctx) {
    const { units } = ctx.settings;
    const haproxy = new HaProxy(ctx.settings, ctx.log);
    await haproxy.start();
    /** Web servers by the member id of their machine. */
    const servers = new Map<string, WebServer>();
    const inUnit = (unit: string) => [...servers.values()].filter((server) => server.unit === unit);

    async function remove(id: string, state: 'drain' | 'maint', why: string): Promise<void> {
      const server = servers.get(id);
      if (!server) return;
      await haproxy.tell(`set server ${server.unit}/s${server.place} state ${state}`);
      servers.delete(id);
      ctx.log.info(`${server.name} (${server.address}) ${why}: unit ${server.unit} has ${inUnit(server.unit).length}`);
      sayLoad();
    }

    function sayLoad(): void {
      const labels = Object.fromEntries(units.map(({ name, port }) => [`unit.${name}`, `${port}`]));
      ctx.label(loadBalancer, { labels, load: servers.size / (units.length * PLACES) });
    }

    ctx.offer(loadBalancer, {
      units: () => ({
        units: units.map(({ name }) => ({ name, machines: inUnit(name).map((server) => server.name) })),
      }),
      async join({ unit, port }, from) {
        if (!from) throw new Error('only a machine of the room joins a unit');
        if (!units.some(({ name }) => name === unit)) throw new Error(`there is no unit ${unit}`);
        const { id, name, address } = from;
        const known = servers.get(id);
        if (known?.unit === unit && known.port === port && known.address === address) return {};
        if (known) await remove(id, 'drain', 'changes its unit');
        const taken = new Set(inUnit(unit).map(({ place }) => place));
        const place = Array.from({ length: PLACES }, (_, index) => index + 1).find((free) => !taken.has(free));
        if (place === undefined) throw new Error(`unit ${unit} is full`);
        servers.set(id, { name, unit, address, port, place });
        await haproxy.tell(`set server ${unit}/s${place} addr ${address} port ${port}`);
        await haproxy.tell(`set server ${unit}/s${place} state ready`);
        ctx.log.info(`${name} (${address}) joins unit ${unit}, which has ${inUnit(unit).length} now`);
        sayLoad();
        return {};
      },
      async leave(_, from) {
        if (from) await remove(from.id, 'drain', 'leaves');
        return {};
      },
    });
    ctx.onMember(({ kind, member }) => {
      if (kind !== 'left' && kind !== 'lost') return;
      remove(member.id, 'maint', `is ${kind}`).catch((error: Error) => ctx.log.warn(error.message));
    });
    sayLoad();
    return { stop: () => haproxy.stop() };
  },
});

type Log = RuneContext['log'];

/** Of the running system; the rune's own environment is that of the initrd. */
const SYSTEM_ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };

/** One HAProxy in the running system, and its runtime API (management.txt, "Unix Socket commands"). */
class HaProxy {
  readonly #settings: Settings;
  readonly #log: Log;
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #stopping = false;

  constructor(given: Settings, log: Log) {
    this.#settings = given;
    this.#log = log;
    this.#folder = `${given.root}${given.folder}`;
  }

  async start(): Promise<void> {
    const { enter, folder } = this.#settings;
    await mkdir(this.#folder, { recursive: true });
    await this.#endOld();
    await writeFile(`${this.#folder}/haproxy.cfg`, configuration(this.#settings));
    const [command = 'env', ...words] = [...enter, 'haproxy', '-db', '-f', `${folder}/haproxy.cfg`];
    const child = spawn(command, words, { stdio: ['ignore', 'ignore', 'pipe'], env: SYSTEM_ENV });
    this.#child = child;
    child.on('error', (error) => this.#log.error(`HAProxy can't be started: ${error.message}`));
    child.on('exit', (status) => {
      if (!this.#stopping) this.#log.error(`HAProxy ended with status ${status}`);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.trim().split('\n')) this.#log.info(`haproxy: ${line}`);
    });
    await this.#answering();
    await writeFile(`${this.#folder}/pid`, `${child.pid}\n`);
  }

  /** One command; HAProxy answers with an empty line when it did it. */
  async tell(command: string): Promise<void> {
    const answer = (await this.#ask(command)).trim();
    // What it says of an address it changed is no complaint.
    if (answer !== '' && !/^(IP|no need to change|port)/i.test(answer)) throw new Error(`${command}: ${answer}`);
  }

  /** Lets requests that are under way end (SIGUSR1), for a moment. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGUSR1');
    await Promise.race([ended, delay(2000)]);
    child.kill('SIGKILL');
    await rm(`${this.#folder}/pid`, { force: true });
  }

  #ask(command: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(`${this.#folder}/socket`);
      let text = '';
      socket.setTimeout(2000, () => socket.destroy(new Error(`HAProxy does not answer to ${command}`)));
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('error', reject);
      socket.on('close', () => resolve(text));
      socket.write(`${command}\n`);
    });
  }

  async #answering(): Promise<void> {
    for (let tries = 0; this.#child?.exitCode === null; tries++) {
      const answers = await this.#ask('show info').then(
        () => true,
        () => false,
      );
      if (answers) return;
      if (tries > 200) throw new Error('HAProxy does not open its socket');
      await delay(100);
    }
    throw new Error('HAProxy does not start; see the lines before this one');
  }

  /** The one of an earlier start of this rune, which was killed. */
  async #endOld(): Promise<void> {
    const pid = Number(await readFile(`${this.#folder}/pid`, 'utf8').catch(() => ''));
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    if (pid > 0 && name.trim() === 'haproxy') process.kill(pid, 'SIGKILL');
    await rm(`${this.#folder}/socket`, { force: true });
  }
}

/** All places are there from the start, and empty: what changes later needs no reload. */
function configuration({ units, folder, silenceMs, checkMs }: Settings): string {
  const unit = ({ name, port }: Settings['units'][number]) => `
frontend ${name}
  bind :${port}
  default_backend ${name}

backend ${name}
  balance roundrobin
  http-request disable-l7-retry if !METH_GET
  option httpchk GET /
  server-template s 1-${PLACES} 0.0.0.0:80 disabled check inter ${checkMs} fastinter ${Math.ceil(checkMs / 4)} fall 2 rise 1
`;
  return `# Written by Viver's rune load-balancer; changes are lost.
global
  maxconn 1000
  nbthread 1
  stats socket ${folder}/socket mode 600 level admin

defaults
  mode http
  timeout connect ${Math.ceil(silenceMs / 5)}
  timeout check ${Math.ceil(silenceMs / 2)}
  timeout server ${silenceMs}
  timeout client 30s
  timeout http-request 10s
  # A request without an answer is asked of another web server, unless it may change something.
  retries 3
  option redispatch 1
  retry-on all-retryable-errors
${units.map(unit).join('')}`;
}
