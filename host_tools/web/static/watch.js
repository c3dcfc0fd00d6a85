// What is going on: the story as a sequence of arrows, all traffic by layers, the log, health, and what to take away.

import { NOBODY, at, fillPairs, h, on, order, tabs, write } from "./live.js";

const LINES = [["person", "You"], ["supplier", "Supplier"], ["device", "Firmware"], ["ncp", "Radio module"], ["hub", "Hub"], ["meter", "Meter"], ["gas", "Gas meter"]];
const MOST = 600;
let rows = [];
let log = [];
let state = null;
let hello = null;
let chosen = "tab-story";
let held = null;   // rows when the reader has stopped the view
let only = "";

const column = name => LINES.findIndex(line => line[0] === name);
// As the clock above shows it; how long after the start, for who comes with the mouse.
const CLOCK = new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/London", hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });
const time = t => {
  const at = Date.parse(hello.began) + 1000 * t;
  return h("time", { datetime: new Date(at).toISOString(), title: `${t.toFixed(3)} s after the start` }, CLOCK.format(at));
};
const called = name => (LINES.find(line => line[0] === name) || [null, { all: "everyone", wall: "the wall", neighbour: "the neighbour's hub" }[name] || "someone else"])[1];

const layers = row => h("div", { class: "layers" },
  ...row.layers.map(([title, fields]) => h("section", {}, h("h4", {}, title),
    h("dl", { class: "pairs" }, ...fields.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])))),
  row.octets ? h("p", { class: "octets" }, h("span", { class: "quiet" }, row.wire === "air" ? "octets on the air: " : "octets on the wire: "), row.octets) : null);

const opening = (row, summary, extra) => {
  const details = h("details", { class: extra }, summary);
  details.ontoggle = () => { if (details.open && details.children.length === 1) details.append(layers(row)); };
  return details;
};

const arrow = (row, times) => {
  let from = column(row.source);
  let to = column(row.to);
  if (from < 0) from = column("hub");
  const all = to < 0;
  if (all) to = from < column("hub") ? LINES.length - 1 : column("ncp");
  const left = Math.min(from, to);
  const right = Math.max(from, to);
  const lane = h("span", { class: "lane", "aria-hidden": "true" },
    ...LINES.map((_, i) => h("i", { class: i === from ? "end" : "" })),
    h("b", { class: `${from <= to ? "right" : "left"} ${row.wire}${all ? " all" : ""}` }));
  const mark = lane.lastChild;
  mark.style.setProperty("--from", left);
  mark.style.setProperty("--span", Math.max(right - left, 0.001));
  lane.style.setProperty("--lines", LINES.length);
  const words = h("span", { class: "what" },
    h("strong", {}, row.name), times > 1 ? h("span", { class: "times" }, ` ×${times}`) : null,
    h("span", { class: "who" }, `${called(row.source)} to ${called(row.to)}`),
    row.about ? h("span", { class: "meaning" }, row.about) : null);
  return opening(row, h("summary", {}, time(row.t), lane, words), "said");
};

const grouped = some => {
  const out = [];
  for (const row of some) {
    const last = out[out.length - 1];
    if (last && last.row.name === row.name && last.row.source === row.source && last.row.to === row.to && row.t - last.row.t < 10) last.times += 1;
    else out.push({ row, times: 1 });
  }
  return out;
};

const follow = (box, fill) => {
  // Keeps to the newest unless the reader has scrolled up.
  const there = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  fill();
  if (there) box.scrollTop = box.scrollHeight;
};

let drawnTo = 0;
let drawnKey = null;   // what is drawn already
let stage = "";

const drawStory = () => {
  const box = at("story");
  const story = (held || rows).filter(row => row.story);
  const list = grouped(story);
  const last = list[list.length - 1];
  const key = last ? `${last.row.n}-${last.times}-${list.length}` : "";
  if (key === drawnKey) return;
  drawnKey = key;
  follow(box, () => {
    // Only what is new is drawn anew: open details stay open.
    const items = [...box.children];
    const fresh = [];
    stage = "";
    for (const { row, times } of list.slice(-250)) {
      const heading = row.stage && row.stage !== stage;
      if (heading) { stage = row.stage; fresh.push([`s${row.n}`, () => h("h3", { "data-key": `s${row.n}` }, row.stage)]); }
      const k = `r${row.n}-${times}`;
      fresh.push([k, () => { const one = arrow(row, times); one.dataset.key = k; return one; }]);
    }
    const old = new Map(items.map(item => [item.dataset.key, item]));
    box.replaceChildren(...fresh.map(([k, build]) => old.get(k) || build()));
  });
};

