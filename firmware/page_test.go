package firmware

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"canting/capture"
	"canting/capture/faultycamera"
	"canting/configs"
	"canting/firmware/store"
)

// pageConfig is the demonstration's model, whose verdicts stand until they are
// sent away.
const pageConfig = "models: {allow_unsigned: true}\nshutter: {hold: 10m}\n"

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

// What is said in one language is said in the others.
func TestEveryLanguageHasTheSameWords(t *testing.T) {
	t.Parallel()
	b := openBrowser(t, 800, 480)
	b.do(chromedp.Navigate(startKiosk(t, "") + "/"))
	keys := evaluate[map[string]string](b, `import("/words.js").then(({words}) => {
		const shape = (v) => typeof v === "string" ? (v.trim() ? "text" : "nothing") : Object.entries(v).map(([k, w]) => k + "(" + shape(w) + ")").sort().join(" ");
		return Object.fromEntries(Object.entries(words).map(([language, v]) => [language, shape(v)]));
	})`)
	for _, language := range configs.Languages {
		if keys[language] != keys["id"] || strings.Contains(keys[language], "nothing") {
			t.Errorf("words.js says in %s\n%s\nand in id\n%s", language, keys[language], keys["id"])
		}
	}
}

// The checks of accessibility find what is wrong.
func TestAccessibilityIsChecked(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(axeCore); err != nil {
		t.Skip("axe-core is not installed; `make axe` installs it")
	}
	b := openBrowser(t, 800, 480)
	b.do(chromedp.Navigate(startKiosk(t, "") + "/"))
	b.waitView("live")
	evaluate[bool](b, `(() => {
		document.getElementById("hint").style.color = "#e0d0b0";
		document.getElementById("shutter").replaceChildren();
		return true;
	})()`)
	found := strings.Join(b.violations(), "\n")
	for _, rule := range []string{"color-contrast", "button-name"} {
		if !strings.Contains(found, rule) {
			t.Errorf("%s was not found, only %q", rule, found)
		}
	}
}

// A visit: the picture moves, the label shows, a press gives the verdict and
// its story, in three languages.
func TestVisit(t *testing.T) {
	for _, screen := range screens {
		t.Run(screen.name, func(t *testing.T) {
			url := startKiosk(t, pageConfig+"camera: {source: demo, hold: 1s}")
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
			for _, language := range configs.Languages {
				b.language(language)
				b.check(screen.name + "-live-" + language)
			}

			v := b.pressUntilNamed(url)
			b.wait("the verdict's picture", `document.getElementById("taken").naturalWidth > 0`)
			for _, language := range configs.Languages {
				b.language(language)
				b.checkVerdict(v, language)
				b.check(screen.name + "-verdict-" + language)
			}
			b.checkHeat(v, stateOf(t, url).Camera.Crop)
			b.checkEveryStoryFits()

			b.do(chromedp.KeyEvent("\r")) // back to the live picture
			b.waitView("live")
			b.do(chromedp.KeyEvent("\r")) // and once more
			b.waitView("verdict")
			if next := stateOf(t, url).Verdict; next == nil || next.ID == v.ID {
				t.Error("the second press did not give a verdict of its own")
			}
			b.do(chromedp.Click(chromedp.ID("again")))
			b.waitView("live")
			if src := evaluate[bool](b, `document.getElementById("taken").hasAttribute("src")`); src {
				t.Error("the visitor's picture stays on the page after the verdict")
			}
			b.do(chromedp.Click(chromedp.ID("shutter")))
			b.waitView("verdict")
		})
	}
}

// pressUntilNamed presses the shutter until the verdict is a motif that the picture
// kept speaks for: a burst during which the demonstration changes its cloth has no
// answer, or that of the other cloth, for which there is no heat map to show.
func (b *browser) pressUntilNamed(url string) *verdict {
	b.t.Helper()
	for {
		b.do(chromedp.KeyEvent(" "))
		b.waitView("verdict")
		v := stateOf(b.t, url).Verdict
		if v == nil {
			b.t.Fatal("the page shows a verdict that the kiosk does not hold")
		}
		if !v.Unknown && v.Heat != nil && slices.Max(v.Heat.Values) > 0 {
			return v
		}
		b.do(chromedp.KeyEvent(" "))
		b.waitView("live")
	}
}

