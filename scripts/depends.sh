#!/usr/bin/env bash
# Prints the Debian packages whose shared libraries a program needs, as their
# shlibs files have it: libc6 (>= 2.36), libgcc-s1, ...
#
#   scripts/depends.sh PROGRAM [SYSROOT]
set -euo pipefail
shopt -s extglob
program=$1 sysroot=${2-}
# Cross compilers bring other processors' libraries of the same names.
shlibs=("$sysroot"/var/lib/dpkg/info/!(*-cross).shlibs)

objdump --private-headers "$program" | awk '$1 == "NEEDED" && $2 !~ /^ld-linux/ { print $2 }' | while read -r library; do
	package=$(awk -v name="${library%.so.*}" -v major="${library##*.so.}" '
		$1 == name && $2 == major { sub(/^[^ ]+ +[^ ]+ +/, ""); print; exit }' "${shlibs[@]}")
	[ -n "$package" ] || {
		printf 'depends: no package in %s/ says that it has %s\n' "$sysroot" "$library" >&2
		exit 1
	}
	printf '%s\n' "$package"
done | sort -u | paste -sd , | sed 's/,/, /g'
