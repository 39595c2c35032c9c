package firmware

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"canting/configs"
)

// screenshots are written here for a person to look at.
const screenshots = "../build/screenshots"

// browser is a tab of a real Chromium.
type browser struct {
	t   testing.TB
	ctx context.Context
}

func openBrowser(t testing.TB, width, height int) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium on this machine: the page is not tested (scripts/setup.sh test installs it)")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(width, height),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("no-proxy-server", true),
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	tab, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(closeTab)
	b := &browser{t, tab}
	// The first call starts the browser, which a deadline here would kill.
	b.do(chromedp.EmulateViewport(int64(width), int64(height)))
	ctx, cancel := context.WithTimeout(tab, 40*time.Second)
	t.Cleanup(cancel)
	b.ctx = ctx
	return b
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func evaluate[T any](b *browser, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// wait waits until a JavaScript expression holds.
func (b *browser) wait(what, expression string) {
	b.t.Helper()
	for began := time.Now(); !evaluate[bool](b, expression); time.Sleep(30 * time.Millisecond) {
		if time.Since(began) > 12*time.Second {
			b.screenshot("failed")
			b.t.Fatalf("%s: %s did not come to hold; the page says %q", what, expression, evaluate[string](b, "document.body.innerText"))
		}
	}
}

func (b *browser) waitView(view string) {
	b.t.Helper()
	b.wait(view, fmt.Sprintf(`document.body.dataset.view === %q`, view))
}

func (b *browser) screenshot(name string) {
	b.t.Helper()
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.MkdirAll(screenshots, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(screenshots, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// pictureSum is a number that differs from live picture to live picture.
const pictureSum = `(() => {
	const picture = document.getElementById("picture"), canvas = document.createElement("canvas");
	if (!picture.naturalWidth) return 0;
	canvas.width = 64; canvas.height = 48;
	const context = canvas.getContext("2d");
	context.drawImage(picture, 0, 0, 64, 48);
	return context.getImageData(0, 0, 64, 48).data.reduce((sum, v, i) => (sum * 31 + v) % 1000003, 7);
})()`

// checkLayout holds what both sizes promise: nothing overflows, and everything
// that is touched is at least 44 px large.
func (b *browser) checkLayout() {
	b.t.Helper()
	if evaluate[bool](b, `document.documentElement.scrollWidth > innerWidth || document.documentElement.scrollHeight > innerHeight`) {
		b.t.Error("the page is larger than the screen")
	}
	small := evaluate[string](b, `[...document.querySelectorAll("button")].filter((e) => e.offsetParent)
		.map((e) => [e.textContent.trim(), e.getBoundingClientRect()])
		.filter(([, r]) => r.width < 44 || r.height < 44 || r.left < 0 || r.right > innerWidth || r.bottom > innerHeight)
		.map(([text, r]) => text + " " + Math.round(r.width) + "x" + Math.round(r.height) + " at " + Math.round(r.left) + "," + Math.round(r.top)).join("; ")`)
	if small != "" {
		b.t.Errorf("buttons too small or off the screen: %s", small)
	}
	hidden := evaluate[string](b, `[...document.querySelectorAll("#hint, #label, article")].filter((e) => e.offsetParent && e.scrollHeight > e.clientHeight + 1)
		.map((e) => e.id || e.tagName).join(" ")`)
	if hidden != "" {
		b.t.Errorf("text is cut off in: %s", hidden)
	}
}

// checkEveryStoryFits puts each motif's name and story into the open verdict and
// measures it at once: the next event draws the page anew.
func (b *browser) checkEveryStoryFits() {
	b.t.Helper()
	for _, motif := range configs.DefaultMotifs().List {
		for i, name := range []string{motif.Name.ID, motif.Name.EN, motif.Name.Min} {
			story := []string{motif.Story.ID, motif.Story.EN, motif.Story.Min}[i]
			over := evaluate[float64](b, fmt.Sprintf(`(() => {
				document.getElementById("verdict-name").textContent = %q;
				document.getElementById("story").textContent = %q;
				document.getElementById("others").textContent = "It might also be: Rumah Gadang (the great house) 38 %%, Kabau Padati (the buffalo cart) 12 %%";
				const article = document.querySelector("article");
				return article.scrollHeight - article.clientHeight;
			})()`, name, story))
			if over > 0 {
				b.t.Errorf("the story of %s in %s is %.0f px too long for the screen", motif.Label, configs.Languages[i], over)
			}
		}
	}
}

// A visit: the picture moves, the label shows, a press gives the verdict and
// its story, in three languages.
func TestVisit(t *testing.T) {
	for _, screen := range []struct {
		name          string
		width, height int
		press         func(*browser)
	}{
		{"kiosk-800x480", 800, 480, func(b *browser) { b.do(chromedp.KeyEvent(" ")) }},
		{"phone-390x844", 390, 844, func(b *browser) { b.do(chromedp.Click(chromedp.ID("shutter"))) }},
	} {
		t.Run(screen.name, func(t *testing.T) {
			url := startKiosk(t, fmt.Sprintf("model: %s\nmodels: {allow_unsigned: true}\ncamera: {source: demo, hold: 1s}\n", testModel(t, nil)))
			b := openBrowser(t, screen.width, screen.height)
			b.do(chromedp.Navigate(url + "/"))
			b.waitView("live")
			b.wait("the label", `document.getElementById("name").textContent !== "" && document.getElementById("percent").textContent.endsWith("%")`)
			b.wait("the picture", pictureSum+` !== 0`)
			first := evaluate[float64](b, pictureSum)
			b.wait("the moving picture", fmt.Sprintf(`%s !== %.0f`, pictureSum, first))
			if !evaluate[bool](b, `document.getElementById("demo").offsetParent !== null`) {
				t.Error("the page does not say that it is a demonstration")
			}
			b.checkLayout()
			b.screenshot(screen.name + "-live")

			screen.press(b)
			b.waitView("verdict")
			s := stateOf(t, url)
			if s.Verdict == nil {
				t.Fatal("the page shows a verdict that the kiosk does not hold")
			}
			v := s.Verdict
			for _, language := range []struct{ id, name, story string }{
				{"en", v.Name.EN, v.Story.EN}, {"min", v.Name.Min, v.Story.Min}, {"id", v.Name.ID, v.Story.ID},
			} {
				b.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`button[data-language="%s"]`, language.id))))
				text := evaluate[string](b, `document.getElementById("verdict").innerText`)
				percent := fmt.Sprintf("%d %%", int(v.Confidence*100))
				for _, want := range []string{language.name, language.story, percent} {
					if want == "" || !strings.Contains(text, want) {
						t.Errorf("in %s the verdict %q lacks %q", language.id, text, want)
					}
				}
				if lang := evaluate[string](b, `document.documentElement.lang`); lang != language.id {
					t.Errorf("the page's lang is %q, want %q", lang, language.id)
				}
				if said := evaluate[string](b, `document.getElementById("said").textContent`); !strings.Contains(said, language.name) {
					t.Errorf("a screen reader hears %q, want the motif %q", said, language.name)
				}
				b.checkLayout()
				b.screenshot(screen.name + "-verdict-" + language.id)
			}
			b.checkEveryStoryFits()
			b.wait("the verdict's picture", `document.getElementById("taken").naturalWidth > 0`)

			b.do(chromedp.KeyEvent("\r")) // back to the live picture
			b.waitView("live")
			b.do(chromedp.KeyEvent("\r")) // and once more
			b.waitView("verdict")
			if next := stateOf(t, url).Verdict; next == nil || next.ID == v.ID {
				t.Error("the second press did not give a verdict of its own")
			}
			b.do(chromedp.Click(chromedp.ID("again")))
			b.waitView("live")
		})
	}
}

