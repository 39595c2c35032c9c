#!/usr/bin/env bash
# Compiles Canting for a Debian release and a processor, against its sysroot:
# canting, the static canting-bench and, for packaging, canting-manual.
#
#   scripts/cross.sh bookworm|trixie arm64|armhf|amd64 FOLDER [PACKAGE]...
#
# With packages of the project, such as capture, it compiles their tests instead.
# The same commit and sysroot give the same bytes, wherever the checkout lies.
# armhf is ARMv7, as Debian's is: a Pi 2 or newer.
set -euo pipefail
cd "$(dirname "$0")/.."
suite=$1 arch=$2 out=$3
sysroot=$(scripts/sysroot.sh "$suite" "$arch")

case $arch in
amd64) goarch=amd64 triplet=x86_64-linux-gnu ;;
arm64) goarch=arm64 triplet=aarch64-linux-gnu ;;
armhf) goarch=arm triplet=arm-linux-gnueabihf ;;
esac

git rev-parse --verify --quiet HEAD >/dev/null || {
	echo 'cross: the programs carry their commit, and this is no git checkout that git may read' >&2
	exit 1
}

export GOOS=linux GOARCH=$goarch GOARM=7 GOFLAGS=-tags=customenv,gocv_specific_modules,gocv_videoio
export CC="$triplet-gcc --sysroot=$sysroot" CXX="$triplet-g++ --sysroot=$sysroot"
export CGO_CPPFLAGS="-I$PWD/scripts/opencv -I$sysroot/usr/include/opencv4"
export CGO_CXXFLAGS='-O2 -g0 --std=c++11'
# Debian 13's libraries want symbols of a newer libstdc++ than Debian 12's
# compiler brings; the board has it.
export CGO_LDFLAGS='-lopencv_core -lopencv_imgproc -lopencv_imgcodecs -lopencv_videoio -Wl,--allow-shlib-undefined'

mkdir -p "$out"
if [ $# -gt 3 ]; then
	for package in "${@:4}"; do
		CGO_ENABLED=1 go test -c -o "$out/$(basename "$package").test" "./$package"
	done
	exit
fi
# Build identifiers hold the compiler's command line, and with it the folder.
build=(go build -trimpath -buildvcs=true -ldflags='-s -w -buildid=' -o "$out/")
CGO_ENABLED=1 "${build[@]}" -buildmode=pie ./firmware/cmd/...
CGO_ENABLED=0 "${build[@]}" ./infer/cmd/canting-bench
