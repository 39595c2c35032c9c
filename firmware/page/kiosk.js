// The kiosk's page. Everything that the kiosk knows arrives as one state, up to
// ten times a second; render shows it.
import { start, stop } from "./attract.js";
import { connect, quiet } from "./feed.js";
import { showLive, showStaff } from "./live.js";
import { chooseLanguage, language, put, say, setGallerysLanguage } from "./say.js";
import { forgetVerdict, said, showTimeLeft, showVerdict } from "./verdict.js";
import { words } from "./words.js";

const $ = (id) => document.getElementById(id);

// After this long without a state, in milliseconds, what is on the screen may
// be out of date and is taken off. The kiosk sends at least one a second.
const silence = 2500;

let state = null;
let touchedAt = performance.now();
let verdict = null; // on the screen
let hold = 0; // how long it stands there untouched, in milliseconds
let seen = []; // the ids of the last verdicts
let press = null; // the press under way, as the controller that ends it
let failed = false;

function view() {
  if (quiet() > silence) return state ? "offline" : "starting";
  if (verdict) return "verdict";
  if (state.camera.state !== "live") return state.camera.state;
  const after = state.attract_after_ms;
  return after > 0 && performance.now() - touchedAt > after ? "attract" : "live";
}

// touch tells that someone is there: who reads a verdict may go on reading.
function touch() {
  touchedAt = performance.now();
  if (verdict) showTimeLeft(hold);
}

// take puts a verdict on the screen, whether it was asked for here or by a press
// elsewhere. An event from before the answer to a press may arrive after it.
function take(next) {
  if (!next || seen.includes(next.id)) return;
  seen = [next.id, ...seen].slice(0, 8);
  verdict = next;
  hold = new Date(next.until) - new Date(state.at);
  failed = false;
  touch();
}

function dismiss() {
  verdict = null;
  failed = false;
  touch();
  render();
}

function renderWords() {
  document.documentElement.lang = language();
  for (const element of document.querySelectorAll("[data-word]")) put(element, say(element.dataset.word));
  $("picture").alt = say("picture");
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", button.dataset.language === language());
  }
  put($("demo"), say(state?.camera.source === "demo" ? "demo" : "demoModel"));
  // The invitation stands there in every language, the gallery's first.
  const order = Object.keys(words).sort((a, b) => (b === language()) - (a === language()));
  $("invitation").replaceChildren(...order.map((code) => {
    const sentence = document.createElement("p");
    sentence.lang = code;
    sentence.textContent = words[code].invitation;
    return sentence;
  }));
}

// enter is what a change of the view brings with it.
function enter(now, was) {
  document.body.dataset.view = now;
  $("verdict").hidden = now !== "verdict";
  $("watching").hidden = now === "verdict";
  if (now === "attract") {
    chooseLanguage(null);
    failed = false;
    start();
  }
  if (was === "attract") stop();
  if (now === "verdict") $("again").focus({ preventScroll: true });
  if (was === "verdict") {
    forgetVerdict();
    $("shutter").focus({ preventScroll: true });
  }
  if (now === "offline") press?.abort();
}

function render() {
  const now = view();
  const was = document.body.dataset.view;
  if (now !== was) enter(now, was);
  const source = `${language()} ${state?.camera.source}`;
  if (document.body.dataset.words !== source) renderWords();
  document.body.dataset.words = source;
  $("demo").hidden = !state?.demo;
  $("collecting").hidden = !state?.collecting;
  if (now === "verdict") showVerdict(verdict, state);
  else showLive(now, state, { pressing: press !== null, failed });
  showStaff(state?.model);
  put($("said"), now === "verdict" ? said(verdict) : now === "live" || now === "attract" ? (failed ? say("failed") : "") : say(now));
}

async function shoot() {
  if (press || !["live", "attract"].includes(view())) return;
  press = new AbortController();
  failed = false;
  render();
  try {
    const response = await fetch("/api/v1/shutter", { method: "POST", signal: press.signal });
    if (!response.ok) throw new Error(await response.text());
    take(await response.json());
  } catch (error) {
    console.warn(error);
    failed = true;
    touch();
  }
  press = null;
  render();
}

function tick() {
  if (verdict && performance.now() - touchedAt > hold) return dismiss();
  if (view() !== document.body.dataset.view) render();
}

document.addEventListener("keydown", (event) => {
  if (event.key !== " " && event.key !== "Enter") {
    touch();
    return;
  }
  // A key that is still held when the verdict comes must not send it away.
  if (event.repeat) return event.preventDefault();
  if (event.target.closest("button")) return; // the button's own key
  event.preventDefault();
  if (view() === "verdict") dismiss();
  else shoot();
});
// On the attract screen a touch counts once it ends: the shutter must not move
// away from beneath a finger.
document.addEventListener("pointerdown", () => view() !== "attract" && touch());
document.addEventListener("click", (event) => {
  if (event.target.closest("#shutter")) return;
  touch();
  render();
});
$("shutter").addEventListener("click", shoot);
$("again").addEventListener("click", dismiss);
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", (event) => {
    touch();
    chooseLanguage(button.dataset.language);
    // After a touch, hand the keys back to the shutter: a clicker sends a space.
    if (event.detail > 0) button.blur();
    render();
  });
}
setInterval(tick, 250);

render();
connect((next) => {
  state = next;
  setGallerysLanguage(state.language);
  take(state.verdict);
  render();
});
