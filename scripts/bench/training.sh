#!/usr/bin/env bash
# Times training steps beside PyTorch's, on the same networks and batches and all
# cores, in interleaved rounds. Prints a Markdown table: pictures a second, the
# medians over the rounds, and the median of the rounds' ratios; then the same
# ratio of the processor's time, which other programs on the machine hardly change.
#
#   scripts/bench/training.sh [ROUNDS [SECONDS]]
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-7} seconds=${2:-3} threads=$(nproc)
program=$PWD/build/bench/trainer.test
go test -c -o "$program" ./trainer
results=$(mktemp)
trap 'rm -f "$results"' EXIT

# ours EXPERIMENT BATCH: pictures a second, and processor seconds a thousand.
ours() {
	(cd trainer && "$program" -test.run '^$' -test.bench "^BenchmarkTraining/$1/$2\$" -test.benchtime "${seconds}s") |
		awk '/pictures\/s/ { for (i = 2; i < NF; i++) value[$(i + 1)] = $i; print value["pictures/s"], value["cpu-s/1000pictures"] }'
}

median() { sort -g | awk '{ v[NR] = $1 } END { printf "%.2f", (v[int((NR + 1) / 2)] + v[int((NR + 2) / 2)]) / 2 }'; }

# column NUMBER|EXPRESSION: the median over the rounds.
column() { awk "{ print $1 }" "$results" | median; }

batch=$(sed -n 's/^  batch: *\([0-9]*\).*/\1/p' configs/trainer.yaml)
printf '| experiment | batch | Canting, pictures/s | PyTorch, pictures/s | ratio | of processor time |\n|---|---|---|---|---|---|\n'
runs=(paper/16 trainer/16)
[ "$batch" = 16 ] || runs+=("trainer/$batch")
for run in "${runs[@]}"; do
	experiment=${run%/*} size=${run#*/}
	: >"$results"
	for _ in $(seq "$rounds"); do
		mine=$(ours "$experiment" "$size")
		theirs=$(scripts/bench/training/pytorch.py "configs/$experiment.yaml" "$size" "$seconds" "$threads")
		echo "$mine $theirs" >>"$results"
	done
	# shellcheck disable=SC2016 # the expressions are awk's
	printf '| %s | %s | %s | %s | %s | %s |\n' "$experiment.yaml" "$size" \
		"$(column '$1')" "$(column '$3')" "$(column '$1 / $3')" "$(column '$4 / $2')"
done
