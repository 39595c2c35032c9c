#!/usr/bin/env bash
# The README's figures on a data set of photographs: the paper's experiment with
# three seeds and the gallery's configuration, each model asked through every way
# there is, evaluate, classify and LiteRT. Cut short, it goes on where it was.
#
#   scripts/figures.sh DATA OUT      DATA: a folder split into train/ and test/
set -euo pipefail
data=${1:?usage: figures.sh DATA OUT} out=${2:?usage: figures.sh DATA OUT}
cd "$(dirname "$0")/.."

# agree MODEL: the pictures of DATA/test that classify labels with their folder
# must be those that evaluate counts.
agree() {
	evaluated=$(bin/canting-trainer evaluate --model "$1" --data "$data" --json |
		sed -n 's/.*"correct": \([0-9]*\).*/\1/p' | awk '{right += $1} END {print right}')
	classified=$(find "$data/test" -type f -print0 | sort -z | xargs -0 bin/canting classify --json --model "$1" |
		sed -n 's#.*"file":"\([^"]*\)".*"label":"\([^"]*\)".*#\1 \2#p' |
		awk '{n = split($1, part, "/"); if (part[n-1] == $2) right++} END {print right + 0}')
	echo "evaluate: $evaluated right, classify: $classified right"
}

figure() {
	name=$1
	shift
	echo "== $name"
	bin/canting-trainer train --resume --data "$data" --out "$out/$name" "$@" 2>"$out/$name.log"
	agree "$out/$name/model.tflite"
	CANTING_MODEL="$out/$name/model.tflite" CANTING_DATA=$data \
		go test -count=1 -v -run LiteRTOnPhotographs ./trainer | grep 'top label'
}

mkdir -p "$out"
out=$(realpath "$out") data=$(realpath "$data")
for seed in 1 2 3; do
	figure "paper-$seed" --config configs/paper.yaml --seed "$seed"
done
for seed in 1 2 3; do
	figure "gallery-$seed" --seed "$seed"
done
