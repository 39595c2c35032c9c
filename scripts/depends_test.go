package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// With the cross compilers installed, the trainer's archive once asked for
// libc6:arm64.
func TestDependsLeavesOutTheLibrariesOfCrossCompilers(t *testing.T) {
	root := t.TempDir()
	info := filepath.Join(root, "var/lib/dpkg/info")
	if err := os.MkdirAll(info, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, line := range map[string]string{
		"libc6-arm64-cross.shlibs": "libc 6 libc6:arm64 (>= 2.36)\n",
		"libc6:amd64.shlibs":       "libc 6 libc6 (>= 2.36)\n",
	} {
		if err := os.WriteFile(filepath.Join(info, name), []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command("./depends.sh", "/bin/true", root)
	command.Stderr = os.Stderr
	printed, err := command.Output()
	if err != nil || string(printed) != "libc6 (>= 2.36)\n" {
		t.Errorf("/bin/true depends on %q (%v)", printed, err)
	}
}