// checkVerdict holds that the page tells all of the verdict, and says it aloud.
func (b *browser) checkVerdict(v *verdict, language string) {
	b.t.Helper()
	text, said := b.text("verdict"), evaluate[string](b, `document.getElementById("said").textContent`)
	percent := fmt.Sprintf("%d %%", int(v.Confidence*100))
	for _, want := range []string{in(v.Name, language), in(v.Story, language), percent} {
		if want == "" || !strings.Contains(text, want) {
			b.t.Errorf("in %s the verdict %q lacks %q", language, text, want)
		}
		if !strings.Contains(said, want) {
			b.t.Errorf("in %s a screen reader hears %q, without %q", language, said, want)
		}
	}
	if v.Heat == nil {
		b.t.Fatal("the demonstration's verdict has no heat map")
	}
	if where := b.text("looked-word"); !strings.Contains(evaluate[string](b, `document.getElementById("heat").getAttribute("aria-label")`), strings.Split(where, ": ")[1]) {
		b.t.Errorf("in %s a screen reader is not told what the heat map says, %q", language, where)
	}
	runnersUp := b.text("others")
	for _, s := range v.Scores[1:] {
		percent := fmt.Sprintf("%d %%", int(s.Probability*100))
		if s.Probability < 0.01 {
			percent = "< 1 %"
		}
		for _, want := range []string{in(s.Name, language), percent} {
			if want == "" || !strings.Contains(runnersUp, want) {
				b.t.Errorf("in %s the runners-up %q lack %q", language, runnersUp, want)
			}
		}
	}
}

// checkHeat holds that the heat map lies over the guide box of the picture,
// differs from place to place, and that a touch takes it off and brings it back.
func (b *browser) checkHeat(v *verdict, crop float64) {
	b.t.Helper()
	off := evaluate[float64](b, fmt.Sprintf(`(() => {
		const taken = document.getElementById("taken"), frame = taken.getBoundingClientRect(), heat = document.getElementById("heat").getBoundingClientRect();
		const scale = Math.max(frame.width / taken.naturalWidth, frame.height / taken.naturalHeight);
		const side = %g * Math.min(taken.naturalWidth, taken.naturalHeight) * scale;
		return Math.max(Math.abs(heat.width - side), Math.abs(heat.height - side),
			Math.abs(heat.left + heat.right - frame.left - frame.right) / 2, Math.abs(heat.top + heat.bottom - frame.top - frame.bottom) / 2);
	})()`, crop))
	if off > 1 {
		b.t.Errorf("the heat map lies %.1f px off the guide box", off)
	}
	hottest := slices.Index(v.Heat.Values, slices.Max(v.Heat.Values))
	coldest := slices.Index(v.Heat.Values, slices.Min(v.Heat.Values))
	veil := func(cell int) float64 {
		return evaluate[float64](b, fmt.Sprintf(`(() => {
			const {width} = document.getElementById("heat");
			return document.getElementById("heat").getContext("2d").getImageData((%d + .5) / %d * width, (%d + .5) / %d * width, 1, 1).data[3];
		})()`, cell%v.Heat.Columns, v.Heat.Columns, cell/v.Heat.Columns, v.Heat.Rows))
	}
	if veil(hottest) >= veil(coldest) {
		b.t.Errorf("what decided is veiled by %g, what did not by %g", veil(hottest), veil(coldest))
	}
	const opacity = `getComputedStyle(document.getElementById("heat")).opacity === %q`
	b.do(chromedp.Click(chromedp.ID("frame")))
	b.wait("the bare picture", fmt.Sprintf(opacity, "0"))
	b.do(chromedp.Click(chromedp.ID("looked")))
	b.wait("the heat map again", fmt.Sprintf(opacity, "1"))
}

func in(text configs.Text, language string) string {
	return map[string]string{"id": text.ID, "en": text.EN, "min": text.Min}[language]
}

// checkEveryStoryFits puts each motif's name and story into the open verdict.
func (b *browser) checkEveryStoryFits() {
	b.t.Helper()
	for _, motif := range configs.DefaultMotifs().List {
		for _, language := range configs.Languages {
			b.motif(in(motif.Name, language), in(motif.Story, language))
			if over := evaluate[float64](b, `(({scrollHeight, clientHeight}) => scrollHeight - clientHeight)(document.getElementById("story"))`); over > 1 {
				b.t.Errorf("the story of %s in %s is %.0f px too long for the screen", motif.Label, language, over)
			}
			b.checkLayout()
		}
	}
}

