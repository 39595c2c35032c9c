#!/usr/bin/env bash
# Runs the engine's tests as the boards' processors would, emulated by qemu:
# every arm64 kernel on the cores of the Pi 3 and Zero 2 W (Cortex-A53), Pi 4
# (A72) and Pi 5 (A76) and on one with every extension, and plain Go on armv7.
# A kernel that should have run there and did not is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
binaries=build/test-arm
packages=(infer/kernel/... infer/quant infer)

# build ARCH compiles each package's tests.
build() {
	local -x CGO_ENABLED=0 GOOS=linux GOARCH=$1 GOARM=7
	local package
	for package in $(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}' "${packages[@]/#/./}"); do
		go test -c -o "$binaries/$1/${package#"$PWD"/}/tests" "$package"
	done
}

# emulate ARCH CPU KERNELS runs them; infer's use the best of the kernels.
emulate() {
	local qemu=qemu-${1/arm64/aarch64}-static package log
	while read -r package; do
		log=$(CANTING_REQUIRE_KERNEL=$3 env -C "$package" "$qemu" -cpu "$2" "$PWD/$binaries/$1/$package/tests" -test.short 2>&1) || {
			printf '%s\ntest-arm: %s failed on %s\n' "$log" "$package" "$2"
			return 1
		}
		sed -n "s/^kernels held/$2: &/p" <<<"$log"
	done < <(cd "$binaries/$1" && find . -name tests -printf '%h\n' | sort)
}

rm -rf "$binaries"
build arm64
build arm
# Two at a time.
emulate arm64 cortex-a53 'neon generic' &
other=$!
emulate arm64 cortex-a72 'neon generic'
wait "$other"
emulate arm64 cortex-a76 'dotprod neon generic' &
other=$!
emulate arm64 max 'dotprod neon generic'
wait "$other"
emulate arm cortex-a7 'generic'
