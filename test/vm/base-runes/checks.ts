// All checks, a list for each rune.

import type { Check } from './check.ts';
import { fstab } from './fstab.ts';
import { hostName } from './host-name.ts';
import { journal } from './journal.ts';
import { machineIdentity } from './machine-identity.ts';
import { network } from './network.ts';

export const CHECKS: readonly Check[] = [...hostName, ...fstab, ...network, ...machineIdentity, ...journal];
