// The heat map: which part of the guide box spoke for the verdict. What did not
// is dimmed, and a wax line is drawn around what did.

const veil = [42, 23, 16];
const wax = [250, 240, 220];
const level = 0.5; // of the largest value: where the wax line runs
const lineWidth = 2.2; // canvas pixels

// weights are those of the cubic B-spline that is centred on cell i, for each
// of n points: it has no kinks, so neither has the line.
function weights(cells, n) {
  return Array.from({ length: n }, (_, pixel) => {
    const at = ((pixel + 0.5) / n) * cells - 0.5;
    const first = Math.floor(at);
    const t = at - first;
    const spline = [(1 - t) ** 3, 3 * t ** 3 - 6 * t ** 2 + 4, -3 * t ** 3 + 3 * t ** 2 + 3 * t + 1, t ** 3];
    return spline.map((w, i) => [Math.min(Math.max(first - 1 + i, 0), cells - 1), w / 6]);
  });
}

// smooth is the heat at n x n points, row by row, its largest value 1.
function smooth({ rows, columns, values }, n) {
  const across = weights(columns, n);
  const down = weights(rows, n);
  const wide = Array.from({ length: rows }, (_, row) =>
    across.map((taps) => taps.reduce((sum, [column, w]) => sum + w * values[row * columns + column], 0)));
  const field = new Float32Array(n * n);
  let largest = 0;
  for (let y = 0; y < n; y++) {
    for (let x = 0; x < n; x++) {
      let v = 0;
      for (const [row, w] of down[y]) v += w * wide[row][x];
      field[y * n + x] = v;
      largest = Math.max(largest, v);
    }
  }
  return field.map((v) => v / largest);
}

// says reports whether there is a heat map to show.
export const says = (heat) => Boolean(heat?.values.some((v) => v > 0));

// paint draws the heat over a square canvas.
export function paint(canvas, heat) {
  const n = canvas.width;
  const field = smooth(heat, n);
  const image = new ImageData(n, n);
  for (let i = 0; i < field.length; i++) {
    const x = i % n;
    const slope = Math.hypot(
      field[i + (x + 1 < n ? 1 : 0)] - field[i - (x > 0 ? 1 : 0)],
      (field[i + n] ?? field[i]) - (field[i - n] ?? field[i]),
    ) / 2;
    const line = Math.min(1, Math.max(0, lineWidth - Math.abs(field[i] - level) / (slope + 1e-6)));
    const t = Math.min(1, Math.max(0, (field[i] - 0.15) / 0.4));
    const shade = 0.74 * (1 - t * t * (3 - 2 * t));
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = line * wax[c] + (1 - line) * veil[c];
    image.data[4 * i + 3] = 255 * (line + (1 - line) * shade);
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// place is the ninth of the box, 0 the upper left to 8 the lower right, that
// has the most heat.
export function place({ rows, columns, values }) {
  const sums = new Array(9).fill(0);
  values.forEach((v, i) => {
    const row = Math.floor(((Math.floor(i / columns) + 0.5) / rows) * 3);
    const column = Math.floor((((i % columns) + 0.5) / columns) * 3);
    sums[3 * row + column] += v;
  });
  return sums.indexOf(Math.max(...sums));
}
