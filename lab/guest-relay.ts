// One connection that a guest made through QEMU's own network (guestfwd, qemu-system(1)): standard input and output are the guest's end; the other is
// a TCP port of this host, the only argument. QEMU starts one for each connection; it ends with either side.

import { connect } from 'node:net';

const host = connect({ host: '127.0.0.1', port: Number(process.argv[2]), noDelay: true });
const end = () => process.exit();
for (const stream of [host, process.stdin, process.stdout]) stream.on('error', end).on('close', end);
process.stdin.pipe(host).pipe(process.stdout);
