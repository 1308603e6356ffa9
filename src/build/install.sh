#!/bin/sh
# Puts what dist/ holds where Debian's and Red Hat's packages put it, or takes it away again.
#
#   [DESTDIR=/stage] [PREFIX=/usr] sh src/build/install.sh install|uninstall
#
# A manifest says what was installed; uninstalling removes exactly that. Files of a distribution's package
# in the same places are set aside as NAME.distrib and come back. Configuration is never overwritten and
# never removed. ipvsadm and lvscli are not installed before they do something: they would hide the real ones.
set -eu

here=$(cd "$(dirname "$0")/../.." && pwd)
destdir=${DESTDIR:-}
prefix=${PREFIX:-/usr}
case $prefix in
/*) ;;
*)
	echo "install: PREFIX must be absolute, not $prefix" >&2
	exit 1
	;;
esac
if [ "$prefix" = / ]; then prefix=; fi

sbindir=$prefix/sbin
libdir=$prefix/lib/keepalived-ts
unitdir=$prefix/lib/systemd/system
docdir=$prefix/share/doc/keepalived-ts
confdir=/etc/keepalived
manifest=$libdir/manifest

note() { printf '%s\n' "$1" >>"$destdir$manifest"; }

is_ours() { [ -f "$destdir$manifest" ] && grep -qxF "file $1" "$destdir$manifest"; }

# make_dir PATH: creates it with the missing ones above it and remembers which were missing
make_dir() {
	if [ -d "$destdir$1" ]; then return; fi
	make_dir "$(dirname "$1")"
	mkdir -m 0755 "$destdir$1"
	missing="$1 $missing"
}

# put SOURCE TARGET MODE: by rename, because the daemon may be running from the old file
put() {
	if [ -e "$destdir$2" ] && ! is_ours "$2"; then
		mv "$destdir$2" "$destdir$2.distrib"
		set_aside="$2 $set_aside"
	fi
	cp "$1" "$destdir$2.new"
	chmod "$3" "$destdir$2.new"
	mv -f "$destdir$2.new" "$destdir$2"
	installed="$installed$2
"
}

install_all() {
	for f in keepalived node native.node keepalived.mjs vrrp.mjs checker.mjs script-runner.mjs; do
		if [ ! -e "$here/dist/$f" ]; then
			echo "install: dist/$f is missing; run npm ci && npm run build first" >&2
			exit 1
		fi
	done
	missing= set_aside= installed=
	for d in "$sbindir" "$libdir" "$unitdir" "$docdir" "$confdir"; do make_dir "$d"; done
	for f in native.node keepalived.mjs vrrp.mjs checker.mjs script-runner.mjs; do
		put "$here/dist/$f" "$libdir/$f" 0644
	done
	for f in "$here"/dist/keepalived-*.mjs; do put "$f" "$libdir/$(basename "$f")" 0644; done
	put "$here/dist/node" "$libdir/node" 0755
	put "$here/dist/keepalived" "$sbindir/keepalived" 0755
	unit=$(mktemp)
	sed "s|@SBINDIR@|$sbindir|g" "$here/systemd/keepalived.service" >"$unit"
	put "$unit" "$unitdir/keepalived.service" 0644
	rm -f "$unit"
	for f in README.md LICENSE dist/THIRD-PARTY-LICENSES; do
		if [ -e "$here/$f" ]; then put "$here/$f" "$docdir/$(basename "$f")" 0644; fi
	done
	for f in "$here"/examples/*/*.conf; do
		if [ ! -e "$f" ]; then continue; fi
		make_dir "$docdir/examples/$(basename "$(dirname "$f")")"
		put "$f" "$docdir/examples/$(basename "$(dirname "$f")")/$(basename "$f")" 0644
	done
	# a sample and not keepalived.conf: starting the service must not claim somebody's addresses
	sample=$confdir/keepalived.conf.sample
	if [ ! -e "$destdir$sample" ]; then
		cp "$here/examples/active-active/lb1.conf" "$destdir$sample"
		chmod 0644 "$destdir$sample"
	fi
	remember
	reload_units
	echo "installed into $destdir$prefix; configuration goes to $confdir/keepalived.conf"
}

# An installation over an earlier one keeps what that one knew of directories and files set aside.
remember() {
	earlier=
	if [ -f "$destdir$manifest" ]; then earlier=$(grep -E '^(dir|aside) ' "$destdir$manifest" || true); fi
	forget_outdated
	: >"$destdir$manifest"
	if [ -n "$earlier" ]; then note "$earlier"; fi
	for d in $missing; do note "dir $d"; done
	for f in $set_aside; do note "aside $f"; done
	printf '%s' "$installed" | while read -r f; do note "file $f"; done
	note "file $manifest"
}

# Removes what an earlier installation put and this one did not.
forget_outdated() {
	if [ ! -f "$destdir$manifest" ]; then return; fi
	sed -n 's/^file //p' "$destdir$manifest" | while read -r f; do
		if [ "$f" != "$manifest" ] && ! printf '%s' "$installed" | grep -qxF "$f"; then rm -f "$destdir$f"; fi
	done
}

uninstall_all() {
	if [ ! -f "$destdir$manifest" ]; then
		echo "uninstall: nothing is installed in $destdir$prefix (no $manifest)" >&2
		exit 1
	fi
	list=$(cat "$destdir$manifest")
	printf '%s\n' "$list" | sed -n 's/^file //p' | while read -r f; do rm -f "$destdir$f"; done
	printf '%s\n' "$list" | sed -n 's/^aside //p' | while read -r f; do
		if [ -e "$destdir$f.distrib" ]; then mv -f "$destdir$f.distrib" "$destdir$f"; fi
	done
	# deepest first; what holds something else, such as configuration, stays
	printf '%s\n' "$list" | sed -n 's/^dir //p' | sort -r | while read -r d; do
		rmdir "$destdir$d" 2>/dev/null || true
	done
	reload_units
	echo "uninstalled from $destdir$prefix; $confdir stays"
}

reload_units() {
	if [ -z "$destdir" ] && [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi
}

case ${1:-} in
install) install_all ;;
uninstall) uninstall_all ;;
*)
	echo "usage: [DESTDIR=DIR] [PREFIX=/usr] $0 install|uninstall" >&2
	exit 1
	;;
esac
