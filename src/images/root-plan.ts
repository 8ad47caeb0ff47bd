// The mounts that make the new root out of an image, as data: printed, checked in tests, applied in order. Nothing here touches the new
// root from this process: its blocks may be served by this very process, so every step on or below it is a child's (docs/boot-story.md).

import { ViverError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { MountRequest, Sys } from '../sys/sys.ts';

/** Places of this process's own root; the shim hands /newroot over. */
export const ROOT_PLACES = { image: '/image', overlay: '/overlay', newRoot: '/newroot' } as const;
/** Where the running system sees the untouched image, below its root. */
export const IMAGE_VIEW = 'run/viver/image';

export type RootStep =
  | { readonly kind: 'directories'; readonly paths: readonly string[]; readonly why: string }
  | { readonly kind: 'mount'; readonly request: MountRequest; readonly why: string };

export interface RootPlanOptions {
  /** Block device with the image: a partition, a loop device, /dev/nbd0. */
  readonly device: string;
  readonly imageType?: 'squashfs' | 'erofs';
  /** Limit of the writable layer: bytes, or a part of the RAM; half the RAM without it. */
  readonly overlay?: { readonly bytes: number } | { readonly percent: number };
  /** A folder of this process that the running system is to see at the same place, such as `/run/viver`. */
  readonly sharedRun?: string;
  /** Prefix of all places; for tests. */
  readonly prefix?: string;
}

/** Folders that a system needs as mount points, whether its image has them or not. */
const MOUNT_POINTS = ['dev', 'proc', 'sys', 'run'];

/** The steps in order. Pure. */
export function planRoot(options: RootPlanOptions): RootStep[] {
  const prefix = options.prefix ?? '';
  const image = prefix + ROOT_PLACES.image;
  const overlay = prefix + ROOT_PLACES.overlay;
  const root = prefix + ROOT_PLACES.newRoot;
  const upper = `${overlay}/upper`;
  return [
    directories([image, overlay, root], 'places for the layers'),
    mount(options.device, image, options.imageType ?? 'squashfs', ['ro', 'nodev'], 'the image, never written to'),
    mount('overlay', overlay, 'tmpfs', [sizeOption(options.overlay), 'mode=0755'], 'memory for what is written'),
    // Made in the upper layer, not in the joined tree: a folder that the image has too stays one folder.
    directories([upper, `${overlay}/work`, ...MOUNT_POINTS.map((name) => `${upper}/${name}`)], 'upper layer'),
    mount(
      'overlay',
      root,
      'overlay',
      [`lowerdir=${image}`, `upperdir=${upper}`, `workdir=${overlay}/work`],
      'the root',
    ),
    mount('dev', `${root}/dev`, 'devtmpfs', ['mode=0755', 'nosuid'], 'device nodes'),
    mount('proc', `${root}/proc`, 'proc', ['nosuid', 'nodev', 'noexec'], 'processes'),
    mount('sys', `${root}/sys`, 'sysfs', ['nosuid', 'nodev', 'noexec'], 'devices'),
    mount('run', `${root}/run`, 'tmpfs', ['mode=0755', 'nosuid', 'nodev'], 'run-time files'),
    ...(options.sharedRun ? shareFolder(options.sharedRun, root) : []),
    directories([`${root}/${IMAGE_VIEW}`], 'a place for the view of the image'),
    mount(image, `${root}/${IMAGE_VIEW}`, 'none', ['bind'], 'the untouched image for administrators'),
  ];
}

/** `mount squashfs /dev/nbd0 on /image (ro,nodev): the image, never written to` */
export function describeStep(step: RootStep): string {
  if (step.kind === 'directories') return `make ${step.paths.join(' ')}: ${step.why}`;
  const { source, target, type, options = [] } = step.request;
  return `mount ${type} ${source} on ${target} (${options.join(',')}): ${step.why}`;
}

/** Carries the steps out. @throws ViverError IMAGE_NO_ROOT naming the step that failed */
export async function applyRootPlan(steps: readonly RootStep[], sys: Sys, log: Log): Promise<void> {
  for (const step of steps) {
    log.debug(describeStep(step));
    try {
      await applyStep(step, sys);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ViverError('IMAGE_NO_ROOT', `cannot ${describeStep(step)}: ${reason}`, { cause });
    }
  }
}

async function applyStep(step: RootStep, sys: Sys): Promise<void> {
  if (step.kind === 'mount') return await sys.mount(step.request);
  const result = await sys.run('mkdir', ['-p', ...step.paths]);
  if (result.status !== 0) throw new ViverError('IMAGE_NO_ROOT', result.stderr.trim());
}

function directories(paths: readonly string[], why: string): RootStep {
  return { kind: 'directories', paths, why };
}

function mount(source: string, target: string, type: string, options: readonly string[], why: string): RootStep {
  return { kind: 'mount', request: { source, target, type, options }, why };
}

function shareFolder(folder: string, root: string): RootStep[] {
  return [
    directories([folder, `${root}${folder}`], 'a folder that both sides see'),
    mount(folder, `${root}${folder}`, 'none', ['bind'], 'what the Viver process tells the running system'),
  ];
}

function sizeOption(overlay: RootPlanOptions['overlay']): string {
  if (!overlay) return 'size=50%';
  return 'percent' in overlay ? `size=${overlay.percent}%` : `size=${overlay.bytes}`;
}
