// Finds the devices of this machine: everything in sysfs that carries a modalias (PCI, USB, virtio, ACPI, platform, scsi, mmc,
// serio, hid, vmbus, xen, input …). Every such device has a bus or a class, or is the root of a subsystem (cpu), so the lists in
// bus/*/devices, class/* and devices/system lead to all of them without a walk over all of /sys/devices. The root is the caller's.
// Nothing is refused: what cannot be read is reported and the rest goes on.

import { errorLine } from '../errors.ts';
import type { Sys } from '../sys/sys.ts';

export interface Device {
  /** Bus or class and name, unique in a machine: `pci/0000:00:1f.2`. */
  readonly id: string;
  readonly bus: string;
  readonly name: string;
  /** Path in sysfs, by bus or class. */
  readonly path: string;
  readonly modalias: string;
  /** Name of the driver that is bound; only when the scan asked for drivers. */
  readonly driver?: string;
}

export interface OddFile {
  readonly path: string;
  readonly reason: string;
}

export interface Scan {
  readonly devices: readonly Device[];
  readonly oddFiles: readonly OddFile[];
  /** How many files and folders were opened. */
  readonly fileOperations: number;
}

export interface ScanOptions {
  /**
   * What a scan has settled, for the next one to pass over: ids of devices, and folders of classes (`class/tty`) whose members have no
   * modalias. Empty at first; the scan fills it.
   */
  readonly seen?: Set<string>;
  /** Also look where each device's driver link leads. */
  readonly drivers?: boolean;
  /** Files read at once. Node has four threads for them. */
  readonly concurrency?: number;
}

/** Longer than any modalias that the kernel makes (its uevent buffer holds 2,048 bytes), short enough for a log. */
const MAX_MODALIAS_LETTERS = 4095;
/** So many devices of one kind (`memory12`, `memory13` …) without a modalias, and their like are not asked any more. */
const KIND_PATIENCE = 4;

/** Lists all devices below `root` (usually `/sys`) that have a modalias. */
export async function scanDevices(sys: Sys, root: string, options: ScanOptions = {}): Promise<Scan> {
  const seen = options.seen ?? new Set<string>();
  const result = { devices: [] as Device[], oddFiles: [] as OddFile[], fileOperations: 0 };
  const mute = new Map<string, number>();
  const places = await listFolders(sys, root, seen, result);
  const candidates = places.filter(({ id }) => !seen.has(id));
  await inParallel(candidates, options.concurrency ?? 8, async (place) => {
    const kind = kindOf(place);
    if ((mute.get(kind) ?? 0) < KIND_PATIENCE) {
      const device = await readDevice(sys, place, options.drivers === true, result);
      if (device === LATER) return;
      if (device === undefined) mute.set(kind, (mute.get(kind) ?? 0) + 1);
      else {
        mute.set(kind, Number.NEGATIVE_INFINITY);
        result.devices.push(device);
      }
    }
    seen.add(place.id);
  });
  rememberBarrenClasses(places, mute, seen);
  result.devices.sort((one, other) => (one.id < other.id ? -1 : 1));
  return result;
}

type Place = Pick<Device, 'id' | 'bus' | 'name' | 'path'> & { readonly isClass: boolean };

function kindOf({ bus, name }: Place): string {
  return `${bus}/${name.replace(/\d+|[0-9a-f]{4,}/g, '#')}`;
}

/** A class either has modaliases (input, dmi) or it has none (tty, block …): half of the folders need no second look. */
function rememberBarrenClasses(places: readonly Place[], mute: ReadonlyMap<string, number>, seen: Set<string>): void {
  const classes = places.filter(({ isClass }) => isClass);
  const fertile = new Set(classes.filter((place) => (mute.get(kindOf(place)) ?? 0) <= 0).map(({ bus }) => bus));
  for (const { bus } of classes) if (!fertile.has(bus)) seen.add(`class/${bus}`);
}

interface Tally {
  oddFiles: OddFile[];
  fileOperations: number;
}

async function listFolders(sys: Sys, root: string, seen: ReadonlySet<string>, tally: Tally): Promise<Place[]> {
  const list = async (folder: string): Promise<string[]> => {
    tally.fileOperations++;
    return sys.list(folder).catch((error: unknown) => {
      tally.oddFiles.push({ path: folder, reason: errorLine(error) });
      return [];
    });
  };
  const [buses, classes] = await Promise.all([list(`${root}/bus`), list(`${root}/class`)]);
  const folders = [
    ...buses.map((bus) => ({ bus, isClass: false, folder: `${root}/bus/${bus}/devices` })),
    // Buses come first: `block`, `scsi_host` and the like have no modalias, `input` and `dmi` have.
    ...classes
      .filter((name) => !buses.includes(name) && !seen.has(`class/${name}`))
      .map((bus) => ({ bus, isClass: true, folder: `${root}/class/${bus}` })),
    // The processors' features are announced once, by the root of their subsystem.
    { bus: 'system', isClass: false, folder: `${root}/devices/system` },
  ];
  const places = await Promise.all(
    folders.map(async ({ bus, isClass, folder }) =>
      (await list(folder)).map((name) => ({ id: `${bus}/${name}`, bus, name, path: `${folder}/${name}`, isClass })),
    ),
  );
  return places.flat();
}

/** What could not be read now, and may be next time. */
const LATER = Symbol('later');

/** `undefined`: it has no modalias. */
async function readDevice(
  sys: Sys,
  { isClass, ...place }: Place,
  withDriver: boolean,
  tally: Tally,
): Promise<Device | undefined | typeof LATER> {
  let modalias = await readOdd(sys, `${place.path}/modalias`, tally);
  // Some buses (mmc: SD cards) have no such file, and name it only to who listens to events.
  if (modalias === undefined && !isClass) modalias = modaliasOfEvent(await readOdd(sys, `${place.path}/uevent`, tally));
  if (modalias === LATER) return LATER;
  modalias = modalias?.replace(/\n$/, '');
  if (modalias === undefined || modalias === '') return undefined;
  if (modalias.length > MAX_MODALIAS_LETTERS || /[\n\0]/.test(modalias)) {
    tally.oddFiles.push({ path: `${place.path}/modalias`, reason: `not a modalias (${modalias.length} letters)` });
    return undefined;
  }
  if (!withDriver) return { ...place, modalias };
  tally.fileOperations++;
  const driver = await sys.realPath(`${place.path}/driver`).catch(() => undefined);
  return driver === undefined ? { ...place, modalias } : { ...place, modalias, driver: driver.replace(/^.*\//, '') };
}

/** `undefined` when there is no such file. */
async function readOdd(sys: Sys, path: string, tally: Tally): Promise<string | undefined | typeof LATER> {
  tally.fileOperations++;
  try {
    return await sys.readText(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    tally.oddFiles.push({ path, reason: errorLine(error) });
    return LATER;
  }
}

function modaliasOfEvent(event: string | undefined | typeof LATER): string | undefined | typeof LATER {
  return event === LATER ? LATER : /^MODALIAS=(.*)$/m.exec(event ?? '')?.[1];
}

function isAbsent(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

async function inParallel<T>(items: readonly T[], limit: number, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) await work(items[next++]!);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}
