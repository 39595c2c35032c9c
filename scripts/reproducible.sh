#!/usr/bin/env bash
# Builds the checked-out commit twice, from clones in two folders, the second with
# an empty compile cache, and fails unless the results are the same bytes.
#
#   scripts/reproducible.sh arm64|armhf|amd64 [bookworm] [trixie]    the packages
#   scripts/reproducible.sh bench                                    canting-bench for
#                           arm64 and armv7, which needs neither sysroot nor download
set -euo pipefail
cd "$(dirname "$0")/.."
work=build/reproducible

# build FOLDER WHAT... leaves the results in the clone's dist.
build() {
	local folder=$1 board
	shift
	if [ "$1" = bench ]; then
		for board in arm64 arm; do
			CGO_ENABLED=0 GOFLAGS='' GOARCH=$board GOARM=7 go build -C "$folder" -trimpath -buildvcs=true -ldflags='-s -w -buildid=' \
				-o "dist/canting-bench-$board" ./infer/cmd/canting-bench
		done
		return
	fi
	# The sysroots are the same ones, by another path.
	mkdir -p build/sysroot "$folder/build"
	ln -s "$PWD/build/sysroot" "$folder/build/sysroot"
	"$folder/scripts/package.sh" "$@"
}

rm -rf "$work"
for folder in one another/folder; do
	git clone --quiet --no-hardlinks . "$work/$folder"
	build "$work/$folder" "$@"
	export GOCACHE=$PWD/$work/cache
done
for file in "$work"/one/dist/*; do
	cmp "$file" "$work/another/folder/dist/${file##*/}"
	printf 'reproducible: %s  %s\n' "$(sha256sum <"$file" | cut -d ' ' -f 1)" "${file##*/}"
done
rm -rf "$work"
