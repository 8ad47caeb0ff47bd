// What this process says of itself, put together anew at each question.

import type { Member } from '../src/cluster/cluster.ts';
import type { NodeStatus } from '../src/control/status.ts';
import type { RuneStatus } from '../src/runes/host/options.ts';
import type { RunningRunes } from '../src/runes/host/start.ts';
import type { MachineRunes, ServingRune } from '../src/runes/survey/machine-runes.ts';
import { residentBytes } from '../src/sys/memory-reading.ts';
import type { Sys } from '../src/sys/sys.ts';
import type { FieldStatus } from '../src/vfield/field.ts';
import { type BootContext, SYSFS } from './context.ts';
import type { NetworkFacts } from './network.ts';
import type { Root } from './root.ts';

const SECTOR_BYTES = 512;

/** Known since the runes of stage `configure` have ended. */
export type RunesAtStart = Pick<MachineRunes, 'folders' | 'configured'>;

export class LiveStatus {
  /** Known when the machine is on the network. */
  network: NetworkFacts | undefined;
  /** Known when the runes of the stage `serve` run. */
  runes: RunningRunes | undefined;
  /** The room as it was told last; undefined when this machine is in none. */
  members: readonly Member[] | undefined;
  readonly #boot: BootContext;
  readonly #root: Root;
  readonly #fixed: Pick<NodeStatus, 'role' | 'programVersion'>;
  readonly #atStart: RunesAtStart;

  constructor(
    boot: BootContext,
    root: Root,
    fixed: Pick<NodeStatus, 'role' | 'programVersion'>,
    atStart: RunesAtStart,
  ) {
    this.#boot = boot;
    this.#root = root;
    this.#fixed = fixed;
    this.#atStart = atStart;
  }

  async now(): Promise<NodeStatus> {
    const { machine, phases } = this.#boot;
    const { field, source } = this.#root;
    const { name, mac, address, origin } = this.network ?? {};
    return {
      ...this.#fixed,
      kernelRelease: machine.kernelRelease,
      ...(name && mac && address && origin ? { network: { interfaceName: name, mac, address, origin } } : {}),
      image: { label: field.metainfo.image.label, source },
      phases: phases.times,
      field: await this.#field(),
      runes: await this.#runeStates(),
      ...(this.members ? { members: this.members } : {}),
    };
  }

  /** What became of the runes, for `viver runes list`. */
  async machineRunes(): Promise<MachineRunes> {
    const { role } = this.#fixed;
    const { runes } = this;
    const states = (await runes?.status()) ?? [];
    const serving = await Promise.all(states.map((state) => this.#withMemory(state)));
    return { role, ...this.#atStart, ...(runes ? { serving: { report: runes.report, runes: serving } } : {}) };
  }

  async #withMemory(status: RuneStatus): Promise<ServingRune> {
    const { processId } = status;
    const memoryBytes = processId === undefined ? undefined : await residentBytes(this.#boot.sys, processId);
    return { ...status, ...(memoryBytes === undefined ? {} : { memoryBytes }) };
  }

  /** The field's own status; what the kernel read from the medium without asking the field counts as local. */
  async #field(): Promise<FieldStatus> {
    const status = this.#root.field.status();
    if (!this.#root.local) return status;
    const direct = await bytesReadFrom(this.#boot.sys, this.#root.device);
    return { ...status, bytesFrom: { ...status.bytesFrom, local: status.bytesFrom.local + direct } };
  }

  async #runeStates(): Promise<Record<string, string>> {
    const states = (await this.runes?.status()) ?? [];
    return Object.fromEntries(states.map(({ rune, state, reason }) => [rune, reason ? `${state}: ${reason}` : state]));
  }
}

/** Bytes that were read from a block device since it came up (Documentation/block/stat.rst, third field, in sectors). */
export async function bytesReadFrom(sys: Sys, device: string): Promise<number> {
  const name = device.slice(device.lastIndexOf('/') + 1);
  const text = await sys.readText(`${SYSFS}/class/block/${name}/stat`).catch(() => '');
  return Number(text.trim().split(/\s+/)[2] ?? 0) * SECTOR_BYTES;
}
