#!/usr/bin/env bash
# Measures Canting on the board that it runs on, and prints one Markdown table:
# board, clock and throttling, memory, the time of each network with 1 to 4
# threads, the running kiosk's latency and memory, and the temperature after ten
# minutes of work. What the machine does not tell is said in words.
#
#   board-report [--minutes N] [--page URL] [MODEL.tflite or FOLDER ...]
#
# Without models it takes the installed ones. Needs canting-bench; curl for what
# a running kiosk tells; vcgencmd for throttling.
set -euo pipefail
export LC_ALL=C

usage() {
	sed -n '2,/^set/s/^# \{0,1\}//p' "$0"
}

minutes=10 page=http://127.0.0.1:8080 places=()
while [ $# -gt 0 ]; do
	case $1 in
	--minutes) minutes=${2:?--minutes wants a number} && shift 2 ;;
	--page) page=${2:?--page wants an address} && page=${page%/} && shift 2 ;;
	--help | -h) usage && exit 0 ;;
	-*) usage >&2 && exit 2 ;;
	*) places+=("$1") && shift ;;
	esac
done
case $minutes in
*[!0-9]* | '') printf 'board-report: --minutes is "%s"; it is a whole number, and 0 leaves the wait out\n' "$minutes" >&2 && exit 2 ;;
esac
[ ${#places[@]} -gt 0 ] || places=(/usr/share/canting /var/lib/canting/models)

bench=$(command -v canting-bench || true)
[ -n "$bench" ] || [ ! -x bin/canting-bench ] || bench=bin/canting-bench

row() {
	printf '| %s | %s |\n' "$1" "${2:-not told}"
}

# first prints a file's first line, without the zero byte of a device tree.
first() {
	tr -d '\0' 2>/dev/null <"$1" | head -n 1 || true
}

board() {
	local model
	model=$(first /proc/device-tree/model 2>/dev/null)
	[ -n "$model" ] || model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
	printf '%s' "$model"
}

system() {
	# shellcheck source=/dev/null
	(. /etc/os-release && printf '%s, Linux %s %s' "$PRETTY_NAME" "$(uname -r)" "$(uname -m)")
}

clock() {
	local cpu=/sys/devices/system/cpu/cpu0/cpufreq
	if [ -r $cpu/scaling_cur_freq ]; then
		printf '%s MHz of %s MHz, governor %s' "$(($(first $cpu/scaling_cur_freq) / 1000))" \
			"$(($(first $cpu/scaling_max_freq) / 1000))" "$(first $cpu/scaling_governor)"
	fi
}

# throttled spells out what a Raspberry Pi's firmware says: the low bits are now,
# bits 16 and up since the start.
# https://www.raspberrypi.com/documentation/computers/os.html#vcgencmd
throttled() {
	local bits name shift=0 found=()
	command -v vcgencmd >/dev/null || return 0
	bits=$(vcgencmd get_throttled 2>/dev/null | sed -n 's/^throttled=\(0x[0-9a-fA-F]*\)$/\1/p')
	[ -n "$bits" ] || return 0
	for name in 'too little voltage' 'clock capped' 'throttled' 'soft temperature limit'; do
		[ $((bits >> shift & 1)) -eq 0 ] || found+=("$name now")
		[ $((bits >> (shift + 16) & 1)) -eq 0 ] || found+=("$name since the start")
		shift=$((shift + 1))
	done
	[ ${#found[@]} -gt 0 ] || found=(no)
	printf '%s' "$(printf '%s, ' "${found[@]}" | sed 's/, $//') ($bits)"
}

# temperature is that of the warmest zone.
temperature() {
	local zone warmest=
	for zone in /sys/class/thermal/thermal_zone*/temp; do
		zone=$(cat "$zone" 2>/dev/null) || continue
		[ -n "$warmest" ] && [ "$zone" -le "$warmest" ] || warmest=$zone
	done
	[ -z "$warmest" ] || printf '%s.%s °C' $((warmest / 1000)) $((warmest % 1000 / 100))
}

networks() {
	local place
	for place in "${places[@]}"; do
		find -L "$place" -name '*.tflite' -type f -readable 2>/dev/null || true
	done | sort -u
}

# field NAME prints a value of canting-bench's JSON.
field() {
	sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"
}

times() {
	local model=$1 threads told medians=()
	for threads in 1 2 3 4; do
		[ "$threads" -le "$(nproc)" ] || continue
		told=$("$bench" --model "$model" --threads "$threads" --json 2>&1) || {
			row "$(basename "$model")" "canting-bench: ${told##*: }"
			return
		}
		medians+=("$(field median_us <<<"$told" | awk '{ printf "%.2f", $1 / 1000 }')")
	done
	row "$(basename "$model"), ms an inference by 1 to ${#medians[@]} threads, kernel $(field kernel <<<"$told")" \
		"$(printf '%s, ' "${medians[@]}" | sed 's/, $//')"
}

ask() {
	curl --silent --show-error --fail --max-time 5 "$page$1" 2>/dev/null
}

# milliseconds NAME METRICS prints the first metric whose name begins so.
milliseconds() {
	awk -v name="$1" 'index($1, name) == 1 && $2 == $2 + 0 { printf "%.1f", $2 * 1000; exit }' <<<"$2"
}

kiosk() {
	local metrics latency processes
	processes=$(pgrep -x canting | paste -sd ,) || true
	row "memory of the kiosk's processes (PSS), MiB" "${processes:+$(memory "$processes")}"
	if ! command -v curl >/dev/null; then
		row 'the running kiosk' 'not asked: there is no curl'
	elif ! metrics=$(ask /metrics); then
		row 'the running kiosk' "none answers at $page"
	else
		latency=$(milliseconds 'canting_label_age_seconds{quantile="0.5"' "$metrics")
		row 'camera to label, ms, median and 0.9 quantile' \
			"${latency:+$latency, $(milliseconds 'canting_label_age_seconds{quantile="0.9"' "$metrics")}"
		row 'frames a second' "$(awk '$1 == "canting_camera_frames_per_second" { printf "%.1f", $2 }' <<<"$metrics")"
	fi
}

# memory adds up processes' shares of the memory that they use.
memory() {
	local process total=0 share
	for process in ${1//,/ }; do
		share=$(awk '$1 == "Pss:" { print $2 }' "/proc/$process/smaps_rollup" 2>/dev/null) || continue
		total=$((total + ${share:-0}))
	done
	[ "$total" -eq 0 ] || printf '%s' $((total / 1024))
}

# work keeps the board busy: the kiosk does while it runs, else canting-bench on
# every core.
work() {
	local end=$((SECONDS + minutes * 60)) model
	model=$(networks | head -n 1)
	while [ "$SECONDS" -lt "$end" ]; do
		if [ -n "$bench" ] && [ -n "$model" ] && ! ask /readyz >/dev/null; then
			"$bench" --model "$model" --threads "$(nproc)" --runs 500 >/dev/null || sleep 5
		else
			sleep 5
		fi
	done
}

printf '| | %s |\n|---|---|\n' "$(date -u +%Y-%m-%d)"
row board "$(board)"
row system "$(system)"
row 'cores' "$(nproc)"
row 'clock' "$(clock)"
row 'memory, MiB in all and free' "$(awk '$1 == "MemTotal:" { all = $2 } $1 == "MemAvailable:" { free = $2 } END { printf "%d, %d", all / 1024, free / 1024 }' /proc/meminfo)"
row 'Canting' "$(canting version 2>/dev/null || bin/canting version 2>/dev/null || true)"
row 'temperature before' "$(temperature)"
if [ -z "$bench" ]; then
	row 'networks' 'not timed: there is no canting-bench'
elif [ -z "$(networks)" ]; then
	row 'networks' "there is none in ${places[*]}"
else
	networks | while read -r model; do times "$model"; done
fi
work
kiosk
row "clock after $minutes minutes" "$(clock)"
row "temperature after $minutes minutes" "$(temperature)"
row 'held back' "$(throttled)"
