// How a command reaches a running room: JSON lines over a Unix socket, one request and one answer per connection. After the answer
// to `console` the connection is the machine's serial line itself, both ways.

import { rm } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { z } from 'zod';
import { errorLine, ViverError } from '../src/errors.ts';
import { encodeJsonLine, JsonLines, type JsonObject } from './json-lines.ts';
import { FIRMWARES, type MachineDescription, NICS, type Nic } from './machine.ts';
import type { Room } from './room.ts';
import { type RoomStatus, roomStatus } from './room-status.ts';

const NAME = z.string().max(32);

const DESCRIPTION = z.object({
  name: NAME,
  firmware: z.enum(FIRMWARES),
  nic: z.enum(Object.keys(NICS) as [Nic, ...Nic[]]),
  memoryMiB: z.int().min(64),
  mac: z.string().optional(),
  medium: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('none') }),
    z.object({ kind: z.enum(['usb', 'disk', 'cd']), image: z.string() }),
  ]),
});

const REQUEST = z.discriminatedUnion('action', [
  z.object({ action: z.literal('add'), machine: DESCRIPTION }),
  z.object({ action: z.literal('kill'), name: NAME }),
  z.object({ action: z.literal('plug'), name: NAME, plugged: z.boolean() }),
  z.object({ action: z.literal('console'), name: NAME }),
  z.object({ action: z.literal('status') }),
  z.object({ action: z.literal('down') }),
]);

export type ControlRequest =
  | { readonly action: 'add'; readonly machine: MachineDescription }
  | { readonly action: 'kill' | 'console'; readonly name: string }
  | { readonly action: 'plug'; readonly name: string; readonly plugged: boolean }
  | { readonly action: 'status' | 'down' };

/** Lets commands reach `room` over the socket at `path`, until the server is closed. `down` is called for `lab down`. */
export async function serveControl(room: Room, path: string, down: () => void): Promise<Server> {
  if (await isAnswering(path)) throw new ViverError('LAB_ROOM_UP', 'this room is up already');
  await rm(path, { force: true });
  const server = createServer((socket) => takeRequest(room, socket, down));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return server;
}

/** Asks a running room. @throws ViverError LAB_NO_ROOM when none is up, or what the room answered. */
export async function askRoom(path: string, request: ControlRequest): Promise<JsonObject> {
  const { socket, answer } = await openControl(path, request);
  socket.destroy();
  return answer;
}

/** Asks, and keeps the connection: what follows the answer is up to the request. `early` are bytes that came with the answer. */
export async function openControl(
  path: string,
  request: ControlRequest,
): Promise<{ socket: Socket; answer: JsonObject }> {
  const socket = await connect(path);
  socket.write(encodeJsonLine(request));
  const answer = await firstObject(socket);
  if (typeof answer.error === 'string') {
    socket.destroy();
    throw new ViverError('LAB_REFUSED', answer.error);
  }
  return { socket, answer };
}

export async function askStatus(path: string): Promise<RoomStatus> {
  return (await askRoom(path, { action: 'status' })) as unknown as RoomStatus;
}

/** Whether a room answers at this socket. */
export async function isAnswering(path: string): Promise<boolean> {
  return connect(path).then(
    (socket) => {
      socket.destroy();
      return true;
    },
    () => false,
  );
}

function takeRequest(room: Room, socket: Socket, down: () => void): void {
  socket.on('error', () => socket.destroy());
  firstObject(socket)
    .then((object) => answerRequest(room, socket, REQUEST.parse(object) as ControlRequest, down))
    .catch((error) => socket.end(encodeJsonLine({ error: requestError(error) })));
}

async function answerRequest(room: Room, socket: Socket, request: ControlRequest, down: () => void): Promise<void> {
  if (request.action === 'console') {
    carryConsole(room, request.name, socket);
    return;
  }
  if (request.action === 'add') await room.add(request.machine);
  if (request.action === 'kill') await room.machine(request.name).cutPower();
  if (request.action === 'plug') room.plug(request.name, request.plugged);
  socket.end(encodeJsonLine(request.action === 'status' ? { ...roomStatus(room) } : { done: true }));
  if (request.action === 'down') down();
}

/** The log so far, then the line as it lives; what is typed goes to the machine. */
function carryConsole(room: Room, name: string, socket: Socket): void {
  const machine = room.machine(name);
  const show = (chunk: Uint8Array) => socket.write(chunk);
  socket.write(encodeJsonLine({ done: true }));
  socket.write(machine.recentSerial);
  machine.on('serial', show);
  machine.once('exit', () => socket.end());
  socket.on('data', (chunk: Uint8Array) => machine.type(chunk));
  socket.on('close', () => machine.off('serial', show));
  socket.resume(); // reading the request paused it
  if (machine.exit) socket.end();
}

function connect(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path, () => resolve(socket));
    socket.once('error', () => reject(new ViverError('LAB_NO_ROOM', "no room is up: 'viver-kit lab up' opens one")));
  });
}

/** The first line as an object; bytes behind it are pushed back for whoever reads on. */
function firstObject(socket: Socket): Promise<JsonObject> {
  return new Promise((resolve, reject) => {
    const lines = new JsonLines();
    const gone = () => reject(new ViverError('LAB_NO_ANSWER', 'the connection ended without an answer'));
    const take = (chunk: Buffer) => {
      const end = chunk.indexOf(0x0a);
      const [object] = lines.push(end < 0 ? chunk : chunk.subarray(0, end + 1));
      if (!object) return;
      socket.pause();
      socket.off('data', take);
      socket.off('close', gone);
      if (end + 1 < chunk.length) socket.unshift(chunk.subarray(end + 1));
      resolve(object);
    };
    socket.on('data', take);
    socket.once('close', gone);
  });
}

function requestError(error: unknown): string {
  return error instanceof z.ZodError ? `not a request: ${z.prettifyError(error).split('\n')[0]}` : errorLine(error);
}
