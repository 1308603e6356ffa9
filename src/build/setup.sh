#!/bin/sh
# setup.sh demo|test|bench - makes a fresh Debian machine ready to run that, and builds dist/.
# Installs what is missing and nothing else; says only what it does.
set -eu

purpose=${1:?usage: setup.sh demo|test|bench}
cd "$(dirname "$0")/../.."

say() { printf 'setup: %s\n' "$*" >&2; }

if [ "$(id -u)" != 0 ]; then
  say "network namespaces need root: run this as root (for example: sudo npm ${npm_lifecycle_event:-start})"
  exit 1
fi

missing=""
# need PACKAGES FILE... - the packages are missing unless one of the files exists.
need() {
  packages=$1
  shift
  for file in "$@"; do [ -e "$file" ] && return; done
  missing="$missing $packages"
}

need "gcc libc6-dev" /usr/bin/gcc
need iproute2 /usr/sbin/ip /sbin/ip /usr/bin/ip
need ipvsadm /usr/sbin/ipvsadm /sbin/ipvsadm
need kmod /usr/sbin/modprobe /sbin/modprobe
need curl /usr/bin/curl
need util-linux /usr/bin/taskset
if [ "$purpose" != demo ] || [ ! -e /proc/net/ip_vs ]; then
  need user-mode-linux /usr/bin/linux.uml
fi
if [ "$purpose" != demo ]; then
  need keepalived /usr/sbin/keepalived
  need systemd /lib/systemd/systemd
  need procps /usr/bin/pgrep
  need frr /usr/lib/frr/bfdd
  need nftables /usr/sbin/nft
  need iptables /usr/sbin/iptables-legacy
fi
if [ "$purpose" = bench ]; then
  need tcpdump /usr/bin/tcpdump /usr/sbin/tcpdump
fi

if [ -n "$missing" ]; then
  say "installing$missing"
  export DEBIAN_FRONTEND=noninteractive
  install() { apt-get install -y -qq --no-install-recommends $missing >/dev/null; }
  (
    # Tests run the programs themselves: installing a package must not start its service.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
      trap 'rm -f "$policy"' EXIT
      printf '#!/bin/sh\nexit 101\n' >"$policy"
      chmod 755 "$policy"
    fi
    # A fresh image has no package lists, an old one has lists of versions that are gone.
    install 2>/dev/null || { apt-get update -qq && install; }
  )
  # Nor does it at the next boot; what was there before stays as it was.
  for service in frr keepalived; do
    case " $missing " in
    *" $service "*) systemctl disable --quiet "$service" 2>/dev/null || true ;;
    esac
  done
fi

if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  say "installing npm packages"
  npm ci --ignore-scripts --loglevel=error >/dev/null
  touch node_modules/.package-lock.json
fi

# Quiet unless it fails: building again what is built already is the usual case.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
npm run --silent build >"$log" 2>&1 || {
  cat "$log" >&2
  exit 1
}
