// The switches in groups, drawn from the list that the home sends.

import { at, h, on, order, shows, tabs, turn, write } from "./live.js";
import { complain } from "./hands.js";

let hello = null;
let values = {};
let chosen = "House";
const refresh = new Map();

const told = promise => promise.then(() => complain(null), complain);
const act = (name, value) => told(order(name, value));

const explained = one => (one.about ? h("span", { class: "quiet", id: `about-${one.name}` }, one.about) : null);
const described = one => (one.about ? `about-${one.name}` : null);

const pairs = one => one.options.map(option => (Array.isArray(option) ? option : [option, String(option)]));
const chooser = (one, more) => h("select", { id: `in-${one.name}`, "aria-describedby": described(one), ...more }, ...pairs(one).map(([value, words]) => h("option", { value }, words)));

const kinds = {
  button: one => h("div", { class: "control" },
    h("button", { type: "button", "data-control": one.name, "aria-describedby": described(one), onclick: () => act(one.name) }, one.label),
    explained(one)),
  toggle: one => {
    const button = h("button", { type: "button", role: "switch", "data-control": one.name, "aria-describedby": described(one) },
      h("span", { class: "rocker", "aria-hidden": "true" }), h("span", {}, one.label));
    button.onclick = () => told(turn(button, value => order(one.name, value)));
    refresh.set(one.name, value => shows(button, value));
    return h("div", { class: "control" }, button, explained(one));
  },
  range: one => {
    const [low, high, step, unit] = one.options;
    const output = h("output", { for: `in-${one.name}` });
    const input = h("input", { type: "range", min: low, max: high, step, id: `in-${one.name}`, "data-control": one.name, "aria-describedby": described(one) });
    const words = value => `${value} ${unit}`;
    // What is moved by hand stays for a moment, until the home says the same; a thumb that is held stays.
    let moved = 0;
    input.oninput = () => { moved = Date.now(); write(output, words(input.value)); input.setAttribute("aria-valuetext", words(input.value)); };
    input.onchange = () => act(one.name, Number(input.value));
    refresh.set(one.name, value => {
      if (input.matches(":active") || Date.now() - moved < 1500 || value === null || value === undefined) return;
      if (Number(input.value) !== value) input.value = value;
      input.setAttribute("aria-valuetext", words(value));
      write(output, words(value));
    });
    return h("div", { class: "control" }, h("label", { for: `in-${one.name}` }, one.label, " ", output), input, explained(one));
  },
  choice: one => {
    const select = chooser(one, { "data-control": one.name });
    select.onchange = () => act(one.name, pairs(one)[select.selectedIndex][0]);
    refresh.set(one.name, value => { if (document.activeElement !== select) select.value = value; });
    return h("div", { class: "control" }, h("label", { for: `in-${one.name}` }, one.label), select, explained(one));
  },
  pick: one => {
    const select = chooser(one);
    const form = h("form", { class: "inline", novalidate: true }, select, h("button", { type: "submit", "data-control": one.name, "aria-label": `${one.label}: go` }, "Go"));
    form.onsubmit = event => { event.preventDefault(); act(one.name, pairs(one)[select.selectedIndex][0]); };
    return h("div", { class: "control" }, h("label", { for: `in-${one.name}` }, one.label), form, explained(one));
  },
  words: one => {
    // Figures that run are not read out, or nothing else would be: only what begins and ends is.
    const words = h("p", { id: `in-${one.name}`, role: "group", "aria-label": one.label });
    const heard = h("span", { class: "hidden", role: "status" });
    const kind = value => (value || "").replace(/[\d.,]+/g, "");
    let last = null;
    refresh.set(one.name, value => {
      write(words, value || "");
      if (last !== null && kind(value) !== last) write(heard, value || "");
      last = kind(value);
    });
    return h("div", { class: "words" }, words, heard);
  },
  text: one => {
    const input = h("input", { type: "text", id: `in-${one.name}`, placeholder: one.options[0] || "", autocomplete: "off", spellcheck: "false", "aria-describedby": described(one) });
    const form = h("form", { class: "inline", novalidate: true }, input, h("button", { type: "submit", "data-control": one.name, "aria-label": `${one.label}: go` }, "Go"));
    form.onsubmit = event => { event.preventDefault(); act(one.name, input.value); };
    // What is typed stays, until the home says something else than before.
    let last = null;
    refresh.set(one.name, value => { if (typeof value === "string" && value !== last) input.value = last = value; });
    return h("div", { class: "control" }, h("label", { for: `in-${one.name}` }, one.label), form, explained(one));
  },
};

const controls = group => {
  const some = hello.controls.filter(one => one.group === group || one.group.startsWith(`${group}: `));
  const parts = [];
  let last = group;
  for (const one of some) {
    if (one.group !== last) { parts.push(h("h3", {}, one.group.split(": ")[1].replace(/^./, c => c.toUpperCase()))); last = one.group; }
    parts.push(kinds[one.kind](one));
  }
  return h("div", { class: "grid" }, ...parts);
};

const scenarios = () => h("div", {},
  h("p", { class: "quiet" }, "Each starts a new home with a new display, and plays a test scenario. Set the speed to “max” to see how it ends."),
  h("p", { id: "scenario-says", role: "status" }),
  h("ul", { class: "stories" }, ...hello.scenarios.map(one => h("li", {},
    h("button", { type: "button", "data-scenario": one.name, "aria-describedby": `story-${one.name}`, "aria-current": one.name === hello.scenario ? "true" : null, onclick: () => act("scenario", one.name) },
      one.name.replaceAll("-", " ")),
    h("span", { id: `story-${one.name}` }, one.about)))));

