#!/usr/bin/env bash
# Installs from Debian what is missing to run, build or test Canting.
#
#   scripts/setup.sh run     a C++ compiler and OpenCV's headers: the kiosk
#   scripts/setup.sh build   and OpenBLAS: the trainer
#   scripts/setup.sh check   and shellcheck and arm64's binutils, which assemble the
#                            kernels
#   scripts/setup.sh test    and what the tests compare with or drive: Chromium,
#                            flatc, minisign, node for LiteRT and axe-core, qemu
#   scripts/setup.sh bench   what builds, oneDNN, which the engine is timed beside, and
#                            the qemu that counts instructions
#   scripts/setup.sh bench-training
#                            the trainer's, and PyTorch, which it is timed beside
#   scripts/setup.sh experiments
#                            the trainer's, and Python's scikit-image and
#                            scikit-learn, for the features chosen by hand
#   scripts/setup.sh pi      the cross compilers, what makes the boards' packages,
#                            and what emulates a board
#
# A second run finds nothing to do and asks no server.
set -euo pipefail

fail() {
	printf 'setup: %s\n' "$1" >&2
	exit 1
}

run=(ca-certificates g++ libopencv-core-dev libopencv-imgproc-dev libopencv-imgcodecs-dev libopencv-videoio-dev)
build=("${run[@]}" libopenblas-dev)
check=("${build[@]}" binutils-aarch64-linux-gnu shellcheck)
test=("${check[@]}" chromium flatbuffers-compiler git minisign qemu-user-static strace)
bench=("${check[@]}" libdnnl-dev qemu-user)
training=("${build[@]}" python3-torch python3-yaml)
experiments=("${build[@]}" python3-skimage python3-sklearn)
pi=(arch-test ca-certificates debhelper dpkg-dev g++-aarch64-linux-gnu g++-arm-linux-gnueabihf git lintian mmdebstrap qemu-user-static uidmap
	binfmt-support cpio e2fsprogs kmod minisign openssh-client qemu-system-arm qemu-utils xz-utils)

# A node from elsewhere is as good as Debian's, and Debian's would displace it.
command -v node >/dev/null || test+=(nodejs)
command -v npm >/dev/null || test+=(npm) bench+=(npm)

case ${1-} in
run) wanted=("${run[@]}") ;;
build) wanted=("${build[@]}") ;;
check) wanted=("${check[@]}") ;;
test) wanted=("${test[@]}") ;;
bench) wanted=("${bench[@]}") ;;
bench-training) wanted=("${training[@]}") ;;
experiments) wanted=("${experiments[@]}") ;;
pi) wanted=("${pi[@]}") ;;
*)
	printf 'usage: %s run|build|check|test|bench|bench-training|experiments|pi\n' "$0" >&2
	exit 2
	;;
esac

# Go is not Debian 12's (1.19): whoever builds brings it.
needed=$(sed -n 's/^go //p' "$(dirname "$0")/../go.mod")
command -v go >/dev/null ||
	fail "there is no go on the PATH; install Go $needed or newer from https://go.dev/dl and try again"
found=$(cd "$(dirname "$0")/.." && go env GOVERSION 2>/dev/null) || true
[ "$(printf '%s\n' "$needed" "${found#go}" | sort -V | head -n 1)" = "$needed" ] ||
	fail "Canting needs Go $needed or newer, and $(command -v go) is ${found:-older}; install one from https://go.dev/dl and try again"

{ command -v apt-get && command -v dpkg-query; } >/dev/null ||
	fail "this installs Debian's packages and finds no apt-get; install the equivalents of: ${wanted[*]}"

installed=$(dpkg-query --show --showformat '${binary:Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null |
	sed -n 's/^\([^ :]*\).* installed$/\1/p') || true
missing=()
for package in "${wanted[@]}"; do
	grep -qx -- "$package" <<<"$installed" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
	printf 'setup: everything to %s is installed\n' "$1"
	exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null ||
		fail "root has to install ${missing[*]}, and there is no sudo; run as root: apt-get install --no-install-recommends ${missing[*]}"
	as_root=(sudo)
fi
printf 'setup: installing from Debian to %s: %s\n' "$1" "${missing[*]}"

apt() {
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=300 "$@" </dev/null
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{ apt update && apt install --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 || {
	tail -n 20 "$log" >&2
	fail "apt-get could not install them; the reason is above"
}
