// The attract screen's drawing: wax lines around the live picture, drawn one
// after another as a canting draws them, and then the dyes.

const between = 30000; // milliseconds from one drawing to the next
const stroke = 700;
const pause = 75; // from the start of a line to the start of the next

const $ = (id) => document.getElementById(id);
const still = matchMedia("(prefers-reduced-motion: reduce)");

// at is the point at a radius and an angle in degrees, clockwise from the top.
const at = (radius, degrees) => {
  const a = (degrees * Math.PI) / 180;
  return `${(radius * Math.sin(a)).toFixed(1)} ${(-radius * Math.cos(a)).toFixed(1)}`;
};

const ring = (r) => `M0 ${-r}A${r} ${r} 0 1 1 0 ${r}A${r} ${r} 0 1 1 0 ${-r}`;

// A petal of the medallion's wreath, its half width in degrees.
const petal = (a, foot, tip, half) =>
  `M${at(foot, a - half)}C${at((foot + tip) / 2, a - 1.35 * half)} ${at(tip, a - half)} ${at(tip, a)}` +
  `C${at(tip, a + half)} ${at((foot + tip) / 2, a + 1.35 * half)} ${at(foot, a + half)}`;

// The curl of a young fern (kaluak paku), wound around (x, y) towards one side.
function fern(x, y, turn, side) {
  const points = [];
  const leaves = [];
  for (let t = 0; t <= 1; t += 1 / 60) {
    const radius = 37 * (1 - t) ** 1.3 + 1.5;
    const angle = turn + side * t * 760;
    const on = (r, a) => {
      const [dx, dy] = at(r, a).split(" ").map(Number);
      return `${(x + dx).toFixed(1)} ${(y + dy).toFixed(1)}`;
    };
    points.push(on(radius, angle));
    if (t < 0.36 && points.length % 3 === 0) {
      const from = angle + side * 5;
      leaves.push(`M${on(radius + 2, angle)}Q${on(radius + 13, angle - side * 3)} ${on(radius + 14, from + side * 12)}Q${on(radius + 5, from + side * 9)} ${on(radius + 2, angle)}z`);
    }
  }
  return { stem: `M${points.join("L")}`, leaves };
}

function add(name, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return $("wax").appendChild(element);
}

const line = (d, kind = "") => add("path", { d, class: `line ${kind}`, pathLength: 1 });
const dot = (r, a, size) => {
  const [cx, cy] = at(r, a).split(" ");
  add("circle", { cx, cy, r: size, class: "dot" });
};

function draw() {
  const petals = 20;
  const angles = Array.from({ length: petals }, (_, i) => (i * 360) / petals);
  const dyes = ["clay", "soil", "ochre", "soil"];
  angles.forEach((a, i) => add("path", { d: petal(a, 117, 153, 8.2), class: `dye ${dyes[i % dyes.length]}` }));
  line(ring(107));
  line(ring(113));
  for (const a of angles) line(petal(a, 117, 153, 8.2));
  for (const a of angles) line(petal(a, 119, 139, 3.6), "fine");
  for (const a of angles) dot(146, a, 2.2);
  const gaps = angles.map((a) => a + 9).filter((a) => a % 90 !== 45); // on the diagonals grow the ferns
  for (const a of gaps) line(`M${at(150, a)}L${at(165, a)}`, "fine");
  for (const a of gaps) dot(169, a, 2.6);
  for (const [x, y, turn, side] of [[-150, -148, 135, -1], [150, -148, 225, 1], [150, 148, 315, -1], [-150, 148, 45, 1]]) {
    const { stem, leaves } = fern(x, y, turn, side);
    line(stem);
    for (const leaf of leaves) line(leaf, "fine leaf");
  }
}

let next = null;

function animate() {
  const svg = $("wax");
  const lines = svg.querySelectorAll(".line");
  lines.forEach((path, i) => path.animate({ strokeDashoffset: [1.05, 0], fillOpacity: [0, 1] }, { duration: stroke, delay: i * pause, fill: "backwards", easing: "ease-in-out" }));
  const drawn = lines.length * pause;
  svg.querySelectorAll(".dot").forEach((circle, i) => circle.animate({ opacity: [0, 1] }, { duration: 300, delay: drawn / 3 + i * pause, fill: "backwards" }));
  svg.querySelectorAll(".dye").forEach((path, i) => path.animate({ opacity: [0, 1] }, { duration: 1600, delay: drawn + i * pause, fill: "backwards", easing: "ease-out" }));
  svg.animate({ opacity: [1, 0] }, { duration: 1200, delay: between - 1200 });
  next = setTimeout(animate, between);
}

// start begins the drawing; someone who wants no motion finds it finished.
export function start() {
  if (!$("wax").firstChild) draw();
  if (!still.matches) animate();
}

export function stop() {
  clearTimeout(next);
  for (const animation of $("wax").getAnimations({ subtree: true })) animation.cancel();
}
