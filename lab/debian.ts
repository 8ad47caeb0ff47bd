// Debian systems that become images: made once by mmdebstrap, each in a folder of its own, with a list of the SHA-256 of every file beside it. A
// stamp says by which recipe; another recipe, or half a tree, is made again.

import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from '../kit/child.ts';
import { ViverError } from '../src/errors.ts';
import type { Log } from '../src/log.ts';
import { runAsRoot } from './as-root.ts';
import { debianSources } from './debian-sources.ts';

export interface DebianRecipe {
  /** Debian's code name. */
  readonly release: string;
  readonly packages: readonly string[];
  /** What a person would set up after installing, beyond debian-customize.sh: a script that is called with the root directory. */
  readonly setUp?: string;
}

/** What every system of the lab needs: it starts, speaks on a serial line and answers the guest agent. */
export const LAB_PACKAGES = [
  ...['systemd', 'systemd-sysv', 'udev', 'dbus', 'kmod', 'procps', 'login', 'linux-image-amd64'],
  ...['iproute2', 'iputils-ping', 'qemu-guest-agent'],
];

/** The demonstration's system. */
const DEMONSTRATION: DebianRecipe = {
  release: 'bookworm',
  packages: [
    ...LAB_PACKAGES,
    ...['ifupdown', 'isc-dhcp-client'],
    ...['manpages', 'less'], // real content: some hundred files that no boot reads
  ],
};

const CUSTOMIZE = fileURLToPath(new URL('debian-customize.sh', import.meta.url));

/** What of the host's apt settings a mirror may need to be reached. */
const APT_SETTINGS = /^(Acquire::(?:https?::Proxy|Check-Valid-Until|Check-Date)) "(.*)";$/;

/** Folders whose content belongs to one run of a system; an image leaves it out. */
const RUN_TIME_FOLDERS = ['proc', 'sys', 'dev', 'run', 'tmp', 'var/tmp'];

export interface DebianSystem {
  /** The tree, owned by root. */
  readonly root: string;
  /** As `sha256sum` writes it, paths beginning with `./`. */
  readonly manifestFile: string;
}

/** Makes the system in `directory` unless it is there. @throws ViverError LAB_* with what failed */
export async function makeDebianSystem(
  directory: string,
  log: Log,
  recipe: DebianRecipe = DEMONSTRATION,
): Promise<DebianSystem> {
  const system = { root: join(directory, 'system'), manifestFile: join(directory, 'system.sha256') };
  const stampFile = join(directory, 'system.stamp');
  const stamp = await recipeHash(recipe);
  if ((await readFile(stampFile, 'utf8').catch(() => '')) === stamp && (await exists(system.root))) return system;
  await mkdir(directory, { recursive: true });
  await rm(stampFile, { force: true });
  await removeTree(system.root);
  log.info(`making a Debian ${recipe.release} system (one to three minutes, needs root for the files' owners)`);
  await bootstrap(system.root, recipe);
  await writeFile(system.manifestFile, await hashTree(system.root));
  await writeFile(stampFile, stamp);
  return system;
}

/** The SHA-256 of every regular file, sorted by name, without what belongs to one run. */
export async function hashTree(root: string): Promise<string> {
  const pruned = RUN_TIME_FOLDERS.flatMap((folder) => ['-path', `./${folder}/*`, '-prune', '-o']);
  const find = ['find', '.', '-xdev', ...pruned.map((word) => `'${word}'`), '-type', 'f', '-print0'].join(' ');
  return runAsRoot('sh', ['-c', `cd "$1" && ${find} | LC_ALL=C sort -z | xargs -0 -r sha256sum --`, 'sh', root]);
}

async function bootstrap(root: string, { release, packages, setUp }: DebianRecipe): Promise<void> {
  const scripts = [CUSTOMIZE, ...(setUp ? [setUp] : [])];
  const args = [
    ...['--quiet', '--mode=root', '--format=directory', '--variant=minbase', '--architectures=amd64'],
    ...[`--include=${packages.join(',')}`, '--dpkgopt=force-unsafe-io'],
    ...(await aptOptions()),
    ...scripts.map((script) => `--customize-hook=${script}`),
    ...[release, root],
    ...debianSources(await hostSourceFiles(), release),
  ];
  try {
    await runAsRoot('mmdebstrap', args);
  } catch (error) {
    await removeTree(root);
    throw new ViverError('LAB_DEBIAN', 'the Debian system could not be made; see the lines above', { cause: error });
  }
}

/** Never into what is mounted there: a half made tree may still hold a mount of /proc or /dev. */
async function removeTree(root: string): Promise<void> {
  if (await exists(root)) await runAsRoot('rm', ['-rf', '--one-file-system', '--', root]);
}

async function aptOptions(): Promise<string[]> {
  const { stdout } = await runChild('apt-config', ['dump']);
  return stdout.split('\n').flatMap((line) => {
    const [, name, value] = APT_SETTINGS.exec(line) ?? [];
    return name && value ? [`--aptopt=${name} "${value}"`] : [];
  });
}

async function hostSourceFiles(): Promise<{ name: string; text: string }[]> {
  const folder = '/etc/apt/sources.list.d';
  const names = (await readdir(folder).catch(() => [])).filter((name) => /\.(list|sources)$/.test(name));
  const paths = ['/etc/apt/sources.list', ...names.sort().map((name) => join(folder, name))];
  return Promise.all(paths.map(async (path) => ({ name: path, text: await readFile(path, 'utf8').catch(() => '') })));
}

async function recipeHash({ release, packages, setUp }: DebianRecipe): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([release, packages]));
  for (const script of [CUSTOMIZE, ...(setUp ? [setUp] : [])]) hash.update(await readFile(script));
  return hash.digest('hex');
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
