#!/usr/bin/env bash
# Builds Canting's Debian packages of a processor, one for each Debian release
# that Raspberry Pi OS stands on, into dist/.
#
#   scripts/package.sh arm64|armhf|amd64
#
# The packages' parts are in scripts/package; debhelper puts them together. The
# version is the one that `canting version` prints, with the commit's time in it,
# and +deb12 or +deb13, so that a later commit and a later Debian are upgrades.
set -euo pipefail
cd "$(dirname "$0")/.."
arch=$1

# debian_version writes a Go version as Debian's: v0.5.0-0.2026-abc is before
# v0.5.0 in both.
debian_version() {
	local version=${1#v}
	case $version in
	*-*) version=${version%%-*}~${version#*-} ;;
	esac
	printf '%s\n' "${version//-/.}"
}

# depends names the packages that hold the shared libraries that a program needs,
# as their shlibs files in the sysroot have it.
depends() {
	local program=$1 sysroot=$2 library package
	objdump --private-headers "$program" | awk '$1 == "NEEDED" && $2 !~ /^ld-linux/ { print $2 }' | while read -r library; do
		package=$(awk -v name="${library%.so.*}" -v major="${library##*.so.}" '
			$1 == name && $2 == major { $1 = $2 = ""; print; exit }' "$sysroot"/var/lib/dpkg/info/*.shlibs)
		[ -n "$package" ] || {
			printf 'package: no package in %s says that it has %s\n' "$sysroot" "$library" >&2
			return 1
		}
		printf '%s\n' "${package#"${package%%[! ]*}"}"
	done | sort -u | paste -sd , | sed 's/,/, /g'
}

# stage lays the files out as they will be on the board.
stage() {
	local built=$1 root=$2 parts=scripts/package
	install -D -t "$root/usr/bin" "$built/canting" "$built/canting-bench"
	install -D -t "$root/usr/lib/canting" $parts/screen
	install -D -m 644 -t "$root/etc/canting" configs/motifs.yaml
	sed -f $parts/kiosk.sed configs/kiosk.yaml >"$root/etc/canting/kiosk.yaml"
	chmod 644 "$root/etc/canting/kiosk.yaml"
}

# package SUITE RELEASE builds one package.
package() {
	local suite=$1 release=$2 sysroot version needs
	local built=build/pi/$suite-$arch work
	work=$built/package
	sysroot=$(scripts/sysroot.sh "$suite" "$arch")
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
	needs=$(depends "$built/canting" "$sysroot")
	printf 'shlibs:Depends=%s\n' "$needs" >"$work/debian/canting.substvars"
	stage "$built" "$work/debian/canting"

	SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) DEB_HOST_ARCH=$arch \
		env -C "$work" bash -euc '
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
	mkdir -p dist
	mv "$built/canting_${version}_$arch.deb" "dist/canting_${version%+deb*}_${suite}_$arch.deb"
	printf 'package: %s\n' "dist/canting_${version%+deb*}_${suite}_$arch.deb"
}

package bookworm 12
package trixie 13
