#!/usr/bin/env bash
# The README's figures on a data set of photographs: the paper's experiment with
# three seeds and the gallery's configuration, each model asked through every way
# there is, evaluate, classify and LiteRT. Cut short, it goes on where it was.
#
#   scripts/figures.sh DATA OUT      DATA: a folder split into train/ and test/
set -euo pipefail
data=${1:?usage: figures.sh DATA OUT} out=${2:?usage: figures.sh DATA OUT}
cd "$(dirname "$0")/.."

# agree MODEL: classify and evaluate must label every test picture alike.
agree() {
	bin/canting-trainer evaluate --list --model "$1" --data "$data" | grep -P '\t' | cut -f 1,2 | sort >"$out/evaluate"
	cut -f 1 "$out/evaluate" | tr '\n' '\0' | xargs -0 bin/canting classify --json --model "$1" |
		sed -n 's#.*"file":"\([^"]*\)".*"label":"\([^"]*\)".*#\1\t\2#p' | sort >"$out/classify"
	echo "classify and evaluate agree on $(comm -12 "$out/evaluate" "$out/classify" | wc -l) of $(wc -l <"$out/evaluate") pictures"
}

figure() {
	name=$1
	shift
	echo "== $name"
	bin/canting-trainer train --resume --data "$data" --out "$out/$name" "$@" 2>"$out/$name.log"
	agree "$out/$name/model.tflite"
	CANTING_MODEL="$out/$name/model.tflite" CANTING_DATA=$data \
		go test -count=1 -v -run LiteRTOnPhotographs ./trainer | grep 'top label'
	for part in test train; do
		CANTING_MODEL="$out/$name/model.tflite" CANTING_DATA=$data/$part \
			go test -count=1 -v -run ViewsOnPhotographs ./firmware | sed -n "s/.*: \(.*named right by.*\)/$part: \1/p"
	done
}

mkdir -p "$out"
out=$(realpath "$out") data=$(realpath "$data")
for seed in 1 2 3; do
	figure "paper-$seed" --config configs/paper.yaml --seed "$seed"
done
for seed in 1 2 3; do
	figure "gallery-$seed" --seed "$seed"
done