const drawTraffic = () => {
  const box = at("traffic");
  const some = (held || rows).filter(row => row.wire !== "life" && (!only || row.wire === only)
    && (at("quiet").checked || !/acknowledgement|relayed|^Data Request|answered|messageSent/.test(row.name)));
  const last = some[some.length - 1];
  const key = `${last ? last.n : 0} ${only} ${at("quiet").checked} ${some.length}`;
  if (key === drawnKey) return;
  drawnKey = key;
  follow(box, () => {
    const old = new Map([...box.children].map(item => [item.dataset.key, item]));
    box.replaceChildren(...some.slice(-200).map(row => {
      const kept = old.get(String(row.n));
      if (kept) return kept;
      const one = opening(row, h("summary", {}, time(row.t), h("span", { class: `wire ${row.wire}` }, row.wire === "air" ? "air" : "serial"),
        h("span", { class: "who" }, `${called(row.source)} → ${called(row.to)}`), h("strong", {}, row.name)), "packet");
      one.dataset.key = String(row.n);
      return one;
    }));
  });
};

const drawLog = () => {
  const box = at("log");
  const key = String(drawnTo);
  if (key === drawnKey) return;
  drawnKey = key;
  follow(box, () => { box.textContent = log.join("\n"); });
};

const bytes = n => `${n.toLocaleString("en-GB")} bytes`;

const drawHealth = () => {
  if (!state) return;
  const { heap, restarts, serial, panel } = state.health;
  const meter = at("heap");
  if (heap) {
    meter.value = heap.live_bytes;
    meter.textContent = bytes(heap.live_bytes);
    write(at("heap-words"), `At most ${bytes(heap.live_bytes)} in use at rest (the budget is ${bytes(65536)}), and ${bytes(heap.peak_bytes)} for moments.`);
  } else write(at("heap-words"), "Unknown while the display is off or starting.");
  fillPairs(at("tasks"), restarts ? Object.entries(restarts).map(([name, n]) => [name, n ? `restarted ${n === 1 ? "once" : `${n} times`}` : "running"]) : []);
  fillPairs(at("serial"), Object.entries(serial));
  fillPairs(at("panel-health"), Object.entries(panel));
  const unbelieved = Object.entries(state.health["not believed"]);
  fillPairs(at("unbelieved"), unbelieved.length ? unbelieved : [["so far", "nothing"]]);
  const passed = state.health.frames["too fast to be shown"];
  write(at("time-health"), `${state.elapsed_s.toLocaleString("en-GB")} simulated seconds, ${state.pace === null ? "" : `${state.pace.toLocaleString("en-GB")} a second, `}${state.frames.toLocaleString("en-GB")} frames on the air.${passed ? ` ${passed.toLocaleString("en-GB")} frames passed too fast to show here; the capture has them.` : ""}`);
};

