#!/usr/bin/env bash
# Tries dist/'s packages on virtual Raspberry Pis, one for each Debian release;
# prints a table of each and keeps it, the serial consoles and a screenshot in
# build/virtualpi.
#
#   scripts/virtualpi.sh [bookworm|trixie]...
#   scripts/virtualpi.sh pi3      only boots a Raspberry Pi 3, to its first label
#
# CANTING_DATA is a folder of photographs with train/ and test/, whose test
# pictures go through the camera too; CANTING_MODEL a model trained on the others,
# which is otherwise trained first. CANTING_POWER_CUTS is how often the power of
# each is cut (20).
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- bookworm trixie
pi3=false
[ "$1" != pi3 ] || { pi3=true && set -- bookworm; }
made=build/virtualpi
data=${CANTING_DATA-../shared/data/batik400} model=${CANTING_MODEL-}
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)

# package SUITE is the newest package for a release.
package() {
	local newest
	# shellcheck disable=SC2012 # make pi chose the names
	newest=$(ls -t dist/canting_*_"$1"_arm64.deb 2>/dev/null | head -n 1)
	[ -n "$newest" ] || {
		printf 'virtualpi: there is no dist/canting_*_%s_arm64.deb; run make pi\n' "$1" >&2
		exit 1
	}
	printf '%s\n' "$newest"
}

mkdir -p $made
for suite; do
	package "$suite" >/dev/null
	nice "${as_root[@]}" scripts/virtualpi/image.sh "$suite" $made/"$suite"
done
CGO_ENABLED=0 go build -o $made/virtualpi ./scripts/virtualpi

if $pi3; then
	exec $made/virtualpi --pi3 --images $made/bookworm --out $made/run-pi3 --deb "$(package bookworm)"
fi
if [ ! -d "$data/test" ]; then
	printf 'virtualpi: %s has no photographs; only drawn cloths go through the camera\n' "${data:-CANTING_DATA}" >&2
	data='' model=''
elif [ -z "$model" ]; then
	model=$made/photographs/model.tflite
	[ -e $model ] || bin/canting-trainer train --resume --data "$data" --out $made/photographs 2>$made/photographs.log
fi

failed=0
for suite; do
	$made/virtualpi --suite "$suite" --images $made/"$suite" --out $made/run-"$suite" --deb "$(package "$suite")" \
		--photos "$data" --model "$model" --cuts "${CANTING_POWER_CUTS-20}" || failed=1
	echo
done
exit $failed
