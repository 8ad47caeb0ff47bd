// Names for people: the format of pci.ids and usb.ids (https://pci-ids.ucw.cz/, http://www.linux-usb.org/usb.ids), as Debian has them
// in /usr/share/misc. Lines are `VENDOR  name`, below it with tabs `DEVICE  name` and `SUBVENDOR SUBDEVICE  name` (usb.ids:
// interfaces), and `C CLASS  name` with subclasses and interfaces below. Other sections (HID usages, languages …) are passed over. Pure.

/** Vendor, device and, where the bus has it, subsystem and class: hex digits in lower case, without the bus's leading zeros. */
export interface HardwareIds {
  readonly bus: 'pci' | 'usb';
  readonly vendor: string;
  readonly device: string;
  readonly subsystem?: string;
  /** Base class, subclass, interface. */
  readonly classes: readonly [string, string, string];
}

export interface HardwareNames {
  readonly vendor?: string;
  readonly device?: string;
  readonly subsystem?: string;
  /** The kind of controller, as exactly as the list knows: `SATA controller (AHCI 1.0)`. */
  readonly kind?: string;
}

/** Names by path of ids: `8086`, `8086/10d3`, `8086/10d3/8086 0001`, and classes as `C 01`, `C 01/06`, `C 01/06/01`. */
export type NameList = ReadonlyMap<string, string>;

/** Reads pci.ids or usb.ids. */
export function parseNameList(text: string): NameList {
  const names = new Map<string, string>();
  let top: string | undefined;
  let middle: string | undefined;
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const found = /^(\t{0,2})((?:[A-Z]+ )?[0-9a-fA-F]{2,4}(?: [0-9a-fA-F]{4})?) {1,2}(\S.*?)\s*$/.exec(line);
    const depth = found?.[1]?.length;
    if (found === null || (depth === 0 && !/^(?:C [0-9a-f]{2}|[0-9a-f]{4})$/i.test(found[2]!))) {
      if (!line.startsWith('\t')) top = middle = undefined;
      continue;
    }
    const id =
      depth === 0 && found[2]!.startsWith('C ') ? `C ${found[2]!.slice(2).toLowerCase()}` : found[2]!.toLowerCase();
    if (depth === 0) {
      top = id;
      middle = undefined;
    } else if (depth === 1 && top !== undefined) middle = `${top}/${id}`;
    const key = depth === 0 ? top : depth === 1 ? middle : middle && `${middle}/${id}`;
    if (key !== undefined) names.set(key, found[3]!);
  }
  return names;
}

/** The ids in a PCI or USB modalias; undefined for other buses. */
export function idsOfModalias(modalias: string): HardwareIds | undefined {
  const pci = /^pci:v0000(.{4})d0000(.{4})sv0000(.{4})sd0000(.{4})bc(..)sc(..)i(..)/.exec(modalias.toLowerCase());
  if (pci !== null) {
    const [vendor, device, subvendor, subdevice, ...classes] = pci.slice(1) as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    return { bus: 'pci', vendor, device, subsystem: `${subvendor} ${subdevice}`, classes };
  }
  const usb = /^usb:v(.{4})p(.{4})d.{4}dc(..)dsc(..)dp(..)ic(..)isc(..)ip(..)/.exec(modalias.toLowerCase());
  if (usb === null) return undefined;
  const [vendor, device, ...rest] = usb.slice(1) as [string, string, string, string, string, string, string, string];
  return { bus: 'usb', vendor, device, classes: [rest[3]!, rest[4]!, rest[5]!] };
}

/** What the list calls it; a field is absent where the list has nothing. */
export function namesOf(list: NameList, ids: HardwareIds): HardwareNames {
  const device = `${ids.vendor}/${ids.device}`;
  const [base, sub, face] = ids.classes;
  const subclass = list.get(`C ${base}/${sub}`) ?? list.get(`C ${base}`);
  const detail = list.get(`C ${base}/${sub}/${face}`);
  return {
    vendor: list.get(ids.vendor),
    device: list.get(device),
    subsystem: ids.subsystem === undefined ? undefined : list.get(`${device}/${ids.subsystem}`),
    kind: subclass !== undefined && detail !== undefined ? `${subclass} (${detail})` : subclass,
  };
}
