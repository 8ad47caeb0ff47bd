# What those of libnbd's tests that are left out (applicable.ts) ask of a server, asked of ours by libnbd's Python module.
#   questions.py STAND_IN
import errno
import os
import sys
import tempfile

import nbd

stand_in = sys.argv[1]
directory = tempfile.TemporaryDirectory()
for name, size in (('a', 1000), ('b', 2_000_000)):
    with open(os.path.join(directory.name, name), 'wb') as file:
        file.write(bytes(range(256)) * (size // 256 + 1))
        file.truncate(size)
FILES = [stand_in, '-s', 'file', 'dir=' + directory.name]
PATTERN = [stand_in, '-s', 'pattern', '8M']


def handle(command, negotiating=True):
    h = nbd.NBD()
    h.set_opt_mode(negotiating)
    h.connect_command(command)
    return h


def refused(action, *numbers):
    try:
        action()
    except nbd.Error as error:
        assert error.errnum in numbers, error
        return
    raise AssertionError('not refused')


# opt-list, 220-opt-list: the list, more than once, and going on afterwards.
h = handle(FILES)
for _ in range(3):
    names = []
    assert h.opt_list(lambda name, description: names.append(name)) == 2
    assert sorted(names) == ['a', 'b'], names
h.set_export_name('b')
h.opt_go()
assert h.get_size() == 2_000_000 and h.is_read_only()
h.shutdown()

# opt-info, 230-opt-info: asked again and again, of what is there and what is not; then another export is opened.
h = handle(FILES)
h.set_export_name('nothing')
refused(h.opt_info, errno.ENOENT)
refused(h.get_size, errno.EINVAL)
h.set_export_name('a')
h.opt_info()
assert h.get_size() == 1000 and h.is_read_only() and h.can_multi_conn()
refused(lambda: h.pread(1, 0), errno.EINVAL, errno.ENOTCONN)
h.set_export_name('nothing')
refused(h.opt_go, errno.ENOENT)
h.set_export_name('b')
h.opt_go()
assert h.get_size() == 2_000_000
assert h.pread(3, 1_999_997) == bytes((i % 256 for i in range(1_999_997, 2_000_000)))
refused(h.opt_go, errno.EINVAL)
h.shutdown()

# opt-abort, 210-opt-abort
h = handle(PATTERN)
assert h.get_protocol() == 'newstyle-fixed'
assert not h.get_structured_replies_negotiated()
h.opt_abort()
assert h.aio_is_closed()
refused(h.get_size, errno.EINVAL)

# opt-list-meta, 240-opt-list-meta, meta-base-allocation, 460-block-status, test-context: no contexts, said cleanly.
h = handle(PATTERN)
refused(lambda: h.opt_list_meta_context(lambda name: 0), errno.ENOTSUP)
h.add_meta_context(nbd.CONTEXT_BASE_ALLOCATION)
h.opt_go()
assert not h.can_meta_context(nbd.CONTEXT_BASE_ALLOCATION)
assert not h.can_df()
refused(lambda: h.block_status(4096, 0, lambda *_: 0), errno.ENOTSUP)
h.set_strict_mode(0)
refused(lambda: h.block_status(4096, 0, lambda *_: 0), errno.EINVAL, errno.ENOTSUP)

# errors-*-unadvertised-cmd, errors-client-oversize, shutdown-flags: refused by the server, and the connection goes on.
assert not (h.can_trim() or h.can_zero() or h.can_flush() or h.can_cache() or h.can_fua() or h.is_rotational())
refused(lambda: h.pwrite(b'x' * 4096, 0), errno.EPERM)
refused(lambda: h.trim(4096, 0), errno.EPERM)
refused(lambda: h.zero(4096, 0), errno.EPERM)
refused(lambda: h.flush(), errno.EINVAL)
refused(lambda: h.cache(4096, 0), errno.EINVAL)
refused(lambda: h.pread(512, 8 * 1024 * 1024), errno.EINVAL)
refused(lambda: h.pread(1024, 8 * 1024 * 1024 - 512), errno.EINVAL)
refused(lambda: h.pread(512, 0, 1 << 14), errno.EINVAL)
assert h.pread(16, 8) == (8).to_bytes(8, 'big') + (16).to_bytes(8, 'big')
h.shutdown()

# errors-client-unaligned, errors-server-unaligned: any place, any length.
h = handle(PATTERN, False)
assert h.get_block_size(nbd.SIZE_MINIMUM) == 1 and h.get_block_size(nbd.SIZE_MAXIMUM) == 32 * 1024 * 1024
assert h.pread(3, 13) == (8).to_bytes(8, 'big')[5:]

# aio-parallel, synch-parallel, errors-multiple-disconnects: many reads at once, answered although the goodbye is behind them.
reads = []
for at in range(0, 64 * 4096, 4096):
    buffer = nbd.Buffer(4096)
    reads.append((at, buffer, h.aio_pread(buffer, at)))
h.aio_disconnect()
while not (h.aio_is_closed() or h.aio_is_dead()):
    h.poll(-1)
for at, buffer, cookie in reads:
    h.aio_command_completed(cookie)
    assert bytes(buffer.to_bytearray()[:8]) == at.to_bytes(8, 'big')

# connect-tls: asked for and not there.
h = nbd.NBD()
h.set_tls(nbd.TLS_REQUIRE)
refused(lambda: h.connect_command(PATTERN), errno.ENOTSUP, 0)
h = nbd.NBD()
h.set_tls(nbd.TLS_ALLOW)
h.connect_command(PATTERN)
assert not h.get_tls_negotiated()
assert h.get_size() == 8 * 1024 * 1024
h.shutdown()

# newstyle-limited: a client without fixed newstyle knows EXPORT_NAME only.
h = nbd.NBD()
h.set_handshake_flags(0)
h.set_export_name('b')
h.connect_command(FILES)
assert h.get_protocol() == 'newstyle' and h.get_size() == 2_000_000
assert h.pread(2, 255) == b'\xff\x00'
h.shutdown()
h = nbd.NBD()
h.set_handshake_flags(0)
h.set_export_name('nothing')
refused(lambda: h.connect_command(FILES), errno.ENOTCONN, 0)
