// The e-ink panel: true pixels, an integer number of the screen's to each, and its flashes.

import { at, on } from "./live.js";

const canvas = at("panel");
const context = canvas.getContext("2d", { alpha: false });
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let shown = null;      // an ImageData of what is on the glass
let number = -1;
let zoom = Number(localStorage.getItem("inkmeter-zoom")) || 0;  // 0: as large as fits
let speed = 1;
let flashing = 0;

// What stands between the wall's edges and the panel's.
const AROUND = [".plaster", ".case", ".bezel"];
const edges = one => { const style = getComputedStyle(document.querySelector(one)); return parseFloat(style.paddingLeft) + parseFloat(style.paddingRight); };

const scale = () => {
  // Whole pixels of the screen to each of the panel's, or it is not crisp.
  const ratio = window.devicePixelRatio || 1;
  const room = document.querySelector(".plaster").clientWidth - AROUND.map(edges).reduce((a, b) => a + b);
  const largest = Math.max(1, Math.floor(room * ratio / canvas.width));
  const factor = zoom ? Math.min(zoom, Math.max(largest, 1)) : Math.min(largest, Math.ceil(4 * ratio));
  canvas.style.width = `${factor * canvas.width / ratio}px`;
  canvas.style.height = `${factor * canvas.height / ratio}px`;
  canvas.dataset.factor = factor;
  at("larger").disabled = factor >= largest;
  at("smaller").disabled = factor <= 1;
};

const size = (width, height) => {
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
    shown = null;
  }
  if (!shown) fill("#fff");
  scale();
};

const grey = data => {
  // The glass is no sheet of paper: its white is a little grey, its black a little light.
  for (let i = 0; i < data.data.length; i += 4) {
    const value = data.data[i] / 255;
    data.data[i] = 38 + value * 196;
    data.data[i + 1] = 40 + value * 196;
    data.data[i + 2] = 42 + value * 186;
  }
  return data;
};

const load = async () => {
  const image = new Image();
  image.src = `/screen.png?${number}-${Date.now()}`;
  await image.decode();
  const spare = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext("2d");
  spare.drawImage(image, 0, 0);
  return grey(spare.getImageData(0, 0, image.naturalWidth, image.naturalHeight));
};

const paint = data => {
  size(data.width, data.height);
  context.putImageData(data, 0, 0);
  shown = data;
};

const inverted = data => {
  const other = new ImageData(new Uint8ClampedArray(data.data), data.width, data.height);
  for (let i = 0; i < other.data.length; i += 4) {
    for (const c of [0, 1, 2]) other.data[i + c] = 272 - other.data[i + c];
  }
  return other;
};

const wait = ms => new Promise(resolve => { setTimeout(resolve, ms); });

const fill = colour => {
  context.fillStyle = colour;
  context.fillRect(0, 0, canvas.width, canvas.height);
};

// A full refresh drives every pixel through black and white: the flash. The last picture is what it was before.
on("refresh", async ({ full, ms }) => {
  const mine = flashing += 1;
  const each = ms / 6 / speed;
  if (!full || calm.matches || each < 20 || !shown) return;
  for (const step of [() => context.putImageData(inverted(shown), 0, 0), () => fill("#262829"), () => fill("#eaece4"),
    () => fill("#262829"), () => fill("#eaece4")]) {
    step();
    await wait(each);
    if (mine !== flashing) return;
  }
});

on("hello", hello => {
  number = -1;
  size(hello.panel.width, hello.panel.height);
});

on("state", async state => {
  speed = state.speed || 1000;
  if (state.screen === number) return;
  number = state.screen;
  const mine = number;
  const data = await load().catch(() => null);
  if (mine !== number) return;
  if (!data) {
    number = -1;  // the next state asks again
    return;
  }
  flashing += 1;
  paint(data);
  canvas.dataset.screen = mine;
});

const choose = step => {
  zoom = Math.max(1, Number(canvas.dataset.factor) + step);
  localStorage.setItem("inkmeter-zoom", zoom);
  scale();
};
at("larger").onclick = () => choose(1);
at("smaller").onclick = () => choose(-1);
addEventListener("resize", scale);
scale();
