// An EDID of our own for monitors that have none, or a wrong one: one block with one mode, the preferred one (VESA E-EDID Standard, Release A, EDID 1.3).
// Kernel, X and every Wayland compositor then see the same monitor. Pure.

import type { Timing } from './timing.ts';

export const EDID_BYTES = 128;
const HEADER = [0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00];
/** Three letters of five bits: VIV. */
const MAKER = [0x59, 0x36];
const YEAR_2026 = 36;
/** sRGB. */
const COLOURS = [0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54];

/** @param input A plug for analog signals is not served by a driver whose monitor says that it is digital, and the other way round. */
export function encodeEdid(timing: Timing, input: 'analog' | 'digital'): Uint8Array {
  const bytes = new Uint8Array(EDID_BYTES);
  bytes.set([...HEADER, ...MAKER, 1, 0, 0, 0, 0, 0, 1, YEAR_2026, 1, 3]);
  // Size unknown, gamma 2.2, sRGB, the first mode is the preferred one.
  bytes.set([input === 'digital' ? 0x80 : 0x08, 0, 0, 120, 0x0e, ...COLOURS], 20);
  bytes.set([0, 0, 0, ...Array.from({ length: 16 }, () => 1)], 35); // no established, no standard timings
  bytes.set(detailedTiming(timing), 54);
  bytes.set(textDescriptor(0xfc, 'Viver'), 72);
  bytes.set(rangeLimits(timing), 90);
  bytes.set([0, 0, 0, 0x10], 108); // unused
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes[127] = (256 - (sum % 256)) % 256;
  return bytes;
}

/** 3.10.2: twelve-bit fields with their upper bits apart. */
function detailedTiming(timing: Timing): number[] {
  const { width, height, clockKhz, horizontal, vertical, hsyncPositive, vsyncPositive } = timing;
  const [hFront, hPulse, hBlank] = [horizontal[0] - width, horizontal[1] - horizontal[0], horizontal[2] - width];
  const [vFront, vPulse, vBlank] = [vertical[0] - height, vertical[1] - vertical[0], vertical[2] - height];
  const clock = Math.round(clockKhz / 10);
  return [
    ...[clock & 0xff, clock >> 8],
    ...[width & 0xff, hBlank & 0xff, ((width >> 8) << 4) | (hBlank >> 8)],
    ...[height & 0xff, vBlank & 0xff, ((height >> 8) << 4) | (vBlank >> 8)],
    ...[hFront & 0xff, hPulse & 0xff, ((vFront & 0xf) << 4) | (vPulse & 0xf)],
    ((hFront >> 8) << 6) | ((hPulse >> 8) << 4) | ((vFront >> 4) << 2) | (vPulse >> 4),
    ...[0, 0, 0, 0, 0], // no size, no border
    0x18 | (vsyncPositive ? 4 : 0) | (hsyncPositive ? 2 : 0),
  ];
}

function textDescriptor(kind: number, text: string): number[] {
  const letters = [...new TextEncoder().encode(text), 0x0a];
  return [0, 0, 0, kind, 0, ...letters, ...Array.from({ length: 13 - letters.length }, () => 0x20)];
}

/** 3.10.3.5: what this mode needs and a little around it. */
function rangeLimits({ refreshHz, clockKhz, horizontal }: Timing): number[] {
  const lineKhz = Math.round(clockKhz / horizontal[2]);
  const clock = Math.ceil(clockKhz / 10_000);
  return [
    0,
    0,
    0,
    0xfd,
    0,
    refreshHz - 1,
    refreshHz + 1,
    lineKhz - 1,
    lineKhz + 1,
    clock,
    0,
    0x0a,
    ...Array(6).fill(0x20),
  ];
}
