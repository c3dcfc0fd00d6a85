// The page of the simulated home.

import { at, fillPairs, h, on, order, start, write } from "./live.js";
import "./panel.js";
import { complain, isTaken } from "./hands.js";
import "./controls.js";
import "./watch.js";

let hello = null;
let state = null;
let holding = null;
let starting = false;

const HINTS = [
  "The display is starting.",
  "The panel shows two codes. Open the supplier's website and type them into its form, as you would with a real supplier. The display looks for an open hub every minute at first; its OK button makes it look now.",
  "The hub is open, and the display is joining its network.",
  "Display and hub prove to each other who they are. That takes a few seconds.",
  "The display looks for the meters behind the hub.",
  "Compare the number on the panel with that of the meter, then press OK.",
  "It reads your meters, every ten seconds. Switch the kettle on and see what it costs. Next turns the page; hold OK for two seconds to count from zero.",
];
// With one button.
const ONE = {
  1: "The panel shows two codes. Open the supplier's website and type them into its form, as you would with a real supplier. The display looks for an open hub every minute at first; its button, held for a second, makes it look now.",
  5: "Compare the number on the panel with that of the meter, then hold the button for a second: that is OK.",
  6: "It reads your meters, every ten seconds. Switch the kettle on and see what it costs. A short press turns the page; a second's is OK.",
};
// The panel is not refreshed for figures alone by night: see firmware/inkmeter/refresh.py.
const BACK_AGAIN = ["hold it for three seconds to go back", "hold Back for two seconds to go back"];
const hours = hour => `${String(hour).padStart(2, "0")}:00`;
const byNight = ([from, until], single) => `It reads your meters, every ten seconds. From ${hours(from)} to ${hours(until)} the panel shows new figures every half hour at most, and at once when you turn the page: ${single ? "press the button" : "press Next"}, and ${BACK_AGAIN[Number(!single)]}.`;
const SILENT = "The meters do not answer at the moment: the panel says so with its next picture. The display goes on asking by itself.";
const KEYS = [
  "<kbd>Enter</kbd> or <kbd>O</kbd> is the button, for as long as you hold it: short is Next, a second OK, three Back; twenty make the display new. <kbd>P</kbd> pauses.",
  "<kbd>B</kbd>, <kbd>Enter</kbd> or <kbd>O</kbd>, and <kbd>N</kbd> are Back, OK and Next, for as long as you hold them; <kbd>B</kbd> and <kbd>N</kbd> together for ten seconds make the display new. <kbd>P</kbd> pauses.",
];
const CUT_OFF = {
  "top up": "The credit is used up, and the meter has cut the electricity off. Top up or take emergency credit, then switch the supply on again: under Changes, Paying first.",
  "gas top up": "The gas credit is used up, and the meter has cut the gas off. Top up gas or take emergency credit for gas, then switch the gas supply on again: under Changes, Paying first.",
  "gas switch on": "There is gas credit again. Now switch the gas supply on at the meter: under Changes, Paying first.",
  "switch on": "There is credit again. Now switch the supply on at the meter: under Changes, Paying first.",
};
const ADVICE = {
  P04: "The hub is open, and has another code for this display, or none. If the display has been made new, remove it on the supplier's website, and add it again.",
};
const TROUBLE = "Something is in its way: the panel says what, and what to do.";

const clock = utc => {
  const time = new Date(utc);
  write(at("clock"), time.toLocaleTimeString("en-GB", { timeZone: "Europe/London", hour: "2-digit", minute: "2-digit", second: "2-digit" }));
  write(at("date"), time.toLocaleDateString("en-GB", { timeZone: "Europe/London", weekday: "short", day: "numeric", month: "short", year: "numeric" }));
  at("clock").dateTime = utc;
};

const stages = () => {
  if (at("stages").children.length !== hello.stages.length) {
    at("stages").replaceChildren(...hello.stages.map(name => h("li", {}, name)));
  }
  [...at("stages").children].forEach((item, i) => {
    const mark = i < state.stage || (i === state.stage && i === 6) ? "done" : i === state.stage ? "now" : "";
    if (item.className !== mark) item.className = mark;
    if (i === state.stage) item.setAttribute("aria-current", "step"); else item.removeAttribute("aria-current");
  });
};

const MOVED = "You have moved, and the display with you: its old network is out of reach. It must forget the old home: ";
const RENEW = ["hold the button for twenty seconds.", "hold Back and Next together for ten seconds (B and N on a keyboard)."];
const THEN = " Then add it on the supplier's website, which knows your new home.";

