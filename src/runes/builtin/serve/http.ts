// Rune http: kernel, initrd, iPXE script, loaders (for UEFI HTTP boot), this machine's status and the image's .torrent by HTTP. Offers `boot-script`.

import { readFile } from 'node:fs/promises';
import * as z from 'zod/mini';
import { createBootSet, openFile } from '../../../bootserver/boot-set.ts';
import type { BootContent } from '../../../bootserver/content.ts';
import { contentRoute, type HttpRoute } from '../../../bootserver/http/routes.ts';
import { createHttpServer } from '../../../bootserver/http/server.ts';
import { ipxeScript } from '../../../bootserver/menu/ipxe-script.ts';
import { macOfNeighbour } from '../../../bootserver/neighbours.ts';
import { ViverError } from '../../../errors.ts';
import type { Log } from '../../../log.ts';
import type { BootSetFacts, Facts } from '../../contract/facts.ts';
import type { Client } from '../../contract/interface.ts';
import { defineRune } from '../../contract/rune.ts';
import { addressKeeper } from '../../interfaces/address-keeper.ts';
import { bootScript } from '../../interfaces/boot-script.ts';
import { field } from '../../interfaces/field.ts';
import { HAND_OUT, type HandOut, type KeyQuestions, whyNoKey } from './key-hand-out.ts';
import { loaderFiles, loaderPaths } from './loaders.ts';
import { nodeCommandLine } from './node-command-line.ts';
import { servingNic } from './serving-nic.ts';

const settings = z.object({
  port: z._default(z.int(), 80).check(z.describe('TCP port')),
  append: z
    ._default(z.string(), '')
    .check(z.describe('further kernel parameters for all machines that boot over the network')),
  roomKey: z
    ._default(HAND_OUT, 'all')
    .check(
      z.describe(
        'who is handed the key of the room: `all` PCs that start here, the `known` ones of RUNES/machines, `none`',
      ),
    ),
});

export const httpRune = defineRune({
  name: 'http',
  version: 1,
  stage: 'serve',
  summary: 'kernel, initrd, boot script and status by HTTP',
  offers: [bootScript],
  needs: [field, addressKeeper],
  settings,
  async start(ctx) {
    const { facts } = ctx;
    const { address } = servingNic(facts.bootNic);
    const bootSet = requireBootSet(facts);
    const loaders = await loaderFiles(bootSet.loaders);
    const append = nodeCommandLine(facts.commandLine, requireMagnet(facts), ctx.settings.append);
    const script = ipxeScript({
      kernel: 'vmlinuz',
      initrd: 'initrd',
      append,
      appendFor: rolesOf(facts),
      title: `Viver ${facts.field?.label ?? ''}`.trim(),
    });
    const bootFiles = createBootSet({ 'boot.ipxe': { bytes: script }, vmlinuz: { file: bootSet.kernel } });
    const server = await createHttpServer({
      address,
      port: ctx.settings.port,
      routes: [
        ...informationRoutes(facts, ctx.ask(field)),
        initrdRoute(bootSet, keyDecision(ctx.settings.roomKey, ctx.ask(addressKeeper), facts), ctx.log),
        contentRoute(async (path, client) => (await bootFiles(path, client)) ?? loaders.open(path, client)),
      ],
      log: ctx.log,
    });
    ctx.log.info(`the others get: ${append}`);
    const base = server.port === 80 ? `http://${address}` : `http://${address}:${server.port}`;
    const uefi = loaderPaths(loaders.names)['uefi-x64'];
    const urls = { base, ipxe: `${base}/boot.ipxe`, ...(uefi ? { uefiHttp: `${base}/${uefi}` } : {}) };
    ctx.offer(bootScript, { urls: () => urls });
    return { stop: () => server.close() };
  },
});

/** Roles that the list of machines gives; on the command line, so that no other choice of the machine's wins over it. */
function rolesOf({ machines = [] }: Facts): Map<string, string> {
  return new Map(machines.flatMap(({ mac, role }) => (role ? [[mac, `viver.role=${role}`] as const] : [])));
}