// watchViews makes the page keep the names of the views that it shows from now
// on.
const watchViews = `(() => {
	window.watcher?.disconnect();
	window.views = [document.body.dataset.view];
	window.watcher = new MutationObserver(() => views.push(document.body.dataset.view));
	watcher.observe(document.body, {attributeFilter: ["data-view"]});
	return true;
})()`

// An untouched page invites, in the gallery's language; a touch opens the live
// picture, and a press gives the verdict at once.
func TestAttractScreen(t *testing.T) {
	t.Parallel()
	for _, screen := range screens {
		t.Run(screen.name, func(t *testing.T) {
			t.Parallel()
			text := pageConfig + "camera: {source: demo, hold: 1s}\nattract: {after: 1s}\n"
			url, config := startKioskAt(t, text)
			b := openBrowser(t, screen.width, screen.height)
			b.do(chromedp.Navigate(url + "/"))
			for _, language := range configs.Languages {
				saveByRename(t, config, text+"language: "+language+"\n")
				b.waitView("attract")
				b.wait("the gallery's language", fmt.Sprintf(`document.documentElement.lang === %q`, language))
				b.wait("the end of the drawing", `document.getElementById("wax").getAnimations({subtree: true}).every((a) => a.effect.target.id === "wax" || a.playState === "finished")`)
				b.check(screen.name + "-attract-" + language)
			}
			if sentences := evaluate[int](b, `new Set([...document.querySelectorAll("#invitation p")].map((p) => p.lang + p.textContent)).size`); sentences != len(configs.Languages) {
				t.Errorf("the invitation stands there in %d languages", sentences)
			}

			evaluate[bool](b, watchViews)
			b.do(chromedp.Click(chromedp.ID("stage")))
			b.wait("a touch and then no touch", `views.join(" ").endsWith("attract live attract")`)
			b.do(chromedp.Click(chromedp.CSS(`button[data-language="en"]`))) // the gallery's is min
			b.wait("the gallery's language again", `views.join(" ").endsWith("attract live attract live attract") && document.documentElement.lang === "min"`)

			evaluate[bool](b, watchViews)
			b.do(chromedp.KeyEvent(" "))
			b.waitView("verdict")
			b.do(chromedp.KeyEvent(" "))
			b.wait("idleness after the verdict", `views.join(" ").endsWith("verdict live attract")`)
			if seen := evaluate[string](b, `views.join(" ")`); seen != "attract verdict live attract" {
				t.Errorf("a press on the attract screen showed %s", seen)
			}

			// A press elsewhere: the button on the wall, or another program.
			response, err := http.Post(url+"/api/v1/shutter", "", nil)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			b.waitView("verdict")
		})
	}
}

// Who wants no motion finds the drawing finished.
func TestAttractScreenWithoutMotion(t *testing.T) {
	t.Parallel()
	b := openBrowser(t, 800, 480)
	still := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, still); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Navigate(startKiosk(t, pageConfig+"camera: {source: demo}\nattract: {after: 1s}") + "/"))
	b.waitView("attract")
	if n := evaluate[int](b, `document.getAnimations().length`); n != 0 {
		t.Errorf("%d animations run", n)
	}
	if lines := evaluate[int](b, `document.querySelectorAll("#wax .line").length`); lines < 50 {
		t.Errorf("the drawing has %d lines", lines)
	}
	b.do(chromedp.KeyEvent(" "))
	b.waitView("verdict")
	if n := evaluate[int](b, `document.getAnimations().length`); n != 0 {
		t.Errorf("%d animations run beside the verdict", n)
	}
}

// A verdict goes by itself, but not from beneath the eyes of someone who
// scrolls or touches.
func TestVerdictGoesByItself(t *testing.T) {
	t.Parallel()
	url := startKiosk(t, "models: {allow_unsigned: true}\nshutter: {hold: 3s}\ncamera: {source: demo}\n")
	b := openBrowser(t, 800, 480)
	b.do(chromedp.Navigate(url + "/"))
	b.waitView("live")
	b.do(chromedp.KeyEvent(" "))
	b.waitView("verdict")
	for stateOf(t, url).Verdict != nil {
		b.do(chromedp.Click(chromedp.ID("story")))
	}
	if view := evaluate[string](b, `document.body.dataset.view`); view != "verdict" {
		t.Errorf("a touched verdict gave way to the view %s", view)
	}
	b.waitView("live")
}

