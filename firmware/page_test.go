package firmware

import (
	"fmt"
	"strings"
	"testing"

	"canting/configs"
	"canting/firmware/store"
)

// The page has a sentence for every reason in every language.
func TestEveryReasonHasItsSentences(t *testing.T) {
	words, err := pageFiles.ReadFile("page/words.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, reason := range []store.Reason{
		store.Unread, store.TooLarge, store.Truncated, store.Altered, store.Unsigned, store.WrongKey, store.NoVersion, store.Older, store.Crashed,
		unsupported, wrongInput, wrongGolden, tooHungry, tooSlow, failed, wrongConfiguration, rolledBack,
	} {
		if n := strings.Count(string(words), fmt.Sprintf("\n      %s: \"", reason)); n != len(configs.Languages) {
			t.Errorf("words.js has %d sentences for %s, want %d", n, reason, len(configs.Languages))
		}
	}
}