// A cloth that the model does not know is never given a name.
func TestUnknownClothOnThePage(t *testing.T) {
	t.Parallel()
	const above = 1 // no probability of an int8 model reaches it
	url := startKiosk(t, fmt.Sprintf("model: %s\nmodels: {allow_unsigned: true}\nlanguage: en\ncamera: {source: demo}\n", testModelThatDoubts(t, above, nil)))
	b := openBrowser(t, 800, 480)
	b.do(chromedp.Navigate(url + "/"))
	b.waitView("live")
	b.wait("the label", `document.getElementById("name").textContent === "Not known yet"`)
	b.do(chromedp.KeyEvent(" "))
	b.waitView("verdict")
	v := stateOf(t, url).Verdict
	if v == nil || !v.Unknown || v.Story.EN != "" {
		t.Fatalf("the verdict is %+v", v)
	}
	if name := evaluate[string](b, `document.getElementById("verdict-name").textContent`); name != "Not known yet" {
		t.Errorf("the page calls it %q", name)
	}
	if story := evaluate[string](b, `document.getElementById("story").textContent`); !strings.Contains(story, "Move closer") {
		t.Errorf("the page advises %q", story)
	}
	if text := evaluate[string](b, `document.getElementById("verdict").innerText`); strings.ContainsAny(text, "%") || strings.Contains(text, "Burung") {
		t.Errorf("the page guesses: %q", text)
	}
	b.checkLayout()
	b.screenshot("kiosk-800x480-unknown")
}

