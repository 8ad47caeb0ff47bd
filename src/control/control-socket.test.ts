import { mkdtemp, rm, stat } from 'node:fs/promises';
import { request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ViverError } from '../errors.ts';
import { askRunes, askStatus, askToLeave, askTrace, openControlSocket } from './control-socket.ts';
import type { NodeStatus } from './status.ts';

const TRACE = { infoHash: 'ab'.repeat(32), pieceCount: 9, pieces: [4, 5, 0] };
const STATUS = { role: 'node', programVersion: '0.1.0' } as NodeStatus;
const RUNES = { role: 'lab', folders: [], configured: { started: [], setAside: [], faults: [] } };
let folder: string;
let server: Server;
let path: string;
const left: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'viver-control-'));
  path = join(folder, 'control');
  server = await openControlSocket(path, {
    status: async () => STATUS,
    trace: async () => TRACE,
    runes: async () => RUNES,
    leave: async () => void left.push('left'),
  });
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

test('each question gets its answer, from a socket that is for its owner alone', async () => {
  expect(await askStatus(path)).toEqual(STATUS);
  expect(await askTrace(path)).toEqual(TRACE);
  expect(await askRunes(path)).toEqual(RUNES);
  await askToLeave(path);
  expect(left).toEqual(['left']);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('what an answer throws is told in one line', async () => {
  const other = join(folder, 'other');
  const fails = async () => {
    throw new ViverError('TRACE_NONE', 'no boot trace here');
  };
  const refusing = await openControlSocket(other, { status: fails, trace: fails });
  await expect(askTrace(other)).rejects.toMatchObject({
    code: 'CONTROL_REFUSED',
    message: 'the Viver process answers: no boot trace here',
  });
  refusing.close();
});

test.each([
  ['GET', '/other'],
  ['POST', '/status'],
])('%s %s is not known', async (method, url) => {
  const status = await new Promise((resolve, reject) => {
    request({ socketPath: path, method, path: url }, (answer) => resolve(answer.resume().statusCode))
      .on('error', reject)
      .end();
  });
  expect(status).toBe(404);
});

test('without a process there is a clear word', async () => {
  await expect(askStatus(join(folder, 'nobody'))).rejects.toMatchObject({ code: 'CONTROL_UNREACHABLE' });
});
