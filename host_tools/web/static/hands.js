// The hands on the device: buttons by mouse, touch and keyboard, for as long as they are held; plug and reset.

import { at, h, on, order, shows, turn } from "./live.js";

const NAMES = { next: "Next", ok: "OK", back: "Back" };
const KEYS = { n: "next", b: "back", o: "ok", Enter: "ok" };
const HELP = { next: "Next page", ok: "OK; hold 2 s: cost from now; 5 s: status", back: "Back; hold 2 s: first page" };
const ONLY = "Short press: next page; 1 s: OK; 3 s: back; 20 s: factory reset";
// What the light says, by the firmware's numbers; the pattern says it, the colour only repeats it.
const COLOURS = ["#fff6dd", "#3fbf60", "#ffab2e", "#ff5647", "#4aa3ff", "#c86bff"];
const SHOWN = ["back", "ok", "next"];
const LONGEST_MS = 60000;
const down = new Map();  // since when

// That the home was started anew is no refusal: it may be what was asked for.
export const complain = error => { at("refusal").textContent = error && !error.anew ? error.message : ""; };

const move = (name, isDown) => {
  if (down.has(name) === isDown) return;
  const what = { name, down: isDown };
  if (isDown) {
    down.set(name, performance.now());
  } else {
    what.held_ms = Math.min(Math.round(performance.now() - down.get(name)), LONGEST_MS);
    down.delete(name);
  }
  const button = at(`button-${name}`);
  if (button) button.classList.toggle("down", isDown);
  order("button", what).then(() => complain(null), complain);
};

const make = (name, i, all) => {
  const button = h("button", { type: "button", id: `button-${name}`, class: "key", title: all.length > 1 ? HELP[name] : ONLY }, all.length > 1 ? NAMES[name] : "Button");
  button.onpointerdown = event => { button.setPointerCapture(event.pointerId); move(name, true); };
  button.onpointerup = button.onpointercancel = button.onlostpointercapture = () => move(name, false);
  button.onkeydown = event => {
    if (event.key === " " || event.key === "Enter") { event.preventDefault(); event.stopPropagation(); move(name, true); }
  };
  button.onkeyup = event => { if (event.key === " " || event.key === "Enter") { event.stopPropagation(); move(name, false); } };
  button.onblur = () => move(name, false);
  // A screen reader's press comes as a click without pointer or key.
  button.onclick = event => {
    if (event.detail === 0 && !down.has(name)) { move(name, true); setTimeout(() => move(name, false), 120); }
  };
  button.oncontextmenu = event => event.preventDefault();
  return button;
};

on("hello", hello => {
  down.clear();
  complain(null);
  at("buttons").replaceChildren(...SHOWN.filter(name => hello.buttons.includes(name)).map(make));
});

on("state", state => {
  const { powered, light } = state.device;
  shows(at("plug"), powered);
  at("case").classList.toggle("off", !powered);
  at("reset").disabled = !powered;
  const lamp = at("light");
  lamp.hidden = !light;
  if (light) {
    lamp.style.setProperty("--level", light.level / 255);
    lamp.style.setProperty("--colour", COLOURS[light.state] || COLOURS[0]);
    const words = `The light ${light.says}`;
    if (lamp.getAttribute("aria-label") !== words) lamp.setAttribute("aria-label", words);
    lamp.title = words;
  }
});

at("plug").onclick = () => turn(at("plug"), value => order("plug", value)).then(() => complain(null), complain);
at("reset").onclick = () => order("reset").then(() => complain(null), complain);

/** Whether a key is for what has the focus: letters for what is typed into, Enter and Space for whatever can be pressed. */
export const isTaken = event => event.ctrlKey || event.metaKey || event.altKey
  || event.target.closest("input:not([type=range], [type=checkbox]), select, textarea")
  || (event.key.length > 1 || event.key === " ") && event.target.closest("input, button, a, summary, [role=tab]");
addEventListener("keydown", event => {
  const name = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!name || isTaken(event) || !at(`button-${name}`)) return;
  event.preventDefault();
  if (!event.repeat) move(name, true);
});
addEventListener("keyup", event => {
  const name = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (name && down.has(name)) move(name, false);
});
addEventListener("blur", () => { for (const name of [...down.keys()]) move(name, false); });
