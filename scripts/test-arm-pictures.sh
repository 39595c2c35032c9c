#!/usr/bin/env bash
# Runs the tests of reading and preparing pictures, and of the models' golden
# pairs, as the boards' processors would, emulated by qemu and with Debian's OpenCV
# for them: the same bytes are wanted as on the machine that compiles. The tests of
# the camera's two processes are left out; the virtual Pi has those.
set -euo pipefail
cd "$(dirname "$0")/.."

# emulate ARCH QEMU CPU PACKAGE TESTS
emulate() {
	local tests=build/test-arm/pictures-$1 sysroot log
	sysroot=$(scripts/sysroot.sh bookworm "$1")
	scripts/cross.sh bookworm "$1" "$tests" "$4"
	log=$(QEMU_LD_PREFIX=$sysroot env -C "$4" "$2" -cpu "$3" "$PWD/$tests/$(basename "$4").test" -test.short -test.v -test.run "$5" 2>&1) || {
		printf '%s\ntest-arm-pictures: %s failed on %s\n' "$log" "$4" "$3"
		return 1
	}
	printf '%s: %d tests of %s\n' "$3" "$(grep -c '^--- PASS: Test' <<<"$log")" "$4"
}

for board in 'arm64 qemu-aarch64-static cortex-a72' 'armhf qemu-arm-static cortex-a7'; do
	read -r arch qemu cpu <<<"$board"
	emulate "$arch" "$qemu" "$cpu" capture 'Golden|RunIs|RunView|Normalise|Tables|Pixels|Shrinking|GreyWorld|GuideBox|Preprocessor|ReadFile|Decode|Encode|Views'
	emulate "$arch" "$qemu" "$cpu" firmware 'ClassifyPrints|Goldens|DemonstrationModelKnows'
done
