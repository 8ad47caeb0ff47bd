// The script that starts one hook inside the new system, by its path: before the system's init through chroot, later from a unit. What somebody else than
// root could have put there is not run. Exit status 125 means that the hook was not started.

/** Where the folders of both sides meet: the hooks of the medium lie in memory, the image's in its /etc/RUNES. */
export const RUN_HOOK = `hook=$1
refuse() { echo "not started: $1" >&2; exit 125; }
[ -f "$hook" ] || refuse 'it is no file'
place=$hook
for step in file folder folder folder; do
	[ ! -L "$place" ] || refuse "$place is a link"
	[ -O "$place" ] || refuse "$place is not root's"
	case $(ls -ldn "$place") in ?????w*|????????w*) refuse "others than root may write $place" ;; esac
	place=\${place%/*}
done
[ -x "$hook" ] || refuse 'it is not executable (chmod +x)'
cd / && exec "$hook"
`;
