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
  "The panel shows two codes. Open the supplier's website and type them into its form, as you would with a real supplier. The display looks for an open hub every minute at first; press OK to make it look now.",
  "The hub is open, and the display is joining its network.",
  "The display and the hub prove to each other who they are. This takes a few seconds.",
  "The display is looking for your meters.",
  "Compare the number on the panel with the meter number below, then press OK.",
  "The display reads your meters every ten seconds. Switch the kettle on and see what it costs. Next turns the page; hold OK for two seconds to measure what something costs from now.",
];
// With one button.
const ONE = {
  1: "The panel shows two codes. Open the supplier's website and type them into its form, as you would with a real supplier. The display looks for an open hub every minute at first; hold its button for a second to make it look now.",
  5: "Compare the number on the panel with the meter number below, then hold the button for a second: that is OK.",
  6: "The display reads your meters every ten seconds. Switch the kettle on and see what it costs. A short press turns the page; hold for a second for OK.",
};
// The panel is not refreshed for figures alone by night: see firmware/inkmeter/refresh.py.
const BACK_AGAIN = ["hold it for three seconds to go back", "hold Back for two seconds to go back"];
const hours = hour => `${String(hour).padStart(2, "0")}:00`;
const byNight = ([from, until], single) => `The display reads your meters every ten seconds. From ${hours(from)} to ${hours(until)} the panel is quiet: it shows new figures every half hour at most, or when you turn the page: ${single ? "press the button" : "press Next"}, then ${BACK_AGAIN[Number(!single)]}.`;
const SILENT = "The meters are not answering at the moment. The display keeps trying by itself.";
const KEYS = [
  "<kbd>Enter</kbd> or <kbd>O</kbd> is the button, held for as long as you hold the key: briefly for Next, one second for OK, three for Back, twenty for a factory reset. <kbd>P</kbd> pauses.",
  "<kbd>B</kbd> is Back, <kbd>Enter</kbd> or <kbd>O</kbd> is OK and <kbd>N</kbd> is Next, held for as long as you hold the key; <kbd>B</kbd> and <kbd>N</kbd> together for ten seconds are a factory reset. <kbd>P</kbd> pauses.",
];
const CUT_OFF = {
  "top up": "The credit has run out, and the meter has cut off the electricity. Top up or activate emergency credit, then switch the supply back on: under Changes, Prepayment.",
  "gas top up": "The gas credit has run out, and the meter has cut off the gas. Top up gas or activate emergency credit for gas, then switch the gas supply back on: under Changes, Prepayment.",
  "gas switch on": "There is gas credit again. Now switch the gas supply back on at the meter: under Changes, Prepayment.",
  "switch on": "There is credit again. Now switch the supply back on at the meter: under Changes, Prepayment.",
};
const ADVICE = {
  P04: "The hub is open, but has a different code for this display, or none. If you have factory reset the display, remove it on the supplier's website and add it again.",
};
const TROUBLE = "Something is wrong: the panel says what, and what to do.";

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
    const mark = i < state.stage || (i === state.stage && i === 6 && !state.in_trouble) ? "done" : i === state.stage ? "now" : "";
    if (item.className !== mark) item.className = mark;
    if (i === state.stage) item.setAttribute("aria-current", "step"); else item.removeAttribute("aria-current");
  });
};

const MOVED = "You have moved house and taken the display with you: its old network is out of range. Factory reset it, so that it forgets the old home: ";
const RENEW = ["hold the button for twenty seconds.", "hold Back and Next together for ten seconds (B and N on a keyboard)."];
const THEN = " Then add it on the supplier's website, which knows your new home.";

const hint = () => {
  const single = hello.buttons.length === 1;
  if (starting) return "Another home is starting.";
  const { powered, failure, outcome } = state.device;
  if (!powered) return "The display has no power. An e-ink panel keeps its last picture without any.";
  if (failure) return `${failure[0].toUpperCase()}${failure.slice(1)}. Switch it off and on again.`;
  if (state.moved) return MOVED + RENEW[Number(!single)] + THEN;
  if (outcome && !["P02", "P11", "P01"].includes(outcome)) return `${state.words}. ${ADVICE[outcome] || TROUBLE}`;
  if (state.stage === 1 && state.hub_open) return `The hub is open for the display. ${single ? "Hold its button for a second" : "Press OK"}, or wait until it looks by itself.`;
  if (state.cut_off) return CUT_OFF[state.cut_off];
  if (state.stage === 6 && state.silent) return SILENT;
  if (state.stage === 6 && state.night) return byNight(state.night, single);
  return single && ONE[state.stage] || HINTS[state.stage];
};

const supplier = () => {
  const { requests } = state.portal;
  const last = requests[requests.length - 1];
  write(at("supplier-says"), last ? `Request ${last.reference} – ${last.stage[0].toLowerCase()}${last.stage.slice(1)}` : "You have not asked your supplier for anything yet.");
  at("supplier-says").classList.toggle("bad", Boolean(last && last.failed));
};

// What was asked for is one thing, what this computer manages another. Short, or the head of the page takes two lines.
const pace = () => {
  const { speed, held, pace: rate } = state;
  const words = rate === null || held ? "" : `${rate < 10 ? rate.toFixed(1) : Math.round(rate).toLocaleString("en-GB")}×`;
  at("pace").title = "How fast time really runs on this computer";
  const behind = speed !== null && rate !== null && rate < 0.9 * speed;
  write(at("pace"), held ? "paused" : !words || (speed === 1 && !behind) ? "" : behind ? `limited to ${words}` : `running at ${words}`);
};

const speeds = () => {
  at("speeds").replaceChildren(...[...hello.speeds, null].map(speed => {
    const words = speed === null ? "max" : `${speed}×`;
    return h("button", { type: "button", "data-speed": String(speed), title: speed === null ? "As fast as possible" : null, onclick: () => order("speed", speed).catch(complain) }, words);
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
  write(at("make-new"), it.buttons.length > 1 ? "Factory reset (holds Back + Next for 10 s)" : "Factory reset (holds the button for 20 s)");
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
  write(at("hold"), it.held ? "Resume" : "Pause");
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
