package main

import (
	"context"
	"fmt"
	"strings"
)

// bounds is what the kernel holds the kiosk to, seen from within its control group
// and its mounts, whatever the unit's file says.
const bounds = `set -eu
fail() { echo "$1" >&2; exit 1; }
pid=$(systemctl show --value -p MainPID canting)
group=/sys/fs/cgroup/system.slice/canting.service
has() { grep -qx "$1:[[:space:]]*$2" /proc/$pid/status || fail "/proc/$pid/status has no $1 $2: $(grep "^$1:" /proc/$pid/status)"; }
has NoNewPrivs 1
has CapEff 0000000000000000
has CapBnd 0000000000000000
has Seccomp 2
inside() { nsenter --target $pid --mount -- "$@" 2>/dev/null; }
for folder in / /etc/canting /usr/bin /boot /var/cache; do
	! inside touch $folder/written || fail "the kiosk can write to $folder"
done
inside touch /var/lib/canting/models/written && rm /var/lib/canting/models/written || fail 'the kiosk cannot write to its models'
[ "$(inside ls -A /home | wc -l)" = 0 ] || fail 'the kiosk sees /home'
opens() { sh -c "echo \$\$ >$group/cgroup.procs; exec 3<$1" 2>/dev/null; }
for device in /dev/vda /dev/mem /dev/rtc0; do
	[ -e $device ] || fail "there is no $device"
	! opens $device || fail "the kiosk may open $device"
done
for device in /dev/video0 /dev/gpiochip0; do
	opens $device || fail "the kiosk may not open $device"
done
# What leaks is ended, and the kiosk is not.
! sh -c "echo \$\$ >$group/cgroup.procs; head -c 600M /dev/zero | tail -c 600M >/dev/null" 2>/dev/null || fail 'the kiosk may take 600 MiB'
grep -q 'oom_kill [1-9]' $group/memory.events || fail "what took the memory was not ended for it: $(cat $group/memory.events)"
[ "$(systemctl show --value -p MainPID canting)" = "$pid" ] || fail 'the kiosk was ended for what another process took'
echo "groups $(id -Gn canting); $(($(cat $group/memory.max) >> 20)) MiB at most; exposure $(systemd-analyze security --no-pager canting | sed -n 's/.*exposure level.*: \([0-9.]*\).*/\1/p') by systemd-analyze"`

// confined holds the running kiosk to its unit: a user without powers who writes
// to the models alone, opens the camera and the pins alone, and whose memory ends.
func confined(ctx context.Context, b *bench) (string, error) {
	told, err := b.machine.run(ctx, bounds)
	if err != nil {
		return "", err
	}
	for _, group := range []string{"canting", "video", "gpio"} {
		if !strings.Contains(told, " "+group) {
			return "", fmt.Errorf("the user canting is not in the group %s: %s", group, told)
		}
	}
	_, _, err = b.machine.kiosk.await(ctx, "a label after a leak", live)
	return strings.TrimSpace(told) + "; writes, devices and a leak as the unit has it", err
}
