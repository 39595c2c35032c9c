// The live view: the picture with its guide box, the label that follows it, and
// what stands there when there is no picture.
import { guideSide } from "./guide.js";
import { adviceOf, percent, put, putSign, say, sureness, tell } from "./say.js";

const $ = (id) => document.getElementById(id);

let camera = {};

function placeGuide() {
  if (!camera.width) return;
  const { clientWidth, clientHeight } = $("stage");
  const side = Math.min(guideSide($("stage"), camera.width, camera.height, camera.crop), clientWidth - 12, clientHeight - 12);
  $("guide").style.setProperty("--side", `${side}px`);
}

function showCamera(now) {
  if (camera.width === now.width && camera.height === now.height && camera.crop === now.crop) return;
  camera = now;
  placeGuide();
}

function showAnswer(answer) {
  $("label").classList.toggle("empty", !answer);
  if (!answer) return;
  const advice = adviceOf(answer);
  $("label").classList.toggle("unknown", advice !== "");
  putSign($("label"), advice);
  put($("name"), advice ? say("advice")[advice].what : tell(answer.name));
  put($("advice"), advice ? say("advice")[advice].todo : "");
  put($("percent"), percent(answer.confidence));
  put($("sure"), sureness(answer.confidence));
  $("bar").style.setProperty("--fill", answer.confidence);
}

// What the staff should know, in the order in which it matters.
export function showStaff(model) {
  const lines = [];
  if (model?.problem) lines.push(say("problems")[model.problem.reason] ?? say("problems").unread);
  if (model?.untold) lines.push(say("untold"));
  if (model?.drift) lines.push(say("drift"));
  if (model?.allow_unsigned) lines.push(say("allowUnsigned"));
  $("staff").hidden = !lines.length;
  put($("staff"), lines.join(" "));
}

// hint is what to do next. An advice says it already.
function hint(now, answer, failed) {
  if (failed) return say("failed");
  if (now === "attract") return say("touch");
  return answer && adviceOf(answer) ? "" : say("hint");
}

// showLive draws the view; now is its name: live, attract, or why there is no
// picture.
export function showLive(now, state, { pressing, failed }) {
  const usable = now === "live" || now === "attract";
  const answer = now === "live" ? state.answer : null;
  showAnswer(answer);
  put($("hint"), usable ? hint(now, answer, failed) : "");
  $("shutter").disabled = !usable || pressing;
  put($("shutter-word"), say(pressing ? "looking" : "shutter"));
  if (usable) return showCamera(state.camera);
  put($("notice-title"), say(now));
  put($("notice-advice"), say(`${now}Advice`));
}

new ResizeObserver(placeGuide).observe($("stage"));
