// The C library through node:ffi: the system calls that Node has no function for. Everything here returns at once;
// what may wait for the kernel runs in a child process or in module-loader.worker.ts.
// Traps of node:ffi in Node 26: signature keys are `arguments` and `return` (others are silently ignored), there is no `int`
// type, uint64 wants BigInt, and errno must be read immediately after the call.

import ffi from 'node:ffi';
import { getSystemErrorName } from 'node:util';
import { ViverError } from '../errors.ts';

const { functions: libc } = ffi.dlopen('libc.so.6', {
  syscall: { arguments: ['int64', 'uint64', 'uint64', 'uint64', 'uint64', 'uint64', 'uint64'], return: 'int64' },
  socket: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
  socketpair: { arguments: ['int32', 'int32', 'int32', 'buffer'], return: 'int32' },
  send: { arguments: ['int32', 'buffer', 'uint64', 'int32'], return: 'int64' },
  recv: { arguments: ['int32', 'buffer', 'uint64', 'int32'], return: 'int64' },
  setsockopt: { arguments: ['int32', 'int32', 'int32', 'buffer', 'uint32'], return: 'int32' },
  timer_create: { arguments: ['int32', 'buffer', 'buffer'], return: 'int32' },
  timer_settime: { arguments: ['uint64', 'int32', 'buffer', 'uint64'], return: 'int32' },
  malloc_trim: { arguments: ['uint64'], return: 'int32' },
  madvise: { arguments: ['uint64', 'uint64', 'int32'], return: 'int32' },
  prctl: { arguments: ['int32', 'uint64', 'uint64', 'uint64', 'uint64'], return: 'int32' },
  munlock: { arguments: ['uint64', 'uint64'], return: 'int32' },
  mlock2: { arguments: ['uint64', 'uint64', 'uint32'], return: 'int32' },
  settimeofday: { arguments: ['uint64', 'uint64'], return: 'int32' },
  close: { arguments: ['int32'], return: 'int32' },
  __errno_location: { arguments: [], return: 'pointer' },
} as const);

const AF_UNIX = 1;
const AF_NETLINK = 16;
const SOCK_STREAM = 1;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_BINDTODEVICE = 25;
const SO_RCVTIMEO = 20;
const MLOCK_ONFAULT = 1;
const MADV_DONTNEED = 4;
const PR_SET_PDEATHSIG = 1;
const MADV_POPULATE_WRITE = 23;
const PR_SET_THP_DISABLE = 41;
const RLIMIT_DATA = 2n;
const RLIMIT_CORE = 4n;
const CLOCK_MONOTONIC = 1;
const SIGKILL = 9;
const SIGCONT = 18;
/** sizeof(struct sigevent), sigevent(7). */
const SIGEVENT_BYTES = 64;

/** finit_module(2): asm-generic/unistd.h and, for x86-64, arch/x86/entry/syscalls/syscall_64.tbl. */
const FINIT_MODULE = process.arch === 'x64' ? 313n : 273n;
/** prlimit(2), from the same tables. */
const PRLIMIT64 = process.arch === 'x64' ? 302n : 261n;

function errno(): number {
  return ffi.getInt32(libc.__errno_location(), 0);
}

function check(what: string, result: number | bigint): number {
  if (result >= 0) return Number(result);
  const number = errno();
  throw new ViverError('SYS_CALL_FAILED', `${what}: ${getSystemErrorName(-number)}`, { details: { errno: number } });
}

/** Loads the module behind an open file. Waits for the driver's probe, so never call it on the event loop. Returns 0 or errno. */
export function finitModule(fileDescriptor: number, parameters: string): number {
  const text = Buffer.from(`${parameters}\0`);
  const result = libc.syscall(FINIT_MODULE, BigInt(fileDescriptor), ffi.getRawPointer(text), 0n, 0n, 0n, 0n);
  return result < 0n ? errno() : 0;
}

/** Two connected stream sockets, as file descriptors. */
export function socketPair(): [number, number] {
  const pair = Buffer.alloc(8);
  check('socketpair', libc.socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
  return [pair.readInt32LE(0), pair.readInt32LE(4)];
}

/** A netlink socket of `protocol` (linux/netlink.h) whose receive gives up after two seconds. */
export function netlinkSocket(protocol: number): number {
  const fd = check('netlink socket', libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  const twoSeconds = Buffer.alloc(16);
  twoSeconds.writeBigInt64LE(2n, 0);
  check('SO_RCVTIMEO', libc.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, twoSeconds, twoSeconds.length));
  return fd;
}

/** Sends one message and returns the answer's bytes. */
export function exchange(fd: number, message: Uint8Array): Uint8Array {
  check('netlink send', libc.send(fd, Buffer.from(message), BigInt(message.length), 0));
  return receive(fd);
}

/** The next message of a socket. */
export function receive(fd: number): Uint8Array {
  const answer = Buffer.alloc(16384);
  return answer.subarray(0, check('netlink receive', libc.recv(fd, answer, BigInt(answer.length), 0)));
}

/** Ties a socket to one network interface, so that broadcasts come from and go to that one (socket(7)). Needs CAP_NET_RAW. */
export function bindToDevice(fd: number, interfaceName: string): void {
  const name = Buffer.from(`${interfaceName}\0`);
  check(`SO_BINDTODEVICE ${interfaceName}`, libc.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, name.length));
}