const link = async () => {
  const replay = await (await fetch("/download/replay.json")).json();
  const octets = new TextEncoder().encode(JSON.stringify(replay));
  const packed = btoa(Array.from(octets, octet => String.fromCharCode(octet)).join(""));
  return `${location.origin}/#replay=${packed.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
};

const FILES = [
  ["air.pcap", "The air, for Wireshark"], ["zigbee_pc_keys", "The simulated home's keys, for Wireshark"], ["firmware.log", "The firmware's log"],
  ["readings.csv", "Readings: the meters' own, and the display's"], ["history.zip", "The display's own history: half-hours and days as tables (CSV), and its files"], ["story.json", "The story, decoded"], ["replay.json", "This run: its seed and your actions"],
];

const takeAway = () => {
  const output = h("input", { type: "text", readonly: true, id: "link", "aria-label": "Link to this run" });
  const status = h("span", { role: "status" });
  return h("div", { class: "take" },
    h("ul", {}, ...FILES.map(([name, what]) => h("li", {}, h("a", { href: `/download/${name}`, download: name }, name), ` ${what}`))),
    h("h3", {}, "A link that replays this run"),
    h("p", {}, "For a bug report: it holds the seed and everything you did, but no code or key. Anyone who runs Inkmeter can open it, and the same happens again."),
    h("p", {}, h("button", { type: "button", id: "make-link", onclick: async () => {
      try { output.value = await link(); } catch { write(status, NOBODY); return; }
      output.select();
      try { await navigator.clipboard.writeText(output.value); write(status, "Copied."); } catch { write(status, "Copy it from the box."); }
    } }, "Make a link"), " ", status), output,
    h("p", { class: "quiet" }, "To open a capture in Wireshark, see docs/capture.md."));
};

const views = {
  "tab-story": [() => h("div", {}, bar(), heads(), h("div", { id: "story", class: "scroll", role: "log", "aria-live": "off", "aria-label": "Who says what", tabindex: "0" })), drawStory],
  "tab-traffic": [() => {
    const wires = h("select", { id: "wires", "aria-label": "Air or serial" }, ...[["", "air and serial"], ["air", "air"], ["uart", "serial"]].map(([v, w]) => h("option", { value: v }, w)));
    wires.onchange = () => { only = wires.value; drawTraffic(); };
    const quiet = h("input", { type: "checkbox", id: "quiet" });
    quiet.onchange = () => drawTraffic();
    only = "";
    return h("div", {}, bar(wires, h("label", { class: "check", for: "quiet" }, quiet, " show acknowledgements and relayed frames")),
      h("div", { id: "traffic", class: "scroll", role: "log", "aria-live": "off", "aria-label": "All traffic", tabindex: "0" }));
  }, drawTraffic],
  "tab-log": [() => h("pre", { id: "log", class: "scroll", tabindex: "0", role: "log", "aria-live": "off", "aria-label": "The firmware's log" }), drawLog],
  "tab-health": [() => h("div", { class: "health" },
    h("section", {}, h("h3", {}, "Heap"), h("meter", { id: "heap", min: 0, max: 65536, high: 65536, value: 0, "aria-labelledby": "heap-words" }), h("p", { id: "heap-words" })),
    h("section", {}, h("h3", {}, "Tasks"), h("dl", { id: "tasks", class: "pairs" })),
    h("section", {}, h("h3", {}, "Serial link"), h("dl", { id: "serial", class: "pairs" })),
    h("section", {}, h("h3", {}, "Panel"), h("dl", { id: "panel-health", class: "pairs" })),
    h("section", {}, h("h3", {}, "Heard but not trusted"), h("dl", { id: "unbelieved", class: "pairs" })),
    h("section", {}, h("h3", {}, "Time"), h("p", { id: "time-health" }))), drawHealth],
  "tab-take": [takeAway, () => undefined],
};

const showHeld = () => at("freeze")?.setAttribute("aria-pressed", String(Boolean(held)));

const bar = (...more) => {
  const stop = h("button", { type: "button", class: "small", id: "freeze", "aria-pressed": String(Boolean(held)) }, "Freeze this list");
  stop.onclick = () => { held = held ? null : [...rows]; showHeld(); draw(); };
  return h("div", { class: "bar" }, stop, ...more);
};

const heads = () => {
  const head = h("div", { class: "heads", "aria-hidden": "true" }, h("span", {}), h("span", { class: "lane" }, ...LINES.map(line => h("i", {}, line[1]))), h("span", {}));
  head.children[1].style.setProperty("--lines", LINES.length);
  return head;
};

const draw = () => views[chosen][1]();

// At speed there is something new ten times a second: nobody reads as fast.
let due = 0;
const drawSoon = () => {
  if (due) return;
  due = setTimeout(() => { due = 0; draw(); }, 250);
};

tabs(at("views"), id => {
  chosen = id;
  drawnKey = null;
  at("view").setAttribute("aria-labelledby", id);
  at("view").replaceChildren(views[id][0]());
  draw();
  const box = at("view").querySelector(".scroll");
  if (box) box.scrollTop = box.scrollHeight;
}, chosen);

on("hello", it => {
  if (hello?.run !== it.run) {
    held = null;
    showHeld();
    // Another home's rows have the same numbers.
    at("story")?.replaceChildren();
    at("traffic")?.replaceChildren();
  }
  hello = it;
  rows = [];
  log = [];
  drawnTo = 0;
  drawnKey = null;
  draw();
});
on("trace", some => {
  rows.push(...some);
  if (rows.length > 3 * MOST) {
    const story = rows.filter(row => row.story).slice(-MOST);
    rows = [...new Set([...story, ...rows.slice(-MOST)])].sort((a, b) => a.n - b.n);
  }
  if (!held) drawSoon();
});
on("log", lines => {
  log = [...log, ...lines].slice(-800);
  drawnTo += lines.length;
  if (chosen === "tab-log") drawSoon();
});
on("state", it => {
  state = it;
  if (chosen === "tab-health") draw();
});

// What a link holds; null for one that was cut short on its way, or is another version's.
const unpacked = packed => {
  try {
    if (!/^[A-Za-z0-9_-]+$/.test(packed)) return null;
    const text = atob(packed.replaceAll("-", "+").replaceAll("_", "/"));
    const replay = JSON.parse(new TextDecoder().decode(Uint8Array.from(text, c => c.charCodeAt(0))));
    const { inkmeter, settings, scenario, steps, until_us: until } = replay;
    const whole = inkmeter === 1 && Number.isInteger(settings.seed) && scenario !== undefined && Array.isArray(steps) && Number.isInteger(until);
    return whole ? replay : null;
  } catch { return null; }
};

// A link with a run in it does nothing by itself: it asks.
const offered = () => {
  const isLink = location.hash.startsWith("#replay=");
  at("replay-offer").hidden = !isLink;
  if (!isLink) return;
  const replay = unpacked(location.hash.slice("#replay=".length));
  for (const one of ["replay-go", "replay-no"]) at(one).hidden = !replay;
  if (!replay) {
    write(at("replay-words"), "This link is damaged, or comes from another version of Inkmeter, and cannot be replayed. Ask for the whole link, or for the file replay.json.");
    return;
  }
  write(at("replay-words"), `This link holds a run: seed ${replay.settings.seed}, ${replay.steps.length} ${replay.steps.length === 1 ? "action" : "actions"}${replay.scenario ? `, the scenario “${replay.scenario}”` : ""}. Replay it here? The home that is running now will end.`);
  const done = () => { at("replay-offer").hidden = true; history.replaceState(null, "", "/"); };
  at("replay-no").onclick = done;
  at("replay-go").onclick = () => order("replay", replay).then(done, error => (error.anew ? done() : write(at("replay-words"), error.message)));
};
addEventListener("hashchange", offered);
offered();
