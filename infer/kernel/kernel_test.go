package kernel_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"canting/infer/kernel"
	"canting/infer/kernel/kerneltest"
)

// requireVariable names kernels that have to be tested: one that this processor
// does not run is then a failure.
const requireVariable = "CANTING_REQUIRE_KERNEL"

// held are the sets that the table has gone over.
var held []string

func TestMain(m *testing.M) {
	code := m.Run()
	for _, name := range strings.Fields(os.Getenv(requireVariable)) {
		if code == 0 && !slices.Contains(held, name) {
			fmt.Printf("FAIL: %s asks for %s, which was not tested here\n", requireVariable, name)
			code = 1
		}
	}
	fmt.Println("kernels held to plain Go:", strings.Join(held, ", "))
	os.Exit(code)
}

func TestKernels(t *testing.T) {
	t.Setenv(kernel.Variable, "") // it would go before the names
	for _, name := range kernel.Names() {
		t.Run(name, func(t *testing.T) {
			set, err := kernel.Select(name)
			if err != nil {
				t.Skip(err)
			}
			kerneltest.Run(t, set.Kernels)
			held = append(held, name)
		})
	}
}

// CANTING_KERNEL chooses the set that is fuzzed.
func FuzzKernels(f *testing.F) {
	set, err := kernel.Select("")
	if err != nil {
		f.Fatal(err)
	}
	kerneltest.Fuzz(f, set.Kernels)
}