export function closeDescriptor(fd: number): void {
  libc.close(fd);
}

/** Gives the free parts of the C library's heap back to the kernel (malloc_trim(3)). */
export function trimHeap(): void {
  libc.malloc_trim(0n);
}

/**
 * Gives the pages of a mapping back (munlock(2), madvise(2) MADV_DONTNEED); what is used again comes back from the file by a page fault.
 * Never for a mapping that was written to: that would be lost.
 */
export function releasePages(start: bigint, lengthBytes: bigint): void {
  check('munlock', libc.munlock(start, lengthBytes));
  check('madvise', libc.madvise(start, lengthBytes, MADV_DONTNEED));
}

/** Gives the pages that lie whole in `memory` back to the kernel (madvise(2) MADV_DONTNEED): they read as zeroes from then on. */
export function discardPages(memory: Uint8Array, pageBytes: number): void {
  const [address, page] = [ffi.getRawPointer(memory), BigInt(pageBytes)];
  const start = ((address + page - 1n) / page) * page;
  const end = ((address + BigInt(memory.length)) / page) * page;
  if (end > start) check('madvise', libc.madvise(start, end - start, MADV_DONTNEED));
}

/**
 * Makes the kernel give the pages of `memory` now (madvise(2) MADV_POPULATE_WRITE), in one call instead of a fault for each; their content stays.
 * @returns false where the kernel can't (before Linux 5.14).
 */
export function populatePages(memory: Uint8Array, pageBytes: number): boolean {
  const [address, page] = [ffi.getRawPointer(memory), BigInt(pageBytes)];
  const start = (address / page) * page;
  const end = ((address + BigInt(memory.length)) / page) * page;
  return libc.madvise(start, end - start, MADV_POPULATE_WRITE) === 0;
}

/**
 * Keeps the pages of one mapping in memory from the moment they are first used (mlock2(2) with MLOCK_ONFAULT).
 * @param start Address and length as /proc/self/maps has them.
 */
export function lockPages(start: bigint, lengthBytes: bigint): void {
  check('mlock2', libc.mlock2(start, lengthBytes, MLOCK_ONFAULT));
}

/** Ends this process when the thread that started it ends (prctl(2) PR_SET_PDEATHSIG). */
export function endWithParent(): void {
  check('prctl', libc.prctl(PR_SET_PDEATHSIG, BigInt(SIGKILL), 0n, 0n, 0n));
}

/** Memory that this process may write to, all together; what is asked for beyond is refused (setrlimit(2) RLIMIT_DATA). */
export function limitData(bytes: number): void {
  setLimit(RLIMIT_DATA, bytes);
}

/** A crash of this process leaves no file behind. */
export function refuseCoreDumps(): void {
  setLimit(RLIMIT_CORE, 0);
}

function setLimit(resource: bigint, value: number): void {
  const limit = Buffer.alloc(16); // struct rlimit64: now, and the most that it can be set to
  for (const at of [0, 8]) limit.writeBigUInt64LE(BigInt(value), at);
  check('prlimit', libc.syscall(PRLIMIT64, 0n, resource, ffi.getRawPointer(limit), 0n, 0n, 0n));
}

/**
 * Keeps the kernel from making huge pages of this process's memory (prctl(2) PR_SET_THP_DISABLE): of two megabytes that a heap touches here and there, a
 * diskless machine would miss those that are not used.
 */
export function refuseHugePages(): void {
  check('prctl', libc.prctl(PR_SET_THP_DISABLE, 1n, 0n, 0n, 0n));
}

/**
 * Lets the kernel send this process a SIGCONT every so often (timer_create(2)): stopped by a signal, which no process can refuse, it goes on
 * within that time. The caller must have a handler for SIGCONT: since Linux 6.13 a timer whose signal is ignored does not run.
 * @param milliseconds Below 1000.
 */
export function goOnWhenStopped(milliseconds: number): void {
  const event = Buffer.alloc(SIGEVENT_BYTES); // sigev_notify 0 is SIGEV_SIGNAL
  event.writeInt32LE(SIGCONT, 8);
  const timer = Buffer.alloc(8);
  check('timer_create', libc.timer_create(CLOCK_MONOTONIC, event, timer));
  const everySo = Buffer.alloc(32); // struct itimerspec: interval and first time, each in seconds and nanoseconds
  for (const at of [8, 24]) everySo.writeBigInt64LE(BigInt(milliseconds) * 1_000_000n, at);
  check('timer_settime', libc.timer_settime(timer.readBigUInt64LE(0), 0, everySo, 0n));
}

/**
 * Sets the system's clock. The kernel shifts the clock once when it is first told a time zone, for a machine clock that keeps local time
 * (settimeofday(2), NOTES); with the right time set it must not, so it is told one here.
 * @param milliseconds Since 1970, UTC.
 * @throws ViverError SYS_CALL_FAILED
 */
export function setClock(milliseconds: number): void {
  const time = new BigInt64Array([
    BigInt(Math.floor(milliseconds / 1000)),
    BigInt(Math.floor(milliseconds % 1000) * 1000),
  ]);
  check('settimeofday', libc.settimeofday(ffi.getRawPointer(Buffer.from(time.buffer)), 0n));
  const greenwich = Buffer.alloc(8);
  check('settimeofday', libc.settimeofday(0n, ffi.getRawPointer(greenwich)));
}
