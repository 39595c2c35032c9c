#!/usr/bin/env bash
# Builds Canting's Debian packages of a processor, one for each Debian release
# that Raspberry Pi OS stands on, into dist/.
#
#   scripts/package.sh arm64|armhf|amd64 [bookworm] [trixie]
#
# The packages' parts are in scripts/package; debhelper puts them together. The
# version is the one that `canting version` prints, with the commit's time in it,
# and +deb12 or +deb13, so that a later commit and a later Debian are upgrades.
set -euo pipefail
cd "$(dirname "$0")/.."
arch=$1
shift
epoch=$(git log -1 --format=%ct)

# debian_version writes a Go version as Debian's: v0.5.0-0.2026-abc is before
# v0.5.0 in both.
debian_version() {
	local version=${1#v}
	case $version in
	*-*) version=${version%%-*}~${version#*-} ;;
	esac
	printf '%s\n' "${version//-/.}"
}

# emulate PROGRAM ARGS runs a program of the package on this machine.
emulate() {
	case $arch in
	amd64) "$sysroot/lib64/ld-linux-x86-64.so.2" --library-path "$sysroot/usr/lib/x86_64-linux-gnu:$sysroot/lib/x86_64-linux-gnu" "$@" ;;
	arm64) qemu-aarch64-static -L "$sysroot" "$@" ;;
	armhf) qemu-arm-static -L "$sysroot" "$@" ;;
	esac
}

# stage lays the files out as they will be on the board.
stage() {
	local built=$1 root=$2 parts=scripts/package
	install -D -t "$root/usr/bin" "$built/canting" "$built/canting-bench"
	install -D -t "$root/usr/lib/canting" $parts/screen
	install -D scripts/board-report.sh "$root/usr/lib/canting/board-report"
	install -D -m 644 $parts/canting.lintian-overrides "$root/usr/share/lintian/overrides/canting"
	install -D -m 644 -t "$root/usr/share/canting" firmware/demo/demo.tflite
	install -D -m 644 -t "$root/etc/canting" configs/motifs.yaml
	sed -f $parts/kiosk.sed configs/kiosk.yaml >"$root/etc/canting/kiosk.yaml"
	chmod 644 "$root/etc/canting/kiosk.yaml"
	SOURCE_DATE_EPOCH=$epoch emulate "$built/canting-manual" "$root/usr/share"
	{
		printf '.TH CANTING-BENCH 1\n.SH NAME\ncanting\\-bench \\- time a model\n.SH DESCRIPTION\n.nf\n'
		emulate "$built/canting-bench" --help | sed 's/[\-]/\\&/g'
		printf '.fi\n.SH SEE ALSO\n.BR canting (1)\n'
	} >"$root/usr/share/man/man1/canting-bench.1"
}

# try has the packaged program load its packaged configuration and name a cloth.
# `canting doctor` would do more, but starts a camera process, and qemu-user
# cannot be relied on to fork a program of many threads.
try() {
	local root=$1
	emulate "$root/usr/bin/canting" models list --config "$root/etc/canting/kiosk.yaml" --store "$root.models"
	emulate "$root/usr/bin/canting" classify firmware/demo/cloths/1-rangkiang.jpg | grep ': rangkiang '
}

# package SUITE builds one package.
package() {
	local suite=$1 release sysroot version needs deb
	local built=build/pi/$suite-$arch work
	work=$built/package
	case $suite in
	bookworm) release=12 ;;
	trixie) release=13 ;;
	esac
	sysroot=$(scripts/sysroot.sh "$suite" "$arch") || {
		printf 'package: Debian %s for %s cannot be had, so there is no package for it; the reason is above\n' "$suite" "$arch" >&2
		return 1
	}
	scripts/cross.sh "$suite" "$arch" "$built"
	version=$(debian_version "$(go version -m "$built/canting" | awk '$1 == "mod" { print $3 }')")+deb$release

	rm -rf "$work"
	mkdir -p "$work/debian"
	cp scripts/package/{control,copyright} "$work/debian/"
	cp scripts/package/canting{,-screen}.service scripts/package/canting.udev "$work/debian/"
	cp scripts/package/postinst "$work/debian/canting.postinst"
	cp scripts/package/postrm "$work/debian/canting.postrm"
	cp README.md CHANGELOG.md "$work/"
	printf 'canting (%s) %s; urgency=medium\n\n  * See changelog.gz.\n\n -- %s  %s\n' "$version" "$suite" \
		"$(sed -n 's/^Maintainer: //p' scripts/package/control)" "$(git log -1 --format=%cD)" >"$work/debian/changelog"
	needs=$(scripts/depends.sh "$built/canting" "$sysroot")
	printf 'shlibs:Depends=%s\n' "$needs" >"$work/debian/canting.substvars"
	stage "$built" "$work/debian/canting"
	try "$work/debian/canting"

	# shellcheck disable=SC2016 # the inner shell expands it
	SOURCE_DATE_EPOCH=$epoch DEB_HOST_ARCH=$arch env -C "$work" bash -euc '
		eval "$(dpkg-architecture -a"$DEB_HOST_ARCH" -s 2>/dev/null)"
		umask 022
		dh_installdocs README.md
		dh_installchangelogs CHANGELOG.md
		dh_installudev
		dh_installsystemd --name=canting
		dh_installsystemd --name=canting-screen --no-enable --no-start
		dh_compress
		dh_fixperms
		dh_installdeb
		dh_gencontrol
		dh_md5sums
		dh_builddeb --destdir=..'
	deb=dist/canting_${version%+deb*}_${suite}_$arch.deb
	mkdir -p dist
	mv "$built/canting_${version}_$arch.deb" "$deb"
	lintian --allow-root --fail-on error --tag-display-limit 0 "$deb"
	printf 'package: %s, %s bytes, %s KiB installed\n' "$deb" "$(stat -c %s "$deb")" "$(dpkg-deb --field "$deb" Installed-Size)"
}

[ $# -gt 0 ] || set -- bookworm trixie
if [ $# -eq 1 ]; then
	package "$1"
	exit
fi
# A release that cannot be packaged does not keep the others from it.
missing=()
for suite; do
	scripts/package.sh "$arch" "$suite" || missing+=("$suite")
done
[ ${#missing[@]} -eq 0 ] || {
	printf 'package: there is no new package for %s of Debian %s; the reason is above\n' "$arch" "${missing[*]}" >&2
	exit 1
}
