#!/usr/bin/env bash
# Builds the packages of the checked-out commit twice, from clones in two folders,
# the second with an empty compile cache, and fails unless they are the same bytes.
#
#   scripts/reproducible.sh arm64|armhf|amd64 [bookworm] [trixie]
set -euo pipefail
cd "$(dirname "$0")/.."
arch=$1
work=build/reproducible
rm -rf "$work"
for folder in one another/folder; do
	git clone --quiet --no-hardlinks . "$work/$folder"
	# The sysroots are the same ones, by another path.
	mkdir -p build/sysroot "$work/$folder/build"
	ln -s "$PWD/build/sysroot" "$work/$folder/build/sysroot"
	"$work/$folder/scripts/package.sh" "$@"
	export GOCACHE=$PWD/$work/cache
done
for deb in "$work"/one/dist/*_"$arch".deb; do
	cmp "$deb" "$work/another/folder/dist/${deb##*/}"
	printf 'reproducible: %s  %s\n' "$(sha256sum <"$deb" | cut -d ' ' -f 1)" "${deb##*/}"
done