const hint = () => {
  const single = hello.buttons.length === 1;
  if (starting) return "Another home is starting.";
  const { powered, failure, outcome } = state.device;
  if (!powered) return "The display has no power. The panel keeps its last picture without any: that is e-ink.";
  if (failure) return `${failure}. Switch it off and on again.`;
  if (state.moved) return MOVED + RENEW[Number(!single)] + THEN;
  if (outcome && !["P02", "P11", "P01"].includes(outcome)) return `${state.words}. ${ADVICE[outcome] || TROUBLE}`;
  if (state.stage === 1 && state.hub_open) return `The hub is open for the display. ${single ? "Hold its button for a second" : "Press its OK button"}, or wait until it looks by itself.`;
  if (state.cut_off) return CUT_OFF[state.cut_off];
  if (state.stage === 6 && state.silent) return SILENT;
  if (state.stage === 6 && state.night) return byNight(state.night, single);
  return single && ONE[state.stage] || HINTS[state.stage];
};

const supplier = () => {
  const { requests } = state.portal;
  const last = requests[requests.length - 1];
  write(at("supplier-says"), last ? `${last.reference}: ${last.stage}` : "Nothing has been asked of your supplier yet.");
  at("supplier-says").classList.toggle("bad", Boolean(last && last.failed));
};

// What was asked for is one thing, what this computer manages another.
const pace = () => {
  const { speed, held, pace: rate } = state;
  const words = rate === null || held ? "" : `${rate < 10 ? rate.toFixed(1) : Math.round(rate).toLocaleString("en-GB")}×`;
  const behind = speed !== null && rate !== null && rate < 0.9 * speed;
  write(at("pace"), held ? "stands still" : !words || (speed === 1 && !behind) ? "" : behind ? `this computer manages ${words}` : `goes at ${words}`);
};

const speeds = () => {
  at("speeds").replaceChildren(...[...hello.speeds, null].map(speed => {
    const words = speed === null ? "max" : `${speed}×`;
    return h("button", { type: "button", "data-speed": String(speed), title: speed === null ? "As fast as it goes" : null, onclick: () => order("speed", speed).catch(complain) }, words);
  }));
};

on("starting", it => {
  starting = it;
  if (state) write(at("next"), hint());
});

on("hello", it => {
  hello = it;
  at("gone").hidden = true;
  write(at("about"), `${it.about} Seed ${it.settings.seed}.`);
  at("exposed").hidden = !it.exposed;
  write(at("exposed"), it.exposed);
  speeds();
  write(at("make-new"), it.buttons.length > 1 ? "Hold Back + Next for 10 s" : "Hold the button for 20 s");
  at("stages").replaceChildren();
  at("keys").innerHTML = KEYS[Number(it.buttons.length > 1)];
});

on("state", it => {
  state = it;
  if (holding !== null) state.held = holding;
  clock(it.utc);
  pace();
  stages();
  write(at("next"), hint());
  fillPairs(at("meters"), it.meters);
  supplier();
  at("hold").setAttribute("aria-pressed", String(it.held));
  write(at("hold"), it.held ? "Go on" : "Pause");
  for (const button of at("speeds").children) button.setAttribute("aria-pressed", String(button.dataset.speed === String(it.speed) && !it.held));
  document.title = `${it.words} – Inkmeter, the simulated home`;
  if (it.panel_text !== undefined) {
    write(at("panel-text"), it.panel_text);
    const label = `The panel: ${it.panel_text || it.words}`;
    if (at("panel").getAttribute("aria-label") !== label) at("panel").setAttribute("aria-label", label);
  }
});

on("gone", () => { at("gone").hidden = false; });

const hold = () => {
  if (!state) return;
  // What the home says before it has answered is older than this.
  holding = !state.held;
  state.held = holding;
  (holding ? order("hold") : order("speed", state.speed)).catch(complain).finally(() => { holding = null; });
};
at("hold").onclick = hold;
at("make-new").onclick = () => order("make-new").then(() => complain(null), complain);
at("pair").onclick = () => order("pair-for-me").then(() => complain(null), complain);
addEventListener("keydown", event => {
  if (event.key.toLowerCase() === "p" && !event.repeat && !isTaken(event)) hold();
});

// The supplier's page leads back here by this name.
window.name = "inkmeter-home";
// The replay that a link holds stands behind the # too.
document.querySelector(".skip").onclick = event => { event.preventDefault(); at("wall").focus(); };
start();
