// Package scripts holds the project's upkeep; its tests hold the project's
// shape: which package may import which, and what lies where.
package scripts

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	module = "canting"
	root   = ".."
)

// mayImport lists, for each folder, the packages of the project that its
// packages may import: a path stands for itself and everything below it. What is
// not listed is forbidden; nothing imports firmware or trainer but themselves.
var mayImport = map[string][]string{
	"infer":    {"infer"},
	"configs":  {"configs"},
	"capture":  {"capture", "infer/metadata"},
	"trainer":  {"trainer", "capture", "infer", "configs"},
	"firmware": {"firmware", "capture", "infer", "configs"},
	"scripts":  {},
}

// owners lists the few packages that may import a library, by the library's path
// or a prefix of it. Each must be imported: a rule about a library that is gone
// holds nothing.
var owners = map[string][]string{
	"gocv.io/x/gocv":         {"capture", "trainer/picture"},
	"github.com/spf13/viper": {"configs"},
	"gorgonia.org":           {"trainer"},
}

// topLevel is all that the repository's root may hold.
var topLevel = []string{
	"firmware", "capture", "infer", "trainer", "configs", "scripts",
	"go.mod", "go.sum", "Makefile", "README.md", "RATIONALE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "docs",
	".ci", ".editorconfig", ".gitattributes", ".gitignore",
}

// vagueNames say nothing about what a package owns.
var vagueNames = []string{"base", "common", "helper", "helpers", "misc", "shared", "util", "utils"}

// listed is what `go list -json` says about a package, as far as used here.
type listed struct {
	ImportPath   string
	Standard     bool
	CgoFiles     []string
	Imports      []string
	TestImports  []string
	XTestImports []string
	Deps         []string
	Error        *struct{ Err string }
}

// folder is the package's path within the module, and "" for others' packages.
func (p listed) folder() string {
	path, _ := strings.CutPrefix(p.ImportPath, module+"/")
	if path == p.ImportPath {
		return ""
	}
	return path
}

// within tells whether a path is one of the trees or lies in one.
func within(path string, trees []string) bool {
	return slices.ContainsFunc(trees, func(tree string) bool {
		return path == tree || strings.HasPrefix(path, tree+"/")
	})
}

// list runs `go list -deps` from the root and returns the packages by path.
func list(t *testing.T, env []string, patterns ...string) map[string]listed {
	t.Helper()
	dependOnSources(t)
	args := append([]string{"list", "-e", "-deps", "-json=ImportPath,Standard,CgoFiles,Imports,TestImports,XTestImports,Deps,Error"}, patterns...)
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	packages := map[string]listed{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("go list's answer: %v", err)
		}
		if p.Error != nil {
			t.Errorf("%s %v: %s", p.ImportPath, env, p.Error.Err)
		}
		packages[p.ImportPath] = p
	}
}

// dependOnSources reads every folder of the module. go test reuses a test's
// verdict until a file that the test itself opened changes, and does not see
// what the go command, run as another process, looks at.
func dependOnSources(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && path != root && slices.Contains([]string{".git", "bin", "build", "dist"}, entry.Name()) {
			return filepath.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestArrows(t *testing.T) {
	for _, p := range list(t, nil, "./...") {
		if p.folder() == "" {
			continue
		}
		top, _, _ := strings.Cut(p.folder(), "/")
		allowed, known := mayImport[top]
		if !known {
			t.Errorf("%s lies in a folder that has no row in mayImport", p.ImportPath)
			continue
		}
		for _, path := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if to := (listed{ImportPath: path}).folder(); to != "" && !within(to, allowed) {
				t.Errorf("%s imports %s; packages in %s may import only %v of the project", p.ImportPath, path, top, allowed)
			}
		}
	}
}

func TestOneOwnerOfEachLibrary(t *testing.T) {
	packages := list(t, nil, "./...")
	for library, allowed := range owners {
		used := false
		for _, p := range packages {
			if p.folder() == "" {
				continue
			}
			for _, path := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
				if !within(path, []string{library}) {
					continue
				}
				used = true
				if !within(p.folder(), allowed) {
					t.Errorf("%s imports %s; only %v may", p.ImportPath, path, allowed)
				}
			}
		}
		if !used {
			t.Errorf("no package imports %s any more; drop its rule", library)
		}
	}
}

