# A stock libtorrent client that knows nothing but a .torrent: seeds from a directory or fetches into it, and says so. DHT and local discovery are off,
# so that it is the file alone that leads it.   libtorrent-client.py TORRENT DIRECTORY
import sys
import time

import libtorrent as lt

session = lt.session({
    'listen_interfaces': '0.0.0.0:6999',
    'enable_dht': False,
    'enable_lsd': False,
    'enable_upnp': False,
    'enable_natpmp': False,
    'alert_mask': lt.alert.category_t.tracker_notification | lt.alert.category_t.error_notification,
})
parameters = lt.add_torrent_params()
parameters.ti = lt.torrent_info(sys.argv[1])
parameters.save_path = sys.argv[2]
handle = session.add_torrent(parameters)
was_seeding = False
while True:
    for alert in session.pop_alerts():
        print(alert.message(), flush=True)
    if handle.status().is_seeding and not was_seeding:
        was_seeding = True
        print('has the whole content', flush=True)
    time.sleep(0.05)