// What cannot be judged is never given a name: the page says, and shows by a
// sign, what to do instead, before a press and after it.
func TestAdviceOnThePage(t *testing.T) {
	t.Parallel()
	const above = 1 // no probability of an int8 model reaches it
	model := testModelThatDoubts(t, above, nil)
	folder := t.TempDir()
	good := demoCloths(t)[0].frame(t)
	show := func(f capture.Frame) {
		jpeg, err := capture.EncodeJPEG(f, jpegQuality)
		if err != nil {
			t.Fatal(err)
		}
		saveByRename(t, filepath.Join(folder, "cloth.jpg"), string(jpeg))
	}
	show(good)
	url := startKiosk(t, fmt.Sprintf("model: %s\nmodels: {allow_unsigned: true}\nshutter: {hold: 10m}\ncamera: {source: images, path: %s, hold: 100ms}\n", model, folder))
	b := openBrowser(t, 800, 480)
	b.do(chromedp.Navigate(url + "/"))
	b.waitView("live")
	words := evaluate[map[string]struct {
		Advice map[string]struct{ What, Todo string }
		Retry  string
	}](b, `import("/words.js").then(({words}) => words)`)

	for _, f := range append(flawsOf(good), flawed{adviceUnknown, good}) {
		given := string(f.flaw)
		advice := func(language string) string {
			a := words[language].Advice[given]
			return a.What + " " + a.Todo
		}
		show(f.frame)
		waitState(t, url, given, time.Minute, func(s state) bool { return s.Answer != nil && s.Answer.Advice == given })
		b.wait("the advice", fmt.Sprintf(`document.querySelector("#label use").getAttribute("href") === "#sign-%s"`, given))
		b.checkEverywhere("live-"+given, func(language string) { b.checkAdvice("#label", given, advice(language)) })
		b.do(chromedp.KeyEvent(" "))
		b.waitView("verdict")
		if v := stateOf(t, url).Verdict; v == nil || v.Advice != given || !v.Unknown || v.Story.EN != "" {
			t.Fatalf("the verdict on %s is %+v", given, v)
		}
		b.wait("the verdict's picture", `document.getElementById("taken").naturalWidth > 0`)
		b.checkEverywhere("verdict-"+given, func(language string) {
			b.checkAdvice("article", given, advice(language)+" "+words[language].Retry)
		})
		b.do(chromedp.KeyEvent(" "))
		b.waitView("live")
	}
}

// checkAdvice holds that an element shows the sign of an advice and says a text,
// and nothing else.
func (b *browser) checkAdvice(element, sign, text string) {
	b.t.Helper()
	if said := evaluate[string](b, fmt.Sprintf(`document.querySelector(%q).innerText`, element)); strings.Join(strings.Fields(said), " ") != text {
		b.t.Errorf("%s says %q, want %q", element, said, text)
	}
	if !evaluate[bool](b, fmt.Sprintf(`(({href}, sign) => sign.checkVisibility() && href.baseVal === "#sign-%[2]s" && document.querySelector(href.baseVal) !== null)(document.querySelector("%[1]s .sign use"), document.querySelector("%[1]s .sign"))`, element, sign)) {
		b.t.Errorf("%s does not show the sign of %s", element, sign)
	}
}

// A lost camera takes the label off the screen; when it is back, so is the
// label, and no one has touched the kiosk.
func TestLostCameraOnThePage(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	config, script := filepath.Join(directory, "kiosk.yaml"), faultycamera.Script(filepath.Join(directory, "script"))
	writeFile(t, config, []byte("models: {allow_unsigned: true}\ncamera: {source: v4l2}\n"))
	url, command := launchLogging(t, config, t.Output(), faultycamera.Variable+"="+string(script))
	t.Cleanup(func() { stopProgram(t, command) })
	b := openBrowser(t, 800, 480)
	b.do(chromedp.Navigate(url + "/"))
	const offered = `document.getElementById("label").checkVisibility({visibilityProperty: true}) && !document.getElementById("shutter").disabled`
	b.waitView("live")
	b.wait("the label", offered)
	for _, fault := range []faultycamera.Fault{faultycamera.Unplugged, faultycamera.Frozen, faultycamera.Killed} {
		if err := script.Play(fault); err != nil {
			t.Fatal(err)
		}
		b.waitView("lost")
		if evaluate[bool](b, `document.getElementById("label").checkVisibility({visibilityProperty: true}) || !document.getElementById("shutter").disabled`) {
			t.Errorf("%s: a label or the shutter is offered without a camera", fault)
		}
		if fault == faultycamera.Unplugged {
			b.checkEverywhere("lost", func(string) {})
		}
		if err := script.Play(faultycamera.None); err != nil {
			t.Fatal(err)
		}
		b.waitView("live")
		last := evaluate[float64](b, pictureSum)
		b.wait("the moving picture", fmt.Sprintf(`%s !== %.0f`, pictureSum, last))
		b.wait("the label", offered)
	}
}

