// A process that has become what the initrd's program is, and says so again and again.

import { becomeStorageDaemon } from '../../initrd/handover.ts';

becomeStorageDaemon();
setInterval(() => process.stdout.write('here\n'), 20);
