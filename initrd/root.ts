// The root of the new system: which image, from where, on which device, and the mounts on top of it.

import { ViverError } from '../src/errors.ts';
import type { Hardware } from '../src/hwdetect/hardware.ts';
import { applyRootPlan, planRoot, ROOT_PLACES } from '../src/images/root-plan.ts';
import type { BootRecorder } from '../src/vfield/boot-recorder.ts';
import type { Field } from '../src/vfield/field.ts';
import { openFileSource } from '../src/vfield/file-source.ts';
import { parseMagnet } from '../src/vfield/magnet.ts';
import { type BootContext, SHARED_RUN, SYSFS, sleep } from './context.ts';
import { checkInit } from './handover.ts';
import { attachLocal, describeImage, findLocalImage, type LocalImage, type SearchContext } from './local-image.ts';
import type { NetworkFacts } from './network.ts';
import { openNode } from './open-node.ts';

export interface Root {
  /** The block device with the image. */
  readonly device: string;
  readonly field: Field;
  /** For people: `sdb3:/debian.viver` or `the field`. */
  readonly source: string;
  /** The image on a drive of this machine, if it came from one. */
  readonly local?: Pick<LocalImage, 'path' | 'drive'>;
  /** What was read of an image that comes through the field; a medium is read past this process. */
  readonly recorder?: BootRecorder;
}

/** What searching drives takes, with the loading of drivers bound to `hardware`. */
export function searchContext({ sys, log, options }: BootContext, hardware: Hardware): SearchContext {
  return {
    sys,
    log: log.child('image'),
    sysRoot: SYSFS,
    options,
    sleep,
    now: () => performance.now(),
    loadModules: (names) => loadModules(hardware, names),
    lookAgain: async () => void (await hardware.settle({ patienceMs: 0, urgentOnly: true })),
  };
}

/** Loads modules by name, in order. Those that are built in or not there are no error: the mount that needs them will say so. */
export async function loadModules(hardware: Hardware, names: readonly string[]): Promise<void> {
  for (const name of names) await hardware.load(name);
}

/** The image on the fastest-looking drive. Its blocks go to the kernel directly, and to peers through the field. */
export async function rootFromDrive(boot: BootContext, hardware: Hardware): Promise<Root> {
  const local = await boot.phases.run('image', () => findOrExplain(boot, hardware), describeImage);
  const file = await openFileSource(local.path, { sizeBytes: local.metainfo.lengthBytes });
  const attach = async () => ({
    // Discovery begins when there is a network; the boot does not wait for one.
    field: await openNode(boot, { metainfo: local.metainfo, local: file, discovery: false }),
    device: await attachLocal(boot.sys, local),
  });
  const { field, device } = await boot.phases.run('attach', attach, (attached) => attached.device);
  const { path, drive } = local;
  return { device, field, source: describeImage(local), local: { path, drive } };
}

/** The image that the command line names by its info hash, out of the RAM of other machines. */
export async function rootFromField(
  boot: BootContext,
  hardware: Hardware,
  network: Promise<NetworkFacts | undefined>,
): Promise<Root> {
  const magnet = parseMagnet(boot.options.image ?? '');
  await boot.phases.run(
    'network',
    () => network,
    (facts) => (facts ? `${facts.name} has ${facts.address}` : 'none'),
  );
  const field = await boot.phases.run(
    'image',
    () => openNode(boot, { magnet }),
    ({ metainfo }) => `${metainfo.image.label} in the field`,
  );
  await hardware.load('nbd nbds_max=1 max_part=0');
  const [{ attachField }, { BootRecorder }] = await Promise.all([
    import('./attach.ts'),
    import('../src/vfield/boot-recorder.ts'),
  ]);
  const recorder = new BootRecorder(field.metainfo);
  const source = recorder.over(field.source);
  const attach = () => attachField(source, boot.sys, boot.log.child('nbd'));
  const device = await boot.phases.run('attach', attach, String);
  return { device, field, source: 'the field', recorder };
}

/** Mounts the layers and checks that there is an init to hand over to. */
export async function mountRoot({ sys, log, options }: BootContext, device: string): Promise<void> {
  const plan = planRoot({ device, overlay: options.overlay, sharedRun: SHARED_RUN });
  await applyRootPlan(plan, sys, log.child('root'));
  await checkInit(sys, ROOT_PLACES.newRoot, options.init);
}

async function findOrExplain(boot: BootContext, hardware: Hardware): Promise<LocalImage> {
  const found = await findLocalImage(searchContext(boot, hardware));
  if (found) return found;
  const { drives, missing } = whatThereIs(hardware);
  const wish = boot.options.image ? `no image ${boot.options.image}` : 'no .viver image';
  throw new ViverError(
    'BOOT_NO_IMAGE',
    `${wish} on any drive within ${boot.options.waitSeconds} s; drives' drivers: ${drives}; wanted but not in this initrd: ${missing}`,
  );
}

function whatThereIs(hardware: Hardware): { drives: string; missing: string } {
  const report = hardware.report();
  const loaded = report.modules.filter(({ result }) => result.kind === 'loaded').map(({ name }) => name);
  return { drives: loaded.join(' ') || 'none', missing: report.absent.join(' ') || 'nothing' };
}