// Who is photographed for training is told so, on each view, for as long as it
// is so.
func TestCollectingNoticeOnThePage(t *testing.T) {
	t.Parallel()
	text := pageConfig + "camera: {source: demo}\n"
	collecting := text + "collect: {folder: pictures}\n"
	url, config := startKioskAt(t, collecting)
	b := openBrowser(t, 800, 480)
	b.do(chromedp.Navigate(url + "/"))
	words := evaluate[map[string]struct{ Collecting string }](b, `import("/words.js").then(({words}) => words)`)
	noticed := func(language string) {
		b.wait("the notice", fmt.Sprintf(`document.getElementById("collecting").checkVisibility() && document.getElementById("collecting").innerText.trim() === %q`, words[language].Collecting))
	}
	b.waitView("live")
	b.checkEverywhere("live-collecting", noticed)
	b.pressUntilNamed(url)
	b.checkEverywhere("verdict-collecting", noticed)
	saveByRename(t, config, text)
	b.wait("the end of the notice", `document.getElementById("collecting").hidden`)
	saveByRename(t, config, collecting+"attract: {after: 1s}\n")
	b.do(chromedp.KeyEvent(" "))
	b.waitView("attract")
	noticed("id")
	for _, screen := range screens {
		b.resize(screen)
		b.check(screen.name + "-attract-collecting")
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
		b.language(language)
		b.wait(language, fmt.Sprintf(`document.getElementById("staff").offsetParent && document.getElementById("staff").textContent.includes(%q)`, want))
		b.check("kiosk-800x480-refused-" + language)
	}
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
	b.check("phone-390x844-unsigned")
}

// A model is swapped while a visitor looks: the live view stays, and the next
// verdict is the new model's.
func TestSwapDuringAVisit(t *testing.T) {
	t.Parallel()
	folder, _ := writeCloths(t, demoCloths(t)[:1])
	text := func(model string) string {
		return fmt.Sprintf("model: %s\nmodels: {allow_unsigned: true}\nlanguage: en\nshutter: {hold: 10m}\ncamera: {source: images, path: %s}\n", model, folder)
	}
	url, config := startKioskAt(t, text(testModelThatDoubts(t, 0.05, nil)))
	b := openBrowser(t, 800, 480)
	b.do(chromedp.Navigate(url + "/"))
	b.waitView("live")
	b.wait("the label", `document.getElementById("label").checkVisibility({visibilityProperty: true})`)
	before := b.text("name")
	b.do(chromedp.KeyEvent(" "))
	b.waitView("verdict")
	told := b.text("verdict")

	saveByRename(t, config, text(testModelOf(t, misnamed(t), 0.05, nil)))
	after := waitSwapped(t, url, before)
	if now := b.text("verdict"); now != told {
		t.Errorf("the verdict on the screen changed from %q to %q with the model", told, now)
	}
	evaluate[bool](b, watchViews)
	b.do(chromedp.KeyEvent(" "))
	b.wait("the new model's label", fmt.Sprintf(`document.getElementById("name").textContent === %q`, after))
	b.check("kiosk-800x480-swapped")
	b.do(chromedp.KeyEvent(" "))
	b.wait("the new model's verdict", fmt.Sprintf(`document.body.dataset.view === "verdict" && document.getElementById("verdict-name").textContent === %q`, after))
	if seen := evaluate[string](b, `views.join(" ")`); seen != "verdict live verdict" {
		t.Errorf("the visitor saw the views %s", seen)
	}
	if staff := evaluate[string](b, `document.getElementById("staff").textContent`); strings.Contains(staff, "refused") {
		t.Errorf("the staff reads %q", staff)
	}
}

