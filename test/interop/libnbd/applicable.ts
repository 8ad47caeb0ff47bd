// Which of libnbd's own tests ask something of a server that is somebody else's and read-only, and why the others do not. Names are those of the source package's
// files; each file that talks to a server is in one of the two tables (the test checks).

/** Compiled and run against our server; what is behind a colon are the macros that the package's own Makefile sets. */
export const PROGRAMS = [
  'tests/aio-connect',
  'tests/closure-lifetimes',
  'tests/connect-systemd-socket-activation',
  'tests/connect-tcp',
  'tests/connect-tcp6',
  'tests/connect-unix',
  'tests/eflags: flag=can_cache value=none requirement="has_can_cache=1"',
  'tests/eflags: flag=can_df value=false no_sr',
  'tests/eflags: flag=can_fast_zero value=false requirement="has_can_fast_zero=1"',
  'tests/eflags: flag=can_flush value=false',
  'tests/eflags: flag=can_fua value=none',
  'tests/eflags: flag=can_multi_conn',
  'tests/eflags: flag=can_trim value=false',
  'tests/eflags: flag=can_zero value=false',
  'tests/eflags: flag=is_rotational value=false',
  'tests/errors-bad-cookie',
  'tests/errors-client-unknown-flags',
  'tests/errors-client-zerosize',
  'tests/errors-connect-twice',
  'tests/errors-not-negotiating',
  'tests/errors-notify-not-blocked',
  'tests/errors-pread-structured',
  'tests/errors-server-invalid-offset',
  'tests/errors-server-unknown-flags',
  'tests/errors-server-zerosize',
  'tests/get-size',
  'tests/pread-initialize',
  'tests/read-only-flag',
] as const;

export const SCRIPTS = [
  'copy/copy-nbd-to-null.sh',
  'copy/copy-nbd-to-small-nbd-error.sh',
  'copy/copy-nbd-to-sparse-file.sh',
  'copy/copy-nbd-to-stdout.sh',
  'copy/test-verbose.sh',
  'info/info-can-connect.sh',
  'info/info-can-read.sh',
  'info/info-cmd-json.sh',
  'info/info-cmd-size.sh',
  'info/info-list-uris.sh',
  'info/info-null.sh',
  'info/info-size.sh',
  'info/info-uri.sh',
  'python/t/200-connect-command.py',
  'python/t/300-get-size.py',
  'python/t/400-pread.py',
  'python/t/500-aio-pread.py',
  'python/t/505-aio-pread-callback.py',
  'python/t/600-debug-callback.py',
  'sh/test-pattern.sh',
] as const;

/** Not applicable, by what they ask for. */
export const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  'writes, or a server that says it can be written to': [
    'tests/aio-parallel', 'tests/aio-parallel-load', 'tests/synch-parallel', 'tests/errors-client-oversize', 'tests/read-write-flag',
    'tests/shutdown-flags', 'tests/errors-client-unadvertised-cmd', 'tests/errors-server-unadvertised-cmd', 'tests/server-death',
    'copy/copy-nbd-to-nbd.sh', 'copy/copy-nbd-to-nbd2.sh', 'copy/copy-zero-to-nbd.sh', 'copy/copy-file-to-nbd.sh', 'copy/copy-stdin-to-nbd.sh',
    'copy/copy-block-to-nbd.sh', 'info/info-can-zero.sh', 'info/info-is-read-only.sh', 'python/t/410-pwrite.py', 'python/t/510-aio-pwrite.py',
    'python/t/590-aio-copy.py', 'info/info-atomic-output.sh',
  ],
  'structured replies and block status, which proto.md leaves to the server (ours answers ERR_UNSUP; asked in libnbd.test.ts)': [
    'tests/meta-base-allocation', 'tests/opt-list-meta', 'tests/opt-abort', 'info/info-json.sh', 'info/info-packets.sh', 'info/info-text.sh',
    'info/info-cmd-map-totals.sh', 'info/info-map-base-allocation-json.sh', 'info/info-map-base-allocation-large.sh',
    'info/info-map-base-allocation-weird.sh', 'info/info-map-base-allocation-zero.sh', 'info/info-map-base-allocation.sh',
    'info/info-map-totals-json.sh', 'info/info-map-totals.sh', 'python/t/210-opt-abort.py', 'python/t/240-opt-list-meta.py',
    'python/t/405-pread-structured.py', 'python/t/460-block-status.py', 'sh/test-context.sh', 'copy/copy-sparse.sh',
    'copy/copy-sparse-allocated.sh', 'copy/copy-sparse-no-extents.sh', 'copy/copy-sparse-request-size.sh', 'copy/copy-sparse-to-stream.sh',
  ],
  'a server scripted with nbdkit (what they ask of a server is asked in libnbd.test.ts)': [
    'tests/errors-multiple-disconnects', 'tests/opt-info', 'tests/opt-list', 'python/t/220-opt-list.py', 'python/t/230-opt-info.py',
    'info/info-can.sh', 'info/info-description.sh', 'info/info-list.sh', 'info/info-list-json.sh', 'copy/copy-nbd-error.sh',
    'copy/copy-nbd-to-file.sh', 'copy/copy-nbd-to-hexdump.sh',
  ],
  'a server with a smallest block size; ours serves any': ['tests/errors-client-unaligned', 'tests/errors-server-unaligned'],
  'old handshakes without options': ['tests/newstyle-limited', 'tests/oldstyle', 'info/info-oldstyle.sh'],
  'TLS': [
    'tests/connect-tls', 'tests/aio-parallel-tls', 'tests/aio-parallel-load-tls', 'tests/synch-parallel-tls', 'info/info-uri-nbds.sh', 'copy/copy-tls.sh',
  ],
  'qemu-nbd as the server, or its metadata': [
    'info/info-description-qemu.sh', 'info/info-list-json-qemu.sh', 'info/info-list-qemu.sh', 'info/info-map-qemu-allocation-depth.sh',
    'info/info-map-qemu-dirty-bitmap.sh', 'copy/copy-file-to-qcow2.sh', 'copy/copy-file-to-qcow2-compressed.sh',
  ],
  'a block device and its mount, or virtio sockets': [
    'copy/copy-nbd-to-block.sh', 'copy/copy-nbd-to-small-block-error.sh', 'tests/connect-uri-nbd-vsock',
  ],
  'a port that is fixed at compile time; connect-unix, connect-tcp and info-uri ask the same': ['tests/aio-connect-port', 'tests/connect-uri'],
}; // biome-ignore format: lists of names
