#!/usr/bin/env bash
# Unpacks the libraries of a Debian release for another processor, to compile and
# link against, and prints the folder's path.
#
#   scripts/sysroot.sh bookworm|trixie arm64|armhf|amd64
#
# Nothing of it is installed or run, and the machine's own packages stay as they
# are. A sysroot is made once; one that was made by another version of this
# script, or was not finished, is made again. Its `packages` lists what is in it,
# and its var/lib/dpkg/info holds the packages' shlibs files.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
	printf 'sysroot: %s\n' "$1" >&2
	exit 1
}

suite=${1-} arch=${2-}
case $suite in
bookworm) stdcpp=libstdc++-12-dev alias=oldstable ;;
trixie) stdcpp=libstdc++-14-dev alias=stable ;;
*) fail "there is no release '$suite' here; bookworm and trixie are known" ;;
esac
case $arch in
amd64 | arm64 | armhf) ;;
*) fail "there is no architecture '$arch' here; amd64, arm64 and armhf are known" ;;
esac
include=libopencv-core-dev,libopencv-imgproc-dev,libopencv-imgcodecs-dev,libopencv-videoio-dev,libc6-dev,$stdcpp
sysroot=$PWD/build/sysroot/$suite-$arch

# stamp is what a finished sysroot has in its file `stamp`.
stamp() {
	cat scripts/sysroot.sh "$sysroot/packages" | sha256sum
}
if [ -f "$sysroot/stamp" ] && stamp | cmp -s - "$sysroot/stamp"; then
	printf '%s\n' "$sysroot"
	exit 0
fi

printf 'sysroot: unpacking Debian %s for %s, about 200 MB to download\n' "$suite" "$arch" >&2
rm -rf "$sysroot"
mkdir -p "$sysroot"
# Runs while the .deb files are there: makes sure of the release, lists them, and
# keeps which package each shared library is in.
# shellcheck disable=SC2016 # mmdebstrap's shell expands it
keep='set -e
	grep -qx "Codename: '$suite'" "$1"/var/lib/apt/lists/*InRelease
	cd "$1"/var/cache/apt/archives
	sha256sum *.deb >"$1/packages"
	for deb in *.deb; do
		dpkg-deb --info "$deb" shlibs 2>/dev/null >"$1/var/lib/dpkg/info/${deb%%_*}.shlibs" || rm "$1/var/lib/dpkg/info/${deb%%_*}.shlibs"
	done'
# unpack NAME unpacks what the archive has under the release's name.
unpack() {
	mmdebstrap --variant=extract --architectures="$arch" --format=tar \
		--aptopt='APT::Install-Recommends "false"' --include="$include" \
		--extract-hook="$keep" "$1" - "deb http://deb.debian.org/debian $1 main" 2>"$sysroot.log" |
		tar -x -C "$sysroot" --no-same-owner --exclude='./dev' --exclude='./usr/share/doc/*' --exclude='./usr/share/locale/*'
}

# A mirror in the middle of an update can have one name's index new and its
# signed list of digests old, and the other name's both alike.
unpack "$suite" || unpack "$alias" || {
	tail -n 20 "$sysroot.log" >&2
	fail "mmdebstrap failed; the reason is above"
}

# What the packages' scripts would have done: links that stay within the sysroot,
# and the alternatives of BLAS, which OpenCV's libraries want.
find "$sysroot" -type l -lname '/*' -print0 | while IFS= read -r -d '' link; do
	ln -sfn --relative "$sysroot$(readlink "$link")" "$link"
done
for folder in lib lib64; do # Debian 13's packages leave these two links to its installer
	[ -e "$sysroot/$folder" ] || ln -s "usr/$folder" "$sysroot/$folder"
done
for library in blas lapack; do
	for folder in "$sysroot"/usr/lib/*/"$library"; do
		ln -sf "$library/lib$library.so.3" "$folder/../lib$library.so.3"
	done
done
stamp >"$sysroot/stamp"
printf '%s\n' "$sysroot"
