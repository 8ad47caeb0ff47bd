// `viver field`: the sub-commands and their options. What they do is imported when it is wanted: `viver status` on a booted machine is to be quick.

import { Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_SHARE } from '../amount.ts';
import type { NbdAddress } from '../vfield/nbd/listener.ts';
import { isWebUrl } from '../vfield/web-seed/web-seed.ts';
import { type ListenAddress, parseListenAddress } from './addresses.ts';
import { FIELD_PORT } from './field-port.ts';
import type { CommandContext, MemberOptions } from './member.ts';
import { parseNbdAddress } from './nbd-address.ts';
import { parseShare, type Share } from './share.ts';
import type { StatusOptions } from './status.ts';

/** The sub-command for src/control/main.ts. */
export function fieldCommand(): Command {
  const command = new Command('field').description('hold and read images that the machines of a room keep together');
  addSeed(command);
  addJoin(command);
  addStatus(command);
  return command;
}

interface MemberFlags {
  listen?: ListenAddress;
  peer: string[];
  discover: boolean | string[];
  control?: string;
  debug?: boolean;
}

interface SeedFlags extends MemberFlags {
  content?: string;
  verify?: boolean;
}

interface JoinFlags extends MemberFlags {
  webSeed: string[];
  share: Share;
  nbd?: NbdAddress;
  mount?: string;
}

function addSeed(command: Command): void {
  const seed = command
    .command('seed')
    .description('serve an image of this machine to the room')
    .argument('<file>', 'NAME.viver, a partition with one, or a .torrent with --content')
    .option('--content <file>', "the image's bytes, when FILE is a .torrent")
    .option('--verify', 'compare every piece with its hash before anything is served')
    .action(async (path: string, flags: SeedFlags) => {
      const { runSeed } = await import('./seed.ts');
      const listen = flags.listen ?? { port: FIELD_PORT };
      const options = { ...memberOptions(flags), ...pick(flags, 'content'), listen, verify: flags.verify ?? false };
      await inForeground(flags, (context) => runSeed(path, options, context));
    });
  addMemberOptions(seed, 'all addresses, port 6881').addHelpText(
    'after',
    `
Prints one fact a line: image, info hash, port, magnet. Pieces are checked when they are read; a wrong one is never served.

Examples:
  viver field seed debian.viver
  viver field seed debian.viver | sed -n 's/^magnet *//p'      the link for the others`,
  );
}

function addJoin(command: Command): void {
  const join = command
    .command('join')
    .description("hold a part of an image in this machine's RAM for the room, and read it")
    .argument('<image>', 'magnet link, .torrent or .viver file, or the http(s) address of one')
    .addOption(
      new Option('--share <size>', "RAM to give: 512M, 2G, 25%, or 'all' for a copy of the whole image")
        .argParser(parsed(parseShare, '512M, 2G, 25% or all is wanted'))
        .default(DEFAULT_SHARE, '25% of the RAM'),
    )
    .option(
      '--web-seed <url>',
      'http(s) address where the image lies as well (BEP 19); may be repeated',
      collectWebSeeds,
      [],
    )
    .option(
      '--nbd <address>',
      'offer the image as an NBD export at unix:/path or HOST:PORT',
      parsed(parseNbdAddress, 'unix:/path or HOST:PORT is wanted'),
    )
    .option('--mount <dir>', "mount the image at DIR, read-only, by the kernel's nbd or by nbdfuse (root)")
    .action(async (name: string, flags: JoinFlags) => {
      const { runJoin } = await import('./join.ts');
      const { share, webSeed } = flags;
      const options = { ...memberOptions(flags), ...pick(flags, 'listen', 'nbd', 'mount'), share, webSeed };
      await inForeground(flags, (context) => runJoin(name, options, context));
    });
  addMemberOptions(join, 'all addresses, port 6881 or any free one').addHelpText(
    'after',
    `
Prints one fact a line: image, info hash, port, magnet, share, nbd, mount; then 'complete' when the whole image is here, or
'holds' when the share is full. A read of what has not arrived waits; what nobody has is waited for, for ever.

Examples:
  viver field join 'magnet:?xt=urn:btmh:1220…&x.pe=10.0.0.7:6881' --share all
  viver field join http://10.0.0.1/debian.torrent --share 512M --mount /mnt/debian
  viver field join debian.torrent --peer 10.0.0.7:6881 --nbd unix:/run/debian.nbd`,
  );
}

function addStatus(command: Command): void {
  command
    .command('status')
    .description('what the processes of this machine hold, and from whom it comes')
    .option('--json', "the field's state, for programs")
    .option('--socket <path>', 'ask this one, when several run')
    .action(async (flags: StatusOptions) => {
      const [{ reportStatus }, { LinuxSys }] = await Promise.all([import('./status.ts'), import('../sys/linux.ts')]);
      process.stdout.write(await reportStatus(flags, new LinuxSys()));
    });
}

function addMemberOptions(command: Command, listenDefault: string): Command {
  return command
    .option(
      '--listen <address>',
      `HOST:PORT at which others reach this machine (default: ${listenDefault})`,
      parsed(parseListenAddress, 'HOST:PORT is wanted'),
    )
    .option('--peer <address>', 'HOST:PORT of a first peer; may be repeated', collect, [])
    .option(
      '--discover <address>',
      'look for others (BEP 14) on the network of this own address; may be repeated',
      collect,
    )
    .option('--no-discover', 'do not look for others on the network')
    .option('--control <path>', "where 'viver field status' reaches this process")
    .option('--debug', 'say more, about each decision');
}

function memberOptions(flags: MemberFlags): MemberOptions {
  return { peer: flags.peer, discover: flags.discover, ...pick(flags, 'control') };
}

/** Runs until it ends or a signal comes, which is no error. */
async function inForeground(flags: MemberFlags, run: (context: CommandContext) => Promise<void>): Promise<void> {
  const [{ lifetimeBySignals }, { terminalLog }, { LinuxSys }] = await Promise.all([
    import('./lifetime.ts'),
    import('./terminal.ts'),
    import('../sys/linux.ts'),
  ]);
  const log = terminalLog(flags.debug ? 'debug' : 'info', process.env.JOURNAL_STREAM !== undefined);
  const lifetime = lifetimeBySignals(log);
  try {
    await run({ sys: new LinuxSys(), log, lifetime });
  } catch (error) {
    if (error !== lifetime.ending.reason) throw error;
  }
}

/** An option's parser for commander, out of one that gives undefined for a bad value. */
function parsed<Value>(parse: (text: string) => Value | undefined, wanted: string): (text: string) => Value {
  return (text) => {
    const value = parse(text);
    if (value === undefined) throw new InvalidArgumentError(wanted);
    return value;
  };
}

function collect(value: string, before: unknown): string[] {
  return [...(Array.isArray(before) ? (before as string[]) : []), value];
}

function collectWebSeeds(url: string, before: unknown): string[] {
  if (!isWebUrl(url)) throw new InvalidArgumentError('an http:// or https:// address is wanted');
  return collect(url, before);
}

/** The named options as far as they were given. */
function pick<Flags extends object, Key extends keyof Flags>(flags: Flags, ...keys: Key[]): Pick<Flags, Key> {
  return Object.fromEntries(keys.filter((key) => flags[key] !== undefined).map((key) => [key, flags[key]])) as Pick<
    Flags,
    Key
  >;
}
