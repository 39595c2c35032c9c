#!/usr/bin/env bash
# Counts the instructions that each stage of a press executes on a Cortex-A72,
# under QEMU: those of 2N turns less those of N, so that starting the program does
# not count. Prints millions a turn. Wants `make setup-bench setup-pi`.
#
#   scripts/bench/stages-arm.sh
set -euo pipefail
shopt -s inherit_errexit # a count that fails is no count of 0
cd "$(dirname "$0")/../.."
sysroot=$(scripts/sysroot.sh bookworm arm64)
make --no-print-directory build/bench/mnemonics.so
program=build/bench/stages-arm64
GOOS=linux GOARCH=arm64 CGO_ENABLED=1 \
	CC="aarch64-linux-gnu-gcc --sysroot=$sysroot" CXX="aarch64-linux-gnu-g++ --sysroot=$sysroot" \
	CGO_CPPFLAGS="-I$PWD/scripts/opencv -I$sysroot/usr/include/opencv4" CGO_CXXFLAGS='-O2 -g0 --std=c++11' \
	CGO_LDFLAGS='-lopencv_core -lopencv_imgproc -lopencv_imgcodecs -lopencv_videoio' \
	go test -c -tags=customenv,gocv_specific_modules,gocv_videoio -o "$program" ./firmware
counted=$(mktemp)
trap 'rm -f "$counted"' EXIT

# instructions STAGE TURNS: of the whole program, with so many turns of the stage.
instructions() {
	qemu-aarch64 -L "$sysroot" -cpu cortex-a72 -plugin "build/bench/mnemonics.so,out=$counted" "$program" \
		-test.run '^$' -test.bench "^BenchmarkStages/$1\$" -test.benchtime "$2x" -test.cpu 1 >/dev/null
	awk '{ n += $3 } END { print n }' "$counted"
}

turns=50
for stage in quality prepare-box prepare-middle inference heat jpeg json; do
	once=$(instructions "$stage" "$turns") twice=$(instructions "$stage" $((2 * turns)))
	awk -v stage="$stage" -v once="$once" -v twice="$twice" -v turns="$turns" \
		'BEGIN { printf "%-15s %7.3f\n", stage, (twice - once) / turns / 1e6 }'
done
