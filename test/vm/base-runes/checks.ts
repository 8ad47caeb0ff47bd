// All checks, a list for each rune.

import type { Check } from './check.ts';
import { clock } from './clock.ts';
import { display } from './display.ts';
import { fstab } from './fstab.ts';
import { hooks } from './hooks.ts';
import { hostName } from './host-name.ts';
import { journal } from './journal.ts';
import { machineIdentity } from './machine-identity.ts';
import { network } from './network.ts';
import { quiet } from './quiet.ts';
import { roomHosts } from './room-hosts.ts';
import { sshHostKeys } from './ssh-host-keys.ts';
import { users } from './users.ts';
import { zramSwap } from './zram-swap.ts';

export const CHECKS: readonly Check[] = [
  ...hostName,
  ...roomHosts,
  ...users,
  ...fstab,
  ...quiet,
  ...network,
  ...clock,
  ...machineIdentity,
  ...sshHostKeys,
  ...display,
  ...hooks,
  ...zramSwap,
  ...journal,
];
