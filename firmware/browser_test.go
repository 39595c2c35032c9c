package firmware

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"canting/configs"
)

const (
	// screenshots are written here for a person to look at.
	screenshots = "../build/screenshots"
	// axeCore is installed by `make axe`. The page itself never loads it.
	axeCore = "../build/axe/axe.min.js"
)

// screen is what the page must fit.
type screen struct {
	name          string
	width, height int
}

var screens = []screen{{"kiosk-800x480", 800, 480}, {"phone-390x844", 390, 844}, {"wall-1920x1080", 1920, 1080}}

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
	ctx, cancel := context.WithTimeout(tab, 5*time.Minute)
	t.Cleanup(cancel)
	b.ctx = ctx
	return b
}

// resize makes the page as large as a screen.
func (b *browser) resize(s screen) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(int64(s.width), int64(s.height)))
	b.wait(s.name, fmt.Sprintf(`innerWidth === %d && innerHeight === %d`, s.width, s.height))
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// evaluate is the value of a JavaScript expression, or of the promise that it is.
func evaluate[T any](b *browser, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// wait waits until a JavaScript expression holds.
func (b *browser) wait(what, expression string) {
	b.t.Helper()
	for began := time.Now(); !evaluate[bool](b, expression); time.Sleep(30 * time.Millisecond) {
		if time.Since(began) > time.Minute {
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
	quickly := true // a wall's screen takes half a second otherwise
	shot, err := chromedp.Call(b.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{OptimizeForSpeed: &quickly})
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.MkdirAll(screenshots, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(screenshots, name+".png"), shot.Data, 0o644); err != nil {
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
	hidden := evaluate[string](b, `[...document.querySelectorAll("#hint, #label, #invitation, #panel, article, header, footer")].filter((e) => e.offsetParent && e.scrollHeight > e.clientHeight + 1)
		.map((e) => e.id || e.tagName).join(" ")`)
	hidden += evaluate[string](b, `[...document.querySelectorAll("#panel, article")].filter((e) => e.offsetParent &&
		e.lastElementChild.getBoundingClientRect().bottom > e.getBoundingClientRect().bottom - parseFloat(getComputedStyle(e).paddingBottom) + 1)
		.map((e) => " the end of " + (e.id || e.tagName)).join("")`)
	if hidden != "" {
		b.t.Errorf("text is cut off in: %s", hidden)
	}
}

// checkAccessible holds WCAG 2.2 AA, as far as a program can tell.
func (b *browser) checkAccessible() {
	b.t.Helper()
	for _, violation := range b.violations() {
		b.t.Errorf("%s: %s", evaluate[string](b, `document.body.dataset.view + " in " + document.documentElement.lang`), violation)
	}
}

// violations are what axe-core finds, none if it is not installed.
func (b *browser) violations() []string {
	b.t.Helper()
	axe, err := os.ReadFile(axeCore)
	if err != nil {
		b.t.Log("axe-core is not installed, so accessibility is not checked; `make axe` installs it")
		return nil
	}
	// The page's policy refuses foreign scripts; the debugger is not the page.
	if !evaluate[bool](b, `typeof axe === "object"`) {
		evaluate[bool](b, string(axe)+";\ntrue")
	}
	// On a picture axe-core tells no contrast. The faint patterns of the
	// background are pictures to it, so it looks at the cloth without them.
	return evaluate[[]string](b, `(() => {
		const plain = new CSSStyleSheet();
		plain.replaceSync("*, *::before { background-image: none !important }");
		document.adoptedStyleSheets = [plain];
		return axe.run(document, {
			runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
			rules: {"target-size": {enabled: true}},
		});
	})().then(({violations}) => {
		document.adoptedStyleSheets = [];
		return violations.flatMap(({id, help, nodes}) => nodes.map((n) => id + ": " + help + ": " + n.html + " " + n.failureSummary));
	})`)
}

// language touches one of the page's three buttons.
func (b *browser) language(code string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`button[data-language=%q]`, code))))
	b.wait("the language", fmt.Sprintf(`document.documentElement.lang === %q`, code))
}

// check holds what every view promises, and takes its picture.
func (b *browser) check(name string) {
	b.t.Helper()
	b.checkLayout()
	b.checkAccessible()
	b.screenshot(name)
}

// checkEverywhere holds what a view promises, and more, on each screen in each
// language, and takes its picture on each screen, each in another language.
func (b *browser) checkEverywhere(view string, more func(language string)) {
	b.t.Helper()
	for i, screen := range screens {
		b.resize(screen)
		for j, language := range configs.Languages {
			b.language(language)
			more(language)
			b.checkLayout()
			b.checkAccessible()
			if i == j {
				b.screenshot(screen.name + "-" + view + "-" + language)
			}
		}
	}
}

// text is what an element says.
func (b *browser) text(id string) string {
	b.t.Helper()
	return evaluate[string](b, fmt.Sprintf(`document.getElementById(%q).innerText`, id))
}

// motif writes a name and a story into the page as the open verdict's.
func (b *browser) motif(name, story string) {
	b.t.Helper()
	said, err := json.Marshal([]string{name, story})
	if err != nil {
		b.t.Fatal(err)
	}
	evaluate[bool](b, fmt.Sprintf(`(() => { [document.getElementById("verdict-name").textContent, document.getElementById("story").textContent] = %s; return true })()`, said))
}