// The engine has to build for any board from any machine, so that nothing with
// cgo, and no library of the other folders, may stand behind it.
func TestEngineStandsAlone(t *testing.T) {
	for _, target := range []string{"amd64", "arm64", "arm"} {
		for _, p := range list(t, []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=" + target, "GOARM=7"}, "./infer/...") {
			for library := range owners {
				if within(p.ImportPath, []string{library}) {
					t.Errorf("linux/%s: ./infer/... depends on %s", target, p.ImportPath)
				}
			}
		}
	}
	for _, p := range list(t, []string{"CGO_ENABLED=1"}, "./infer/...") {
		if !p.Standard && len(p.CgoFiles) > 0 {
			t.Errorf("./infer/... depends on %s, which uses cgo", p.ImportPath)
		}
	}
}

// The plain-Go kernels are the specification: they may know nothing of the
// dispatcher and of the kernels that are held to them.
func TestGenericKernelsKnowNoDispatcher(t *testing.T) {
	const generic = module + "/infer/kernel/generic"
	p, ok := list(t, nil, "./infer/kernel/generic")[generic]
	if !ok {
		t.Fatalf("there is no package %s", generic)
	}
	for _, path := range p.Deps {
		if within(path, []string{module + "/infer/kernel"}) {
			t.Errorf("%s depends on %s", generic, path)
		}
	}
}

// What spoils a camera is for tests alone.
func TestNoProductHoldsTheFaultyCamera(t *testing.T) {
	const faulty = module + "/capture/faultycamera"
	packages := list(t, nil, "./...")
	if _, ok := packages[faulty]; !ok {
		t.Fatalf("there is no package %s", faulty)
	}
	for _, p := range packages {
		if slices.Contains(p.Imports, faulty) {
			t.Errorf("%s imports %s outside of its tests", p.ImportPath, faulty)
		}
	}
}

// tracked lists the repository's files, relative to its root.
func tracked(t *testing.T) []string {
	t.Helper()
	dependOnSources(t)
	// A clone that belongs to someone else, as in a container, is read all the same.
	out, err := exec.Command("git", "-c", "safe.directory=*", "-C", root, "ls-files", "-z").Output()
	if err != nil {
		t.Skipf("this is no git checkout, or git is missing: %v", err)
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 })
}

func TestLayout(t *testing.T) {
	for _, file := range tracked(t) {
		top, _, _ := strings.Cut(file, "/")
		if !slices.Contains(topLevel, top) {
			t.Errorf("%s: the top level holds only %v", file, topLevel)
		}
		for _, name := range strings.Split(filepath.Dir(file), "/") {
			if slices.Contains(vagueNames, name) {
				t.Errorf("%s: a folder called %s says nothing; what two packages need belongs to the one that owns its meaning", file, name)
			}
		}
	}
}

// ownPath matches absolute paths into somebody's own folders, which exist on
// that machine alone.
var ownPath = regexp.MustCompile(`(?:^|[^\w./~$}-])(/(?:home|Users|root|work|tmp/bash_jobs)\b/[\w.]+)`)

func TestNoPathsOfOneMachine(t *testing.T) {
	here, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range tracked(t) {
		content, err := os.ReadFile(filepath.Join(root, file))
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed, and the removal is not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(content, 0) >= 0 {
			continue // not text
		}
		for number, line := range bytes.Split(content, []byte("\n")) {
			if bytes.Contains(line, []byte(here+"/")) {
				t.Errorf("%s:%d names this checkout's folder, %s", file, number+1, here)
			}
			if found := ownPath.FindSubmatch(line); found != nil {
				t.Errorf("%s:%d names a path of one machine, %s", file, number+1, found[1])
			}
		}
	}
}
