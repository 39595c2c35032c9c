#!/usr/bin/env bash
# Builds everything that is published into dist/: the boards' packages, the
# trainer and the bench for amd64 as archives, a CycloneDX bill of materials of
# each program, and SHA256SUMS over them all. `make release` calls it with the
# build's environment. WITHOUT="trixie-armhf ..." leaves out boards' packages that
# cannot be made just now.
set -euo pipefail
cd "$(dirname "$0")/.."
epoch=$(git log -1 --format=%ct)
build=build/release

fail() {
	printf 'release: %s\n' "$1" >&2
	exit 1
}

[ -z "$(git status --porcelain)" ] || fail 'the tree holds changes that are in no commit; commit or stash them'
boards=()
for board in {bookworm,trixie}-{arm64,armhf}; do
	case " ${WITHOUT-} " in
	*" $board "*) ;;
	*) boards+=("$board") ;;
	esac
done
# What cannot be had is known before anything is built.
for board in "${boards[@]}"; do
	scripts/sysroot.sh "${board%-*}" "${board#*-}" >/dev/null ||
		fail "Debian's libraries for $board cannot be had; the reason is above; make release WITHOUT=$board leaves its package out"
done

rm -rf dist "$build"
mkdir -p dist "$build"
for board in "${boards[@]}"; do
	scripts/package.sh "${board#*-}" "${board%-*}" || fail "there is no package for $board; the reason is above"
done

flags=(-trimpath -buildvcs=true -ldflags='-s -w -buildid=' -o "$build/")
go build "${flags[@]}" ./trainer/cmd/canting-trainer
CGO_ENABLED=0 go build "${flags[@]}" ./infer/cmd/canting-bench
version=$(go version -m "$build/canting-bench" | awk '$1 == "mod" { print $3 }')

# archive NAME FILE... packs a program with its papers; the same files give the
# same bytes.
archive() {
	local name=$1 folder=${1}_${version}_linux_amd64
	shift
	install -D -t "$build/$folder" "$build/$name"
	cp -r README.md LICENSE CHANGELOG.md "$@" "$build/$folder/"
	tar -C "$build" --sort=name --owner=0 --group=0 --numeric-owner --mode=go-w --mtime="@$epoch" -c "$folder" |
		gzip -n -9 >"dist/$folder.tar.gz"
}

needs=$(scripts/depends.sh "$build/canting-trainer")
{
	printf 'canting-trainer is for Debian 12 on amd64 and needs OpenCV and OpenBLAS from it:\n\n'
	printf '    apt-get install %s\n\nIts recipes are in configs.\n' "$(sed 's/ ([^)]*)//g; s/ | [^,]*//g; s/,//g' <<<"$needs")"
} >"$build/INSTALL"
install -D -m 644 -t "$build/configs" configs/*.yaml
archive canting-trainer "$build/INSTALL" "$build/configs"
archive canting-bench

# Each bill is made of what the go command wrote into the program.
for program in build/pi/bookworm-arm64/canting "$build/canting-trainer" "$build/canting-bench"; do
	GOFLAGS='' go tool -modfile=scripts/sbom/go.mod cyclonedx-gomod bin -json -noserial -notimestamp -std -version "$version" \
		-output "dist/${program##*/}_$version.cdx.json" "$program"
done
(cd dist && sha256sum -- *.deb *.tar.gz *.json >SHA256SUMS && cat SHA256SUMS)
[ -z "${WITHOUT-}" ] || printf 'release: this one is WITHOUT packages for %s\n' "$WITHOUT" >&2
