// A capture file that Wireshark and tcpdump read: the classic format of draft-ietf-opsawg-pcap, sections 4 and 5, Ethernet. Pure.

const PCAP_MAGIC_MICROSECONDS = 0xa1b2c3d4;
const LINKTYPE_ETHERNET = 1;

/** Longest part of a frame that is kept (the header's SnapLen). */
export const SNAP_BYTES = 65535;

/** The 24 bytes at the start of a capture. */
export function encodePcapHeader(): Uint8Array {
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, PCAP_MAGIC_MICROSECONDS);
  view.setUint16(4, 2); // major version
  view.setUint16(6, 4); // minor version
  view.setUint32(16, SNAP_BYTES);
  view.setUint32(20, LINKTYPE_ETHERNET);
  return bytes;
}

/**
 * One frame of a capture, with the first `keepBytes` of it.
 * @param milliseconds When it passed, since 1970.
 */
export function encodePcapRecord(frame: Uint8Array, milliseconds: number, keepBytes = SNAP_BYTES): Uint8Array {
  const kept = frame.subarray(0, Math.min(keepBytes, SNAP_BYTES));
  const bytes = new Uint8Array(16 + kept.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(milliseconds / 1000));
  view.setUint32(4, Math.floor((milliseconds % 1000) * 1000));
  view.setUint32(8, kept.length);
  view.setUint32(12, frame.length);
  bytes.set(kept, 16);
  return bytes;
}
