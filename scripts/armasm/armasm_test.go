package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func needBinutils(t *testing.T) {
	t.Helper()
	for _, program := range []string{assembler, disassembler} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%v: nothing checks the arm64 kernels' words here; install Debian's binutils-aarch64-linux-gnu", err)
		}
	}
}

// sources are all files that this program translates.
func sources(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("../../infer/kernel/*/*.asm")
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatal("there is no .asm file under infer/kernel any more")
	}
	return paths
}

func TestGeneratedFilesAreUpToDate(t *testing.T) {
	needBinutils(t)
	for _, path := range sources(t) {
		if err := run(path, true); err != nil {
			t.Error(err)
		}
	}
}

// What binutils reads in every word of the checked-in files is what stands
// beside it, whatever the sources say.
func TestWordsMeanWhatIsWrittenBesideThem(t *testing.T) {
	needBinutils(t)
	for _, path := range sources(t) {
		output, err := outputPath(path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(output)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := checkWords(t.TempDir(), string(text)); err != nil {
			t.Errorf("%s: %v", output, err)
		} else {
			t.Logf("%s: %d instructions", output, n)
		}
	}
}

var (
	wordLine  = regexp.MustCompile(`^\tWORD \$0x([0-9a-f]{8}) // (.*)$`)
	labelLine = regexp.MustCompile(`^// (.*):$`)
)

const ret = 0xd65f03c0

// checkWords disassembles the words of a Go assembler file and compares them
// with their comments; it returns their number.
func checkWords(dir, text string) (int, error) {
	var code []byte
	var written []string
	labels := map[string]uint64{}
	for _, line := range strings.Split(text, "\n") {
		if m := labelLine.FindStringSubmatch(line); m != nil {
			labels[m[1]] = uint64(len(code))
		}
		if line == "\tRET" {
			code, written = binary.LittleEndian.AppendUint32(code, ret), append(written, "ret")
		}
		if m := wordLine.FindStringSubmatch(line); m != nil {
			w, err := strconv.ParseUint(m[1], 16, 32)
			if err != nil {
				return 0, err
			}
			code, written = binary.LittleEndian.AppendUint32(code, uint32(w)), append(written, m[2])
		}
	}
	raw := filepath.Join(dir, "code.bin")
	if err := os.WriteFile(raw, code, 0o600); err != nil {
		return 0, err
	}
	listing, err := command(disassembler, "-D", "-z", "-b", "binary", "-m", "aarch64", raw)
	if err != nil {
		return 0, err
	}
	read, _, err := parseListing(listing)
	if err != nil {
		return 0, err
	}
	if len(read) != len(written) {
		return 0, fmt.Errorf("%d instructions are written, %d read", len(written), len(read))
	}
	for i, in := range read {
		want := written[i]
		if in.isBranch() {
			at := strings.LastIndexAny(want, " ") + 1
			target, ok := labels[want[at:]]
			if !ok {
				return 0, fmt.Errorf("instruction %d, %q, has no label", i, want)
			}
			want = want[:at] + fmt.Sprintf("0x%x", target)
		}
		if in.text != want {
			return 0, fmt.Errorf("instruction %d says %q and is %q", i, want, in.text)
		}
	}
	return len(read), nil
}

func (in *instruction) isBranch() bool {
	return branch.MatchString(strings.Replace(in.text, " ", "\t", 1))
}

const sound = `// At the top.
.arch armv8.2-a+dotprod

// Sums up.
//func total(sum *int32, of *int8, blocks int)
total:
	movi v0.4s, #0
	movi v1.16b, #1
loop:
	ld1 {v2.16b}, [x1], #16
	subs x2, x2, #1
	sdot v0.4s, v1.16b, v2.16b
	b.ne loop
	addv s0, v0.4s
	str s0, [x0]
	ret
`

func write(t *testing.T, source string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kernel.asm")
	if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestGenerate(t *testing.T) {
	needBinutils(t)
	out, err := generate(write(t, sound))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"// At the top.\n\n#include \"textflag.h\"\n\n// Sums up.\n",
		"TEXT ·total(SB), NOSPLIT, $0-24\n\tMOVD sum+0(FP), R0\n\tMOVD of+8(FP), R1\n\tMOVD blocks+16(FP), R2\n",
		"\tWORD $0x4e829420 // sdot v0.4s, v1.16b, v2.16b\n",
		"\n// loop:\n",
		"// b.ne loop\n",
		"\tRET\n",
	} {
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("there is no %q in\n%s", want, out)
		}
	}
	if _, err := checkWords(t.TempDir(), string(out)); err != nil {
		t.Error(err)
	}
	for _, change := range [][2]string{{"0x4e829420", "0x4e839420"}, {"// b.ne loop", "// b.eq loop"}, {"\n// loop:\n", "\n"}} {
		if _, err := checkWords(t.TempDir(), strings.Replace(string(out), change[0], change[1], 1)); err == nil {
			t.Errorf("%q for %q went unnoticed", change[1], change[0])
		}
	}
}

func TestGenerateRefuses(t *testing.T) {
	needBinutils(t)
	for name, change := range map[string][2]string{
		"another's register": {"subs x2, x2, #1", "subs x28, x2, #1"},
		"the stack":          {"str s0, [x0]", "str s0, [sp, #-16]!"},
		"a call":             {"movi v0.4s, #0", "bl loop"},
		"another's symbol":   {"movi v0.4s, #0", "b elsewhere"},
		"no end":             {"\tret\n", ""},
		"no label":           {"total:\n", ""},
		"a result":           {"blocks int)", "blocks int) int"},
		"a short argument":   {"blocks int)", "blocks int32)"},
		"no instruction":     {"movi v0.4s, #0", "move v0, #0"},
	} {
		if _, err := generate(write(t, strings.Replace(sound, change[0], change[1], 1))); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
