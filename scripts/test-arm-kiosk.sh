#!/usr/bin/env bash
# Runs the tests of what a board runs around the engine as the boards' processors
# would, emulated by qemu and with Debian's OpenCV for them: model files, settings,
# the model store, pictures and their preparation, and the golden pairs. The same
# bytes are wanted as on the machine that compiles.
#
# Left out are the tests that start a second process or a browser, which qemu-user
# cannot be relied on to do; those that play a video at its speed, or wait for a
# lock as long as a person would; power cuts, which would take minutes; and the
# kiosk's own, which time a whole kiosk. The virtual Pi has those.
set -euo pipefail
cd "$(dirname "$0")/.."
packages=(infer/tflite infer/metadata infer/cmd/canting-bench configs firmware/store capture firmware)

# emulate ARCH QEMU CPU runs every package's tests on a processor.
emulate() {
	local tests=$PWD/build/test-arm/kiosk-$1 sysroot package chosen log
	sysroot=$(scripts/sysroot.sh bookworm "$1")
	scripts/cross.sh bookworm "$1" "$tests" "${packages[@]}"
	for package in "${packages[@]}"; do
		case $package in
		capture) chosen=(-test.skip 'Fault|Renumbered|StillSource|Child|CameraProcess|Leaves|FramesArrive|Serve|WayBack|Video|FlawsOfPhotographs') ;;
		firmware) chosen=(-test.run 'Drift|Smoother|Average|Classify|LabelsReach|Goldens|DemonstrationModelKnows|ForeignModels' -test.skip Interrupt) ;;
		firmware/store) chosen=(-test.skip 'PowerCuts|ChangesExclude') ;;
		*) chosen=() ;;
		esac
		log=$(QEMU_LD_PREFIX=$sysroot env -C "$package" "$2" -cpu "$3" "$tests/${package##*/}.test" \
			-test.short -test.v -test.timeout 1h "${chosen[@]}" 2>&1 </dev/null) || {
			printf '%s\ntest-arm-kiosk: %s failed on %s\n' "$log" "$package" "$3"
			return 1
		}
		printf '%s: %d tests of %s passed, %d skipped\n' "$3" "$(grep -c '^--- PASS: Test' <<<"$log")" "$package" "$(grep -c '^--- SKIP' <<<"$log")"
	done
}

emulate arm64 qemu-aarch64-static cortex-a72
emulate armhf qemu-arm-static cortex-a7
