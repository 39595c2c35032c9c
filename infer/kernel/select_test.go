package kernel

import (
	"slices"
	"strings"
	"testing"
)

func TestSelect(t *testing.T) {
	t.Setenv(Variable, "")
	best, err := Select("")
	if err != nil || best.Name != Available()[0] {
		t.Errorf("the best set is %q of %v (%v)", best.Name, Available(), err)
	}
	if !slices.Contains(Available(), "generic") {
		t.Errorf("generic does not run among %v", Available())
	}
	if _, err := Select("abacus"); err == nil || !strings.Contains(err.Error(), `no kernel "abacus"`) || !strings.Contains(err.Error(), "generic") {
		t.Errorf("an unknown set gives %v", err)
	}
	t.Setenv(Variable, "generic")
	if s, err := Select("abacus"); err != nil || s.Name != "generic" {
		t.Errorf("%s=generic gives %q (%v)", Variable, s.Name, err)
	}
}
