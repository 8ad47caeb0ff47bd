# One libtorrent session on loopback: seeds or fetches one torrent. Prints a line when it listens and one when it is done.
#   libtorrent-peer.py TORRENT DIRECTORY PORT seed|leech [HOST:PORT]
import sys
import time

import libtorrent as lt

torrent, directory, port, role = sys.argv[1:5]
session = lt.session({
    'listen_interfaces': '127.0.0.1:' + port,
    'enable_dht': False,
    'enable_lsd': False,
    'enable_upnp': False,
    'enable_natpmp': False,
    'allow_multiple_connections_per_ip': True,
    'in_enc_policy': int(lt.enc_policy.pe_disabled),
    'out_enc_policy': int(lt.enc_policy.pe_disabled),
    'alert_mask': 0,
})
parameters = lt.add_torrent_params()
parameters.ti = lt.torrent_info(torrent)
parameters.save_path = directory
handle = session.add_torrent(parameters)
while str(handle.status().state) in ('checking_files', 'checking_resume_data'):
    time.sleep(0.05)
print('listening', session.listen_port(), handle.status().state, flush=True)
if len(sys.argv) > 5:
    host, other = sys.argv[5].rsplit(':', 1)
    handle.connect_peer((host, int(other)))
started = time.time()
while role == 'seed' or not handle.status().is_seeding:
    time.sleep(0.05)
    if time.time() - started > 90:
        print('given up', handle.status().progress, flush=True)
        sys.exit(1)
print('done', round(time.time() - started, 2), flush=True)