// A lost camera takes the label off the screen.
func TestLostCameraOnThePage(t *testing.T) {
	t.Parallel()
	url := startKiosk(t, "camera: {source: v4l2, device: /dev/video-absent}\n")
	for _, screen := range []struct {
		name          string
		width, height int64
	}{{"kiosk-800x480", 800, 480}, {"phone-390x844", 390, 844}} {
		b := openBrowser(t, int(screen.width), int(screen.height))
		b.do(chromedp.Navigate(url + "/"))
		b.wait("the notice", `["starting", "lost"].includes(document.body.dataset.view) && document.getElementById("notice-title").textContent !== ""`)
		if !evaluate[bool](b, `getComputedStyle(document.getElementById("label")).visibility === "hidden" && document.getElementById("shutter").disabled`) {
			t.Error("a label or the shutter is offered without a camera")
		}
		b.checkLayout()
		b.screenshot(screen.name + "-" + evaluate[string](b, `document.body.dataset.view`))
	}
}

// A model that is refused is told to the staff, in every language, beside the
// live picture that goes on.
func TestRefusedModelOnThePage(t *testing.T) {
	t.Parallel()
	text := fmt.Sprintf("models: {keys: [%s]}\ncamera: {source: demo}\nlanguage: en\n", newSigner(t).public)
	url, config := startKioskAt(t, text)
	b := openBrowser(t, 800, 480)
	b.do(chromedp.Navigate(url + "/"))
	b.waitView("live")
	if shown := evaluate[bool](b, `!document.getElementById("staff").hidden`); shown {
		t.Error("the staff is told something of a kiosk that is well")
	}
	saveByRename(t, config, text+"model: "+testModelOf(t, misnamed(t), 0.4, nil)+"\n")
	b.wait("the refusal", `document.getElementById("staff").textContent.includes("no signature")`)
	for language, want := range map[string]string{"id": "tanda tangan", "min": "tando tangan", "en": "no signature"} {
		b.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`button[data-language="%s"]`, language))))
		b.wait(language, fmt.Sprintf(`document.getElementById("staff").offsetParent && document.getElementById("staff").textContent.includes(%q)`, want))
	}
	b.checkLayout()
	b.screenshot("kiosk-800x480-refused")
	saveByRename(t, config, text)
	b.wait("the end of the notice", `document.getElementById("staff").hidden`)
}

// The demonstration takes unsigned models, and the page says so.
func TestPageSaysThatUnsignedModelsAreTaken(t *testing.T) {
	t.Parallel()
	url := startKiosk(t, "")
	b := openBrowser(t, 390, 844)
	b.do(chromedp.Navigate(url + "/"))
	b.waitView("live")
	b.wait("the notice", `document.getElementById("staff").offsetParent && document.getElementById("staff").textContent.includes("tanda tangan")`)
	b.checkLayout()
	b.screenshot("phone-390x844-unsigned")
}
