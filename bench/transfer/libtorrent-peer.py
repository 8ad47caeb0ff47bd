# One libtorrent session on loopback, set up for speed: seeds or fetches one torrent over TCP. Prints `listening PORT` when it is ready, `done` when all
# is there and verified.
#   libtorrent-peer.py TORRENT DIRECTORY seed|leech HOST [PORT]
import sys

import libtorrent as lt

torrent, directory, role, host = sys.argv[1:5]
settings = lt.high_performance_seed()
settings.update({
    'listen_interfaces': host + ':0',
    'enable_dht': False,
    'enable_lsd': False,
    'enable_upnp': False,
    'enable_natpmp': False,
    'enable_outgoing_utp': False,
    'enable_incoming_utp': False,
    'allow_multiple_connections_per_ip': True,
    'in_enc_policy': int(lt.enc_policy.pe_disabled),
    'out_enc_policy': int(lt.enc_policy.pe_disabled),
    'mixed_mode_algorithm': 0,
    'max_queued_disk_bytes': 64 * 1024 * 1024,
    'aio_threads': 2,
    'hashing_threads': 2,
    'alert_mask': lt.alert.category_t.status_notification | lt.alert.category_t.error_notification,
})
session = lt.session(settings)
parameters = lt.add_torrent_params()
parameters.ti = lt.torrent_info(torrent)
parameters.save_path = directory
handle = session.add_torrent(parameters)
wanted = lt.torrent_checked_alert if role == 'seed' else lt.torrent_finished_alert
listening = False
while True:
    session.wait_for_alert(1000)
    for alert in session.pop_alerts():
        if role == 'leech' and isinstance(alert, lt.torrent_checked_alert):
            handle.connect_peer((host, int(sys.argv[5])))
        if isinstance(alert, wanted):
            print('done' if role == 'leech' else 'listening %d' % session.listen_port(), flush=True)
