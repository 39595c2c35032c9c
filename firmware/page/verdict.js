// The verdict: motif, story and runners-up beside the picture and its heat map;
// or, where nothing is known, what to do.
import { guideSide } from "./guide.js";
import { paint, place, says } from "./heat.js";
import { adviceOf, language, percent, put, putSign, say, sureness, tell } from "./say.js";

const $ = (id) => document.getElementById(id);
const still = matchMedia("(prefers-reduced-motion: reduce)");

let shown = null; // the verdict
let shownIn = null; // the language
let crop = 1;

// said is what a screen reader is told.
export function said(verdict) {
  const advice = adviceOf(verdict);
  if (advice) return `${say("advice")[advice].what}. ${say("advice")[advice].todo}`;
  return `${tell(verdict.name)}. ${sureness(verdict.confidence)}, ${percent(verdict.confidence)}. ${storyOf(verdict)}`;
}

const storyOf = (verdict) => tell(verdict.story) || say("noStory");

function showRunnersUp(verdict) {
  const others = (verdict.scores ?? []).filter((s) => s.label !== verdict.label);
  $("others").hidden = !others.length;
  $("others").querySelector("ol").replaceChildren(...others.map(({ name, probability }) => {
    const item = document.createElement("li");
    const [who, bar, sure] = ["span", "div", "b"].map((tag) => item.appendChild(document.createElement(tag)));
    who.textContent = tell(name);
    bar.className = "bar";
    bar.appendChild(document.createElement("div")).style.setProperty("--fill", probability);
    sure.textContent = percent(probability);
    return item;
  }));
}

function showHeat(verdict) {
  const has = says(verdict.heat);
  $("heat").hidden = $("looked").hidden = !has;
  if (!has) return;
  const where = say("places")[place(verdict.heat)];
  put($("looked-word"), `${say("looked")}: ${where}`);
  $("heat").setAttribute("aria-label", `${say("heat")} ${where}.`);
}

function showText(verdict) {
  const advice = adviceOf(verdict);
  document.querySelector("article").classList.toggle("unknown", advice !== "");
  putSign(document.querySelector("article"), advice);
  put($("verdict-name"), advice ? say("advice")[advice].what : tell(verdict.name));
  put($("verdict-percent"), percent(verdict.confidence));
  put($("verdict-sure"), sureness(verdict.confidence));
  $("verdict-bar").style.setProperty("--fill", verdict.confidence);
  put($("story"), advice ? say("advice")[advice].todo : storyOf(verdict));
  $("story").scrollTop = 0;
  put($("again-word"), say(advice ? "retry" : "again"));
  showRunnersUp(verdict);
  showHeat(verdict);
  markOverflow();
}

// A story that is too long for its place can be scrolled, with the keyboard too.
function markOverflow() {
  const story = $("story");
  const more = story.scrollHeight - story.clientHeight;
  story.tabIndex = more > 1 ? 0 : -1;
  story.classList.toggle("more", more - story.scrollTop > 1);
}

// placeHeat lays the heat map over the guide box.
function placeHeat() {
  const { naturalWidth, naturalHeight } = $("taken");
  if (naturalWidth) $("heat").style.setProperty("--side", `${guideSide($("frame"), naturalWidth, naturalHeight, crop)}px`);
}

function toggleHeat() {
  const on = $("looked").getAttribute("aria-pressed") !== "true";
  $("looked").setAttribute("aria-pressed", on);
  $("frame").classList.toggle("bare", !on);
}

// showVerdict draws a verdict unless it stands there already.
export function showVerdict(verdict, now) {
  const same = shown?.id === verdict.id;
  if (same && shownIn === language()) return;
  shown = verdict;
  shownIn = language();
  showText(verdict);
  $("taken").alt = say("taken");
  if (same) return;
  crop = now.camera.crop;
  $("frame").classList.add("loading");
  $("frame").classList.remove("bare");
  $("looked").setAttribute("aria-pressed", "true");
  $("taken").src = verdict.picture;
  if (says(verdict.heat)) paint($("heat"), verdict.heat);
}

// forgetVerdict takes the visitor's picture off the page.
export function forgetVerdict() {
  shown = null;
  $("taken").removeAttribute("src");
}

// showTimeLeft shows for how many milliseconds the verdict still stands.
export function showTimeLeft(milliseconds) {
  for (const animation of $("left").getAnimations()) animation.cancel();
  if (!still.matches) $("left").animate({ transform: ["scaleX(1)", "scaleX(0)"] }, { duration: milliseconds, fill: "forwards" });
}

$("taken").addEventListener("load", () => {
  placeHeat();
  $("frame").classList.remove("loading");
});
$("frame").addEventListener("click", () => $("looked").hidden || toggleHeat());
$("looked").addEventListener("click", (event) => {
  toggleHeat();
  if (event.detail > 0) $("looked").blur(); // after a touch, a clicker's key is not this button's
});
$("story").addEventListener("scroll", markOverflow);
new ResizeObserver(placeHeat).observe($("frame"));
new ResizeObserver(markOverflow).observe($("story"));
