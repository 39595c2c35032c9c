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

// requireVariable names kernels that have to be tested: one that this program
// or processor lacks is then a failure.
const requireVariable = "CANTING_REQUIRE_KERNEL"

// ran are the sets that went through the table.
var ran []string

func TestMain(m *testing.M) {
	code := m.Run()
	for _, name := range strings.Fields(os.Getenv(requireVariable)) {
		if code == 0 && !slices.Contains(ran, name) {
			fmt.Printf("%s asks for %s, which was not tested here; available are %s\n",
				requireVariable, name, strings.Join(kernel.Available(), ", "))
			code = 1
		}
	}
	fmt.Println("kernels held to plain Go:", strings.Join(ran, ", "))
	os.Exit(code)
}

func TestKernels(t *testing.T) {
	t.Setenv(kernel.Variable, "") // it would go before the names
	for _, name := range kernel.Available() {
		set, err := kernel.Select(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			kerneltest.Run(t, set.Kernels)
			ran = append(ran, set.Name)
		})
	}
}

func FuzzKernels(f *testing.F) {
	set, err := kernel.Select("")
	if err != nil {
		f.Fatal(err)
	}
	kerneltest.Fuzz(f, set.Kernels)
}