const SETTINGS = { home: "Home", seed: "Seed", panel: "Panel, inches", ezsp_version: "EZSP version", gas: "Gas", neighbour: "Neighbour's hub", far: "Far from the hub", buttons: "Buttons", baud: "Serial speed" };

// The day and the time of the start, by the clock on the wall.
const start = () => {
  const [day, time] = hello.start.split("T");
  const error = { "aria-describedby": "new-start-about new-start-error" };
  const days = h("input", { type: "date", id: "new-day", value: day, ...error });
  const times = h("input", { type: "time", id: "new-time", value: time, ...error });
  const named = h("select", { id: "new-start" }, h("option", { value: "" }, "another day"), ...Object.entries(hello.starts).map(([name, when]) => h("option", { value: when }, name)));
  const same = () => { const when = `${days.value}T${times.value}`; named.value = Object.values(hello.starts).includes(when) ? when : ""; };
  named.onchange = () => { if (named.value) [days.value, times.value] = named.value.split("T"); };
  days.oninput = times.oninput = same;
  same();
  return [
    h("div", { class: "control" }, h("label", { for: "new-start" }, "Start on"), named),
    h("div", { class: "control" }, h("label", { for: "new-day" }, "Day"), days),
    h("div", { class: "control" }, h("label", { for: "new-time" }, "Time"), times, h("span", { class: "quiet", id: "new-start-about" }, "British time; when an hour comes twice, the first"), h("span", { class: "error", id: "new-start-error", role: "alert" })),
  ];
};

const fresh = () => {
  const form = h("form", { class: "grid", id: "new", novalidate: true });
  for (const [name, value] of Object.entries(hello.settings)) {
    if (name === "start_us") continue;
    const options = hello.options[name];
    const field = options
      ? h("select", { id: `new-${name}`, name }, ...options.map(option => h("option", { value: JSON.stringify(option), selected: option === value }, option === true ? "yes" : option === false ? "no" : name === "home" ? hello.homes[option][0] : String(option))))
      : h("input", { id: `new-${name}`, name, type: "number", min: 0, step: 1, value, "aria-describedby": `new-${name}-error` });
    const error = options ? null : h("span", { class: "error", id: `new-${name}-error`, role: "alert" });
    const about = name === "home" ? h("span", { class: "quiet", id: "new-home-about" }, hello.homes[value][1]) : null;
    if (name === "home") field.onchange = () => write(about, hello.homes[JSON.parse(field.value)][1]);
    form.append(h("div", { class: "control" }, h("label", { for: `new-${name}` }, SETTINGS[name] || name), field, about, error));
    if (name === "home") form.append(...start());
  }
  form.append(h("div", { class: "control whole" }, h("button", { type: "submit", class: "primary", id: "start-new" }, "Start this home")));
  form.onsubmit = event => {
    event.preventDefault();
    // A number as it is typed need not be one as JSON has it: 007.
    const read = one => (one.type !== "number" ? JSON.parse(one.value) : one.value === "" ? null : Number(one.value));
    const settings = Object.fromEntries([...form.elements].filter(one => one.name).map(one => [one.name, read(one)]));
    settings.start = `${at("new-day").value}T${at("new-time").value}`;
    order("new", settings).then(() => { complain(null); at("wall").scrollIntoView({ block: "nearest" }); }, error => {
      const { start: wrong, seed } = error.fields || {};
      for (const one of ["new-day", "new-time"]) at(one).setAttribute("aria-invalid", String(Boolean(wrong)));
      at("new-seed").setAttribute("aria-invalid", String(Boolean(seed)));
      write(at("new-start-error"), wrong || "");
      write(at("new-seed-error"), seed || "");
      complain(wrong || seed ? null : error);
    });
  };
  return h("div", {}, h("p", { class: "quiet" }, "The same settings and the same actions give exactly the same run."), form);
};

// An id has no spaces.
const tabOf = group => `group-${group.replaceAll(" ", "-")}`;
const TABS = ["House", "Changes", "Supplier", "Hub", "Air", "Wire"];

const show = group => {
  chosen = group;
  refresh.clear();
  const panel = at("group");
  panel.setAttribute("aria-labelledby", tabOf(group));
  panel.replaceChildren(group === "Scenarios" ? scenarios() : group === "New home" ? fresh() : controls(group));
  update();
};

const update = () => { for (const [name, set] of refresh) set(values[name]); };

on("hello", it => {
  hello = it;
  const groups = [...TABS.filter(group => hello.controls.some(one => one.group.split(": ")[0] === group)), "Scenarios", "New home"];
  at("groups").replaceChildren(...groups.map(group => h("button", { role: "tab", type: "button", id: tabOf(group), "aria-controls": "group" }, group)));
  tabs(at("groups"), id => show(groups.find(group => tabOf(group) === id)), tabOf(chosen));
});

on("state", state => {
  values = state.values;
  update();
  const says = at("scenario-says");
  if (says) write(says, hello.scenario ? `${hello.scenario.replaceAll("-", " ")}: ${state.scenario_says}` : "");
});
