// Types of the parts of the npm package `dhcp` 0.2.20 that we use: its header codec, value codec and option table.
// Its server and client are not used: src/bootserver/dhcp decides, on the codec of the package.

declare module 'dhcp/lib/seqbuffer.js' {
  /** Reads and writes typed values; throws RangeError past the end of its buffer. */
  class SeqBuffer {
    constructor(buffer?: Buffer, length?: number);
    _data: Buffer;
    _w: number;
    addOptions(options: Record<number, unknown>): void;
    getUInt8(): number;
    getInt8(): number;
    getUInt16(): number;
    getInt16(): number;
    getUInt32(): number;
    getInt32(): number;
    getIP(): string;
    getIPs(length: number): string[];
    getUTF8(length: number): string;
    getASCII(length: number): string;
    getUInt8s(length: number): number[];
    getUInt16s(length: number): number[];
    getBool(): boolean;
  }
  export default SeqBuffer;
}

declare module 'dhcp/lib/protocol.js' {
  import type SeqBuffer from 'dhcp/lib/seqbuffer.js';

  interface Header {
    op: number;
    htype: number;
    hlen: number;
    hops: number;
    xid: number;
    secs: number;
    flags: number;
    ciaddr: string;
    yiaddr: string;
    siaddr: string;
    giaddr: string;
    chaddr: string;
    sname: string;
    file: string;
    magicCookie?: number;
    options: Record<number, unknown>;
  }
  const protocol: { parse(bytes: Buffer): Header; format(header: Header): SeqBuffer };
  export default protocol;
}

declare module 'dhcp/lib/options.js' {
  interface OptionRow {
    name: string;
    type?: string;
    config?: string;
    attr?: string;
  }
  const table: { opts: Record<number, OptionRow>; addOption(code: number, row: OptionRow): void };
  export default table;
}
