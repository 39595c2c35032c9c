// The line to the kiosk: its states, in server-sent events, and its live
// picture. Both are opened anew where they break off.

const $ = (id) => document.getElementById(id);

// After this long without a state, in milliseconds, the events are asked for
// anew: a browser does so by itself only when it notices that the line is dead.
const patience = 10000;

let events;
let openedAt;
let heardAt = -Infinity;
let heard; // is told each state

// quiet is for how many milliseconds no state has come.
export const quiet = () => performance.now() - heardAt;

function open() {
  openedAt = performance.now();
  events = new EventSource("/api/v1/events");
  // The picture comes from the same kiosk: where one broke off, so did the other.
  events.addEventListener("open", watch);
  events.addEventListener("state", (event) => {
    heardAt = performance.now();
    heard(JSON.parse(event.data));
  });
}

function reopen() {
  if (performance.now() - Math.max(heardAt, openedAt) <= patience) return;
  events.close();
  open();
}

// watch opens the live picture anew; the query keeps the browser from showing
// the stream that broke off. Before the page has loaded, a camera without
// pictures would keep it loading for ever.
function watch() {
  if (document.readyState === "complete") $("picture").src = `/stream.mjpg?${Date.now()}`;
}

// connect shows the live picture from now on, and tells each state to take.
export function connect(take) {
  heard = take;
  open();
  setInterval(reopen, 1000);
  $("picture").addEventListener("error", () => setTimeout(watch, 1000));
  addEventListener("load", watch);
}