// waitSwapped waits until the kiosk gives another name, and returns it.
func waitSwapped(t testing.TB, url, name string) string {
	t.Helper()
	s, _ := waitState(t, url, "the swap", swapPatience, func(s state) bool { return s.Answer != nil && s.Answer.Name.EN != name })
	return s.Answer.Name.EN
}

// Names and stories come from files of others: markup in them is text, and a
// story that is too long can be scrolled.
func TestHostileStoryIsText(t *testing.T) {
	t.Parallel()
	const hostile = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script><b>bold</b> {{1+1}} ${1+1}`
	var motifs strings.Builder
	motifs.WriteString("motifs:\n")
	for label := range motifsOf(demoCloths(t)) {
		fmt.Fprintf(&motifs, "  - label: %s\n", label)
		for key, text := range map[string]string{"name": "<i>Motif</i> & co", "story": strings.Repeat(hostile+" ", 20)} {
			fmt.Fprintf(&motifs, "    %s: {id: '%[2]s', en: '%[2]s', min: '%[2]s'}\n", key, strings.ReplaceAll(text, "'", "''"))
		}
	}
	path := filepath.Join(t.TempDir(), "motifs.yaml")
	writeFile(t, path, []byte(motifs.String()))
	for _, screen := range screens {
		url := startKiosk(t, pageConfig+"motifs: "+path+"\ncamera: {source: demo}")
		b := openBrowser(t, screen.width, screen.height)
		b.do(chromedp.Navigate(url + "/"))
		b.waitView("live")
		b.pressUntilNamed(url)
		if text := b.text("verdict"); !strings.Contains(text, hostile) || !strings.Contains(text, "<i>Motif</i> & co") {
			t.Errorf("the page shows %q", text)
		}
		if n := evaluate[int](b, `document.querySelectorAll("article :is(img, script, i:not(#left)), #story > *").length`); n != 0 {
			t.Errorf("%d elements came from the story", n)
		}
		if title := evaluate[string](b, `document.title`); title != "Canting" {
			t.Errorf("the story ran: the title is %q", title)
		}
		b.check(screen.name + "-hostile")
		if !evaluate[bool](b, `(() => {
			const story = document.getElementById("story");
			story.scrollTo(0, story.scrollHeight);
			return story.tabIndex === 0 && story.classList.contains("more") && story.scrollTop > 0;
		})()`) {
			t.Error("a long story cannot be scrolled")
		}
		b.wait("the story's end", `!document.getElementById("story").classList.contains("more")`)
		b.do(chromedp.KeyEvent("\r"))
		b.waitView("live")
	}
}

// A kiosk that dies leaves no label on its page, and when it runs again at the
// same address the page is back.
func TestKilledKioskComesBackToItsPage(t *testing.T) {
	t.Parallel()
	config := filepath.Join(t.TempDir(), "kiosk.yaml")
	writeFile(t, config, []byte(pageConfig+"language: en\ncamera: {source: demo, hold: 1s}"))
	first, url := startKilled(t, config, "127.0.0.1:0")
	b := openBrowser(t, 800, 480)
	b.do(chromedp.Navigate(url + "/"))
	b.waitView("live")
	b.wait("the label", `document.getElementById("label").checkVisibility({visibilityProperty: true})`)
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	first.Wait()
	b.waitView("offline")
	if !evaluate[bool](b, `!document.getElementById("label").checkVisibility({visibilityProperty: true}) && document.getElementById("shutter").disabled`) {
		t.Error("a label or the shutter is offered without a kiosk")
	}
	for _, language := range configs.Languages {
		b.language(language)
		b.check("kiosk-800x480-offline-" + language)
	}
	last := evaluate[float64](b, pictureSum)
	startKilled(t, config, strings.TrimPrefix(url, "http://"))
	b.waitView("live")
	b.wait("the moving picture", fmt.Sprintf(`%s !== %.0f`, pictureSum, last))
	b.do(chromedp.KeyEvent(" "))
	b.waitView("verdict")
}

// startKilled runs the kiosk as a process of its own, which the test may kill
// and which is killed at its end.
func startKilled(t testing.TB, config, listen string) (command *exec.Cmd, url string) {
	t.Helper()
	command = exec.Command(os.Args[0], "run", "--config", config, "--listen", listen)
	command.Env = append(os.Environ(), asCanting+"=1")
	command.Stderr = t.Output()
	url = listening(t, command)
	t.Cleanup(func() { command.Process.Kill(); command.Wait() })
	return command, url
}
