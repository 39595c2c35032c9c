#!/usr/bin/env bash
# Installs the package from dist/ that fits a board over ssh, and goes back to
# the one before it if the kiosk is not ready within a minute.
#
#   scripts/deploy.sh USER@HOST [ssh options, such as -p 2222]
#
# The user is root or may use sudo without a password. The board keeps both
# packages in /var/cache/canting: current.deb is the one that serves, and
# previous.deb the one before it. A package that was installed otherwise is not
# there, and then there is nothing to go back to. Ready means that /readyz says
# so: the camera gives pictures and the page has a label. CANTING_READY_SECONDS waits
# longer or shorter than a minute for that.
set -euo pipefail
cd "$(dirname "$0")/.."
patience=${CANTING_READY_SECONDS-60}

fail() {
	printf 'deploy: %s\n' "$1" >&2
	exit 1
}

[ -n "${1-}" ] || fail 'name the board: make deploy HOST=pi@gallery'
host=$1
shift
# One connection for everything, so that a password is asked for once.
control=$(mktemp -d)
options=(-o ControlMaster=auto -o ControlPath="$control/%C" -o ControlPersist=180 "$@")
trap 'ssh "${options[@]}" -O exit "$host" 2>/dev/null || true; rm -rf "$control"' EXIT

# remote COMMAND... runs a shell command on the board as root.
remote() {
	# shellcheck disable=SC2029 # it is expanded here on purpose
	ssh "${options[@]}" "$host" "if [ \$(id -u) -eq 0 ]; then sh -c '$*'; else sudo -n sh -c '$*'; fi"
}

# install_package FILE installs one of the board's packages, older or newer. The
# settings stay; a setting's file that a person changed is left as it is.
install_package() {
	remote "DEBIAN_FRONTEND=noninteractive apt-get install -y -q --allow-downgrades --reinstall -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold $1 </dev/null"
}

# ready waits for the kiosk, which the connection reaches where its
# configuration has it listen.
ready() {
	local end=$((SECONDS + patience)) answer='' address
	address=$(remote 'sed -n s/^listen:\ *//p /etc/canting/kiosk.yaml')
	case $address in
	:* | 0.0.0.0:*) address=127.0.0.1:${address##*:} ;;
	esac
	while [ "$SECONDS" -lt "$end" ]; do
		answer=$(printf 'GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n' |
			timeout 10 ssh "${options[@]}" -W "$address" "$host" 2>/dev/null) || true
		case $answer in
		'HTTP/1.'?' 200 '*) return 0 ;;
		esac
		sleep 2
	done
	printf 'deploy: after %s s /readyz says: %s\n' "$patience" "$(tail -n 1 <<<"${answer:-nothing}")" >&2
	return 1
}

# shellcheck disable=SC2016 # the board expands it
told=$(ssh "${options[@]}" "$host" 'dpkg --print-architecture && . /etc/os-release && echo "$VERSION_CODENAME"') ||
	fail "$host cannot be asked over ssh what it is"
{ read -r arch && read -r suite; } <<<"$told"
# The newest by Debian's order of versions, not by date.
deb=
for candidate in dist/canting_*_"${suite}_$arch.deb"; do
	[ -e "$candidate" ] || fail "dist/ holds no package for Debian $suite on $arch; make pi (arm64) or make pi32 (armhf) builds it"
	if [ -z "$deb" ] || dpkg --compare-versions "$(dpkg-deb --field "$candidate" Version)" gt "$(dpkg-deb --field "$deb" Version)"; then
		deb=$candidate
	fi
done

printf 'deploy: %s is Debian %s on %s: installing %s\n' "$host" "$suite" "$arch" "${deb##*/}"
remote 'install -d -m 755 /var/cache/canting && cat > /var/cache/canting/next.deb' <"$deb"
if install_package /var/cache/canting/next.deb && ready; then
	remote 'cd /var/cache/canting && if [ -e current.deb ] && ! cmp -s current.deb next.deb; then mv current.deb previous.deb; fi && mv next.deb current.deb'
	printf 'deploy: %s is ready\n' "$host"
	exit 0
fi

remote 'test -e /var/cache/canting/current.deb' ||
	fail "$host is not ready, and it has no package of an earlier deploy to go back to; ask it: journalctl -u canting"
printf 'deploy: %s is not ready: going back\n' "$host" >&2
install_package /var/cache/canting/current.deb
ready || fail "$host is not ready with its package of before either; ask it: journalctl -u canting"
fail "$host serves with its package of before; /var/cache/canting/next.deb is the one that failed"
