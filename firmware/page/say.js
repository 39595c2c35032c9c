// The language on the page, and putting words in it there. Labels and stories
// come from outside: they are only ever set as text.
import { words } from "./words.js";

let gallerys = "id";
let visitors = null; // chosen on the page; the gallery's until then

export const language = () => visitors ?? gallerys;
export const setGallerysLanguage = (code) => { gallerys = code; };
export const chooseLanguage = (code) => { visitors = code; };

export const say = (key) => words[language()][key];
export const tell = (text) => text[language()];

// A probability is rounded down: 99.6 % is not certainty.
export const percent = (p) => (p < 0.01 ? "< 1 %" : `${Math.floor(p * 100)} %`);
export const sureness = (p) => say("sure")[p >= 0.9 ? 3 : p >= 0.7 ? 2 : p >= 0.5 ? 1 : 0];

// The advice on what is not known: "" where there is an answer.
export const adviceOf = (answer) => answer.advice || (answer.unknown ? "unknown" : "");

// put writes a text unless it stands there already: a text that is written
// again makes the browser lay the page out and a screen reader look again.
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// putSign shows the drawing that goes with an advice.
export function putSign(parent, advice) {
  if (advice) parent.querySelector(".sign use").setAttribute("href", `#sign-${advice}`);
}
