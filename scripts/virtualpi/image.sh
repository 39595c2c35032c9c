#!/usr/bin/env bash
# Builds the virtual Pi's disk, kernel and initramfs from Debian's packages:
#
#   scripts/virtualpi/image.sh SUITE DIR     SUITE: bookworm or trixie
#
# into DIR: root.qcow2, a configured arm64 Debian with systemd, a virtual camera's
# kernel module and the libraries that canting's package depends on, but not
# canting; vmlinuz; initrd.img; and initrd-pi3.img and pi3.dtb for -M raspi3b.
# The packages are configured by Debian's own scripts under qemu-user, so it needs
# root and Linux' binfmt_misc. An image that was finished is not built again.
set -euo pipefail
suite=${1:?usage: image.sh bookworm|trixie DIR} out=${2:?usage: image.sh bookworm|trixie DIR}
here=$(realpath "$(dirname "$0")")

fail() {
	printf 'image: %s\n' "$1" >&2
	exit 1
}

case $suite in
bookworm) opencv=406 ;;
trixie) opencv=410 ;;
*) fail "there is no virtual Pi for $suite: bookworm and trixie are what Raspberry Pi OS is built on" ;;
esac
[ "$(id -u)" -eq 0 ] || fail 'run it as root: Debian is installed into a folder with its owners and device nodes'

# What the guest needs to be asked and watched from outside, what docs/raspberry-pi.md
# has a person use there, and what canting's package depends on, so that installing it
# asks no server.
packages=systemd-sysv,udev,kmod,dbus,iproute2,procps,adduser,qemu-guest-agent,v4l-utils,gpiod,curl,strace
packages+=,openssh-server,sudo,psmisc,man-db,bash-completion
for library in core imgproc imgcodecs videoio; do
	packages+=,libopencv-$library$opencv
done

mkdir -p "$out"
out=$(realpath "$out")
recipe=$(sha256sum "$0" "$here/guest/initramfs" | cut -d ' ' -f 1 | sha256sum)
if [ "$recipe" = "$(cat "$out/recipe" 2>/dev/null)" ]; then
	echo "image: $suite is built"
	exit 0
fi
rm -f "$out/recipe"

# debian fills $out/debian with the configured root and the packages of the kernel
# and of the initramfs, unless it has them.
debian() {
	local root=$out/debian/root debs=$out/debian/debs
	[ "$packages" != "$(cat "$out/debian/packages" 2>/dev/null)" ] || return 0
	# Foreign programs run by themselves once the kernel knows qemu-user.
	local binfmt=/proc/sys/fs/binfmt_misc
	[ -e $binfmt/register ] || mount -t binfmt_misc binfmt_misc $binfmt ||
		fail 'binfmt_misc cannot be mounted here (a container without --privileged?), and without it no arm64 program runs'
	[ -e $binfmt/qemu-aarch64 ] || update-binfmts --enable qemu-aarch64
	rm -rf "$out/debian"
	mkdir -p "$debs"
	# The kernel's scripts would build an initramfs under emulation for a quarter
	# of an hour: its package is only unpacked, and the initramfs is our own.
	mmdebstrap --quiet --variant=minbase --mode=root --architectures=arm64 \
		--aptopt='APT::Install-Recommends "false"' \
		--dpkgopt='force-unsafe-io' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-include=/usr/share/man/man1/canting*' \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
		--include="$packages" \
		--customize-hook="cd '$debs' && export APT_CONFIG=\$MMDEBSTRAP_APT_CONFIG &&
			apt-get -q download busybox-static \$(apt-cache depends linux-image-arm64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p')" \
		"$suite" "$root" "deb http://deb.debian.org/debian $suite main"
	printf '%s\n' "$packages" >"$out/debian/packages"
}

# settings are the root's own.
settings() {
	echo pi >"$root/etc/hostname"
	echo '127.0.0.1 localhost pi' >"$root/etc/hosts"
	mkdir -p "$root/usr/share/man/man1" # for canting's pages, the only ones
	printf '[Match]\nType=ether\n[Network]\nDHCP=yes\n' >"$root/etc/systemd/network/ether.network"
	systemctl --quiet --root="$root" enable systemd-networkd
	# Each unit costs an emulated processor seconds: ssh is started by who needs it, and
	# none of the others is looked at. An index of manual pages costs more.
	rm -f "$root/var/lib/man-db/auto-update"
	systemctl --quiet --root="$root" disable ssh
	systemctl --quiet --root="$root" mask getty@tty1 serial-getty@ttyAMA0 systemd-networkd-wait-online e2scrub_reap \
		apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer
}

# with MODULE... prints each module's file and those that it needs, in their order.
with() {
	for module; do
		modprobe --show-depends --ignore-install -d "$work" -S "$version" "$module" || fail "the kernel has no module $module"
	done | sed -n 's/^insmod //p' | awk '!seen[$1]++'
}

# initramfs FILE MODULE... builds one that loads the modules, then the disk.
initramfs() {
	local file=$1 tree=$work/initramfs number=100
	shift
	rm -rf "$tree"
	mkdir -p "$tree"/{bin,modules,proc,sys,dev,disk}
	cp "$(find "$work/kernel" -type f -path '*/bin/busybox')" "$tree/bin/busybox"
	install "$here/guest/initramfs" "$tree/init"
	for module in $(with "$@"); do
		cp "$module" "$tree/modules/$number-${module##*/}"
		number=$((number + 1))
	done
	find "$tree/modules" -name '*.xz' -exec xz --decompress {} +
	(cd "$tree" && find . | LC_ALL=C sort | cpio --quiet -o -H newc | gzip -1) >"$file"
}

debian
root=$out/debian/root
work=$(mktemp -d "$out/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
settings

for deb in "$out"/debian/debs/*.deb; do
	dpkg-deb --extract "$deb" "$work/kernel"
done
modules=$(find "$work/kernel" -path '*lib/modules/*' -prune -name '[0-9]*')
version=${modules##*/}
mkdir -p "$work/lib/modules"
mv "$modules" "$work/lib/modules/"
depmod -b "$work" "$version"
cp "$work"/kernel/boot/vmlinuz-* "$out/vmlinuz"
cp "$work"/kernel/usr/lib/linux-image-*/broadcom/bcm2837-rpi-3-b.dtb "$out/pi3.dtb"

# The root's own modules are those of the camera.
for file in $(with vivid); do
	install -D -m 644 "$file" "$root/usr/lib/modules/$version/${file#"$work/lib/modules/$version/"}"
done
cp "$work/lib/modules/$version"/modules.{builtin,builtin.modinfo,order} "$root/usr/lib/modules/$version/"
depmod -b "$root" "$version"

initramfs "$out/initrd.img" virtio_pci virtio_blk virtio_net virtio_console virtio_rng 9pnet_virtio 9p ext4
initramfs "$out/initrd-pi3.img" bcm2835 sdhci-iproc mmc_block ext4

du -sm "$root" | sed 's/\t.*/ MB installed/' >"$out/size"
mke2fs -q -t ext4 -d "$root" "$work/root.raw" 2G
qemu-img convert -q -O qcow2 "$work/root.raw" "$out/root.qcow2"
printf '%s\n' "$recipe" >"$out/recipe"
echo "image: $suite is built, $(cat "$out/size")"