/** The initrd, with the key behind it for who may have it. Whoever has the file has what is in it: nothing else says whether the key came. */
function initrdRoute(
  { initrdParts, keyPart }: BootSetFacts,
  whyNot: (address: string) => Promise<string | undefined>,
  log: Log,
): HttpRoute {
  return {
    method: 'GET',
    path: '/initrd',
    handle: async ({ client }) => {
      if (keyPart === undefined) return contentAnswer(await openParts(initrdParts));
      const why = await whyNot(client.address);
      if (why !== undefined) log.info(`${client.address} starts without the room's key: ${why}`);
      return contentAnswer(await openParts(why === undefined ? [...initrdParts, keyPart] : initrdParts));
    },
  };
}

function keyDecision(policy: HandOut, keeper: Client<typeof addressKeeper>, { machines = [] }: Facts) {
  const known = new Set(machines.map(({ mac }) => mac));
  const questions: KeyQuestions = {
    macOf: async (address) => macOfNeighbour(await readFile('/proc/net/arp', 'utf8'), address),
    leasedTo: async (mac) => {
      if ((await keeper.network({})).mode === 'proxy') return 'foreign';
      return (await keeper.lookup({ client: { mac } })).lease?.address;
    },
    isKnown: (mac) => known.has(mac),
  };
  return (address: string) => whyNoKey(policy, address, questions);
}

/** What people and programs may ask about this machine and its image. */
function informationRoutes(facts: Facts, image: Client<typeof field>): HttpRoute[] {
  const name = facts.field?.label ?? 'image';
  return [
    { method: 'GET', path: '/', handle: async () => ({ kind: 'redirect', location: '/status' }) },
    {
      method: 'GET',
      path: '/status',
      handle: async () => ({
        kind: 'json',
        value: {
          role: facts.role,
          kernelRelease: facts.kernelRelease,
          magnet: facts.field?.magnet,
          field: await image.status({}),
        },
      }),
    },
    {
      method: 'GET',
      path: `/${name}.torrent`,
      handle: async () => {
        const { bytes } = await image.metainfo({});
        return contentAnswer(bytesOf(bytes), 'application/x-bittorrent');
      },
    },
  ];
}

function bytesOf(bytes: Uint8Array): BootContent {
  return {
    sizeBytes: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
    close: async () => {},
  };
}

function contentAnswer(content: BootContent | undefined, type = 'application/octet-stream') {
  return content ? ({ kind: 'content', content, type } as const) : ({ kind: 'not-found' } as const);
}

/** Several archives as one initrd, one behind the other: the kernel unpacks them so (Documentation/driver-api/early-userspace/buffer-format.rst). */
export async function openParts(paths: readonly string[]): Promise<BootContent | undefined> {
  const parts = await Promise.all(paths.map(openFile));
  const present = parts.filter((part) => part !== undefined);
  const close = async () => void (await Promise.all(present.map((part) => part.close())));
  if (present.length !== paths.length || present.length === 0) {
    await close();
    return undefined;
  }
  return {
    sizeBytes: present.reduce((sum, part) => sum + part.sizeBytes, 0),
    tag: present.map(({ tag }) => tag).join('-'),
    read: (offset, length) => readAcross(present, offset, length),
    close,
  };
}

async function readAcross(parts: readonly BootContent[], offset: number, length: number): Promise<Uint8Array> {
  const result = new Uint8Array(length);
  let start = 0;
  for (const part of parts) {
    const from = Math.max(offset, start);
    const to = Math.min(offset + length, start + part.sizeBytes);
    if (from < to) result.set(await part.read(from - start, to - from), from - offset);
    start += part.sizeBytes;
  }
  return result;
}

function requireBootSet({ bootSet }: Facts): BootSetFacts {
  if (bootSet) return bootSet;
  throw new ViverError(
    'RUNES_NO_BOOT_SET',
    'this machine has no boot set (kernel, initrd, loaders) to start others with',
  );
}

function requireMagnet({ field: image }: Facts): string {
  if (image) return image.magnet;
  throw new ViverError('RUNES_NO_FIELD', 'this machine is no node of a field: there is no image to start others with');
}
