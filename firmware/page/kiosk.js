// The kiosk's page. Everything that the kiosk knows arrives as one state, in
// server-sent events; render draws it. Labels and stories are only ever set as
// text.
import { words } from "./words.js";

const $ = (id) => document.getElementById(id);

// After this long without an event, in milliseconds, what is on the screen may
// be out of date and is taken off. The kiosk sends at least one a second.
const silence = 2500;

let state = null;
let heardAt = -Infinity;
let language = null; // the visitor's choice; the kiosk's until then
let dismissed = null; // the id of the verdict that was sent away
let pressing = false;
let failed = false;
let shownVerdict = null;

const say = (key) => words[language ?? state?.language ?? "id"][key];
const tell = (text) => text[language ?? state?.language ?? "id"];

// A probability is rounded down: 99.6 % is not certainty.
const percent = (p) => `${Math.floor(p * 100)} %`;
const sureness = (p) => say("sure")[p >= 0.9 ? 3 : p >= 0.7 ? 2 : p >= 0.5 ? 1 : 0];

function view() {
  if (performance.now() - heardAt > silence) return state ? "offline" : "starting";
  if (state.verdict && state.verdict.id !== dismissed) return "verdict";
  return state.camera.state;
}

// The picture covers its stage, so the guide box is scaled as the picture is.
function placeGuide() {
  const { width, height, crop } = state?.camera ?? {};
  if (!width) return;
  const stage = $("stage").getBoundingClientRect();
  const scale = Math.max(stage.width / width, stage.height / height);
  const side = Math.min(crop * Math.min(width, height) * scale, stage.width - 12, stage.height - 12);
  $("guide").style.setProperty("--side", `${side}px`);
}

function renderAnswer(answer, prefix) {
  const dash = prefix && `${prefix}-`;
  // What is not known has neither a confidence nor guesses.
  $(prefix || "label").classList.toggle("unknown", answer.unknown);
  $(`${dash}name`).textContent = answer.unknown ? say("unknown") : tell(answer.name);
  $(`${dash}percent`).textContent = percent(answer.confidence);
  $(`${dash}sure`).textContent = sureness(answer.confidence);
  $(`${dash}bar`).style.setProperty("--fill", answer.confidence);
}

function renderVerdict(verdict) {
  renderAnswer(verdict, "verdict");
  const name = $("verdict-name").textContent;
  const story = verdict.unknown ? say("unknownAdvice") : tell(verdict.story) || say("noStory");
  $("story").textContent = story;
  const others = verdict.scores.filter((s) => s.label !== verdict.label && s.probability >= 0.01);
  $("others").textContent = others.length
    ? `${say("others")} ${others.map((s) => `${tell(s.name)} ${percent(s.probability)}`).join(", ")}`
    : "";
  const sure = verdict.unknown ? "" : `${$("verdict-sure").textContent}, ${percent(verdict.confidence)}.`;
  const spoken = `${name}. ${sure} ${story}`;
  if ($("said").textContent !== spoken) $("said").textContent = spoken;
  if (shownVerdict === verdict.id) return;
  shownVerdict = verdict.id;
  $("taken").src = verdict.picture;
  $("again").style.setProperty("--hold", `${Math.max(0, new Date(verdict.until) - new Date(state.at))}ms`);
}

// What the staff should know, in the order in which it matters.
function renderStaff(model) {
  const lines = [];
  if (model?.problem) lines.push(say("problems")[model.problem.reason] ?? say("problems").unread);
  if (model?.untold) lines.push(say("untold"));
  if (model?.drift) lines.push(say("drift"));
  if (model?.allow_unsigned) lines.push(say("allowUnsigned"));
  $("staff").hidden = !lines.length;
  $("staff").textContent = lines.join(" ");
}

function renderWatching(now) {
  const live = now === "live";
  const answer = live ? state.answer : null;
  $("label").classList.toggle("empty", !answer);
  if (answer) renderAnswer(answer, "");
  $("hint").textContent = !live ? "" : failed ? say("failed") : say("hint");
  $("shutter").disabled = !live || pressing;
  $("shutter-word").textContent = say(pressing ? "looking" : "shutter");
  if (live) {
    if (shownVerdict !== null || $("said").dataset.notice) $("said").textContent = "";
    delete $("said").dataset.notice;
    shownVerdict = null;
    return;
  }
  $("notice-title").textContent = say(now);
  $("notice-advice").textContent = say(`${now}Advice`);
  $("said").dataset.notice = now;
  if ($("said").textContent !== say(now)) $("said").textContent = say(now);
}

function render() {
  const now = view();
  const was = document.body.dataset.view;
  document.documentElement.lang = language ?? state?.language ?? "id";
  for (const el of document.querySelectorAll("[data-word]")) el.textContent = say(el.dataset.word);
  $("picture").alt = say("picture");
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", button.dataset.language === document.documentElement.lang);
  }
  $("demo").hidden = !state?.demo;
  $("demo").textContent = say(state?.camera.source === "demo" ? "demo" : "demoModel");
  document.body.dataset.view = now;
  $("verdict").hidden = now !== "verdict";
  $("watching").hidden = now === "verdict";
  if (now === "verdict") renderVerdict(state.verdict);
  else renderWatching(now);
  renderStaff(state?.model);
  placeGuide();
  if (now !== was && now === "verdict") $("again").focus({ preventScroll: true });
  if (now !== was && was === "verdict") $("shutter").focus({ preventScroll: true });
}

async function press() {
  if (pressing || view() !== "live") return;
  pressing = true;
  failed = false;
  render();
  try {
    const response = await fetch("/api/v1/shutter", { method: "POST" });
    if (!response.ok) throw new Error(await response.text());
    state.verdict = await response.json();
  } catch (error) {
    console.warn(error);
    failed = true;
  }
  pressing = false;
  render();
}

function again() {
  dismissed = state.verdict?.id ?? null;
  failed = false;
  render();
}

function listen() {
  const events = new EventSource("/api/v1/events");
  events.addEventListener("state", (event) => {
    const offline = view() === "offline";
    const verdict = state?.verdict;
    state = JSON.parse(event.data);
    // An event from before the answer to a press may arrive after it.
    const held = verdict && new Date(verdict.until) > new Date(state.at);
    if (held && verdict.id > (state.verdict?.id ?? 0)) state.verdict = verdict;
    heardAt = performance.now();
    if (offline) watch();
    render();
  });
  // The browser reconnects by itself unless the kiosk answered with an error.
  events.addEventListener("error", () => {
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 1000);
  });
}

// watch opens the live picture anew; the query keeps the browser from showing
// the stream that broke off.
function watch() {
  $("picture").src = `/stream.mjpg?${Date.now()}`;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== " " && event.key !== "Enter") return;
  // A key that is still held when the verdict comes must not send it away.
  if (event.repeat) return event.preventDefault();
  if (event.target.closest("button")) return; // the button's own key
  event.preventDefault();
  if (view() === "verdict") again();
  else press();
});
$("shutter").addEventListener("click", press);
$("again").addEventListener("click", again);
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    language = button.dataset.language;
    // After a touch, hand the keys back to the shutter: a clicker sends a space.
    if (event.detail > 0) button.blur();
    render();
  });
}
$("picture").addEventListener("error", () => setTimeout(watch, 1000));
new ResizeObserver(placeGuide).observe($("stage"));
setInterval(() => view() !== document.body.dataset.view && render(), 250);

render();
listen();
// Earlier, a camera without pictures would keep the page loading for ever.
addEventListener("load", watch);
