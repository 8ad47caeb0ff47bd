// modules.pcimap and modules.usbmap: the tables of kernels before modules.alias had it all (Linux 2.4, 2.6). A row of hex columns
// becomes the alias pattern that the kernel's own scripts/mod/file2alias.c would write, so that there is one matcher for both.
// Columns: struct pci_device_id and struct usb_device_id (include/linux/mod_devicetable.h).

import type { AliasLine } from './kernel-tables.ts';
import { moduleName } from './module-name.ts';

const PCI_COLUMNS = 6;
const PCI_ANY_ID = 0xffff_ffff;
const USB_COLUMNS = 11;

/** USB_DEVICE_ID_MATCH_*: which columns of a row count. */
const UsbMatch = {
  vendor: 0x001,
  product: 0x002,
  deviceLow: 0x004,
  deviceHigh: 0x008,
  deviceClass: 0x010,
  deviceSubclass: 0x020,
  deviceProtocol: 0x040,
  interfaceClass: 0x080,
  interfaceSubclass: 0x100,
  interfaceProtocol: 0x200,
} as const;

/** Reads modules.pcimap: `MODULE vendor device subvendor subdevice class class_mask [driver_data]`. */
export function parsePciMap(text: string): AliasLine[] {
  return rows(text, PCI_COLUMNS).map(({ module, columns }) => {
    const [vendor, device, subvendor, subdevice, deviceClass, mask] = columns as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const bytes = [16, 8, 0].map((shift) => maskedByte((deviceClass >>> shift) & 0xff, (mask >>> shift) & 0xff));
    const ids = [vendor, device, subvendor, subdevice].map((id) => (id === PCI_ANY_ID ? '*' : hex(id, 8)));
    return { pattern: `pci:v${ids[0]}d${ids[1]}sv${ids[2]}sd${ids[3]}bc${bytes[0]}sc${bytes[1]}i${bytes[2]}`, module };
  });
}

/**
 * Reads modules.usbmap: `MODULE match_flags idVendor idProduct bcdDevice_lo bcdDevice_hi bDeviceClass bDeviceSubClass
 * bDeviceProtocol bInterfaceClass bInterfaceSubClass bInterfaceProtocol [driver_info]`. A range of bcdDevice may take several patterns.
 */
export function parseUsbMap(text: string): AliasLine[] {
  return rows(text, USB_COLUMNS).flatMap(({ module, columns }) => {
    const flags = columns[0]!;
    const field = (flag: number, column: number, digits: number) =>
      (flags & flag) === 0 ? '*' : hex(columns[column]!, digits);
    const low = flags & UsbMatch.deviceLow ? columns[3]! : 0;
    const high = flags & UsbMatch.deviceHigh ? columns[4]! : 0xffff;
    const head = `usb:v${field(UsbMatch.vendor, 1, 4)}p${field(UsbMatch.product, 2, 4)}d`;
    const device = `dc${field(UsbMatch.deviceClass, 5, 2)}dsc${field(UsbMatch.deviceSubclass, 6, 2)}dp${field(UsbMatch.deviceProtocol, 7, 2)}`;
    const face = `ic${field(UsbMatch.interfaceClass, 8, 2)}isc${field(UsbMatch.interfaceSubclass, 9, 2)}ip${field(UsbMatch.interfaceProtocol, 10, 2)}`;
    // Kernels since 3.7 put the number of the interface behind (`in00`).
    return hexRangePatterns(low, high, 4).map((bcd) => ({
      pattern: `${head}${bcd}${device}${face}`.replace(/\*?$/, '*'),
      module,
    }));
  });
}

function rows(text: string, least: number): { module: string; columns: number[] }[] {
  return text.split('\n').flatMap((line) => {
    const [name, ...words] = line.match(/\S+/g) ?? [];
    if (name === undefined || name.startsWith('#') || words.length < least) return [];
    const columns = words.map((word) => Number(word));
    return columns.slice(0, least).every(Number.isInteger) ? [{ module: moduleName(name), columns }] : [];
  });
}

function hex(value: number, digits: number): string {
  return (value >>> 0).toString(16).toUpperCase().padStart(digits, '0');
}

/** Two hex digits of which only the bits in `mask` count. */
function maskedByte(value: number, mask: number): string {
  if (mask === 0) return '*';
  return maskedDigit(value >>> 4, mask >>> 4) + maskedDigit(value & 0xf, mask & 0xf);
}

function maskedDigit(value: number, mask: number): string {
  const digits = [...'0123456789ABCDEF'].filter((_, digit) => (digit & mask) === (value & mask));
  if (digits.length === 16) return '?';
  return digits.length === 1 ? digits[0]! : `[${digits.join('')}]`;
}

/** Patterns that together match exactly the hex numbers `low` to `high` of `digits` digits. */
export function hexRangePatterns(low: number, high: number, digits: number): string[] {
  if (low > high) return [];
  if (low === 0 && high === 16 ** digits - 1) return ['*'];
  return digitRange(low, high, digits);
}

function digitRange(low: number, high: number, digits: number): string[] {
  if (digits === 0) return [''];
  const unit = 16 ** (digits - 1);
  if (low === 0 && high === unit * 16 - 1) return ['?'.repeat(digits)];
  const first = Math.floor(low / unit);
  const last = Math.floor(high / unit);
  if (first === last) return digitRange(low % unit, high % unit, digits - 1).map((rest) => hex(first, 1) + rest);
  const wholeFrom = low % unit === 0 ? first : first + 1;
  const wholeTo = high % unit === unit - 1 ? last : last - 1;
  const patterns: string[] = [];
  if (wholeFrom > first)
    patterns.push(...digitRange(low % unit, unit - 1, digits - 1).map((rest) => hex(first, 1) + rest));
  if (wholeFrom <= wholeTo) patterns.push(digitChoice(wholeFrom, wholeTo) + '?'.repeat(digits - 1));
  if (wholeTo < last) patterns.push(...digitRange(0, high % unit, digits - 1).map((rest) => hex(last, 1) + rest));
  return patterns;
}

function digitChoice(from: number, to: number): string {
  return from === to ? hex(from, 1) : `[${'0123456789ABCDEF'.slice(from, to + 1)}]`;
}
