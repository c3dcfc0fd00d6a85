// The wire to the home: one WebSocket that tells how things are and takes orders; and small helpers for the page.

const listeners = new Map();
const waiting = new Map();
let socket = null;
let number = 0;
let tries = 0;
// What asks for another home, or for another speed, waits for the home that starts; the last of each kind is done.
const WAITS = { new: "home", scenario: "home", replay: "home", speed: "time", hold: "time" };
const kept = new Map();
let starting = false;
let lost = false;

/** Calls `listener(it)` for each message of a kind: hello, state, trace, log, refresh; starting, when another home has
 * been asked for, and until hello; and gone, when nobody answers. */
export const on = (kind, listener) => {
  if (!listeners.has(kind)) listeners.set(kind, []);
  listeners.get(kind).push(listener);
};

const tell = (kind, it) => (listeners.get(kind) || []).forEach(listener => listener(it));

export const NOBODY = "The simulated home is not answering at the moment.";

// A new home draws much of the page anew. Who is there by keyboard stays where they are, once the home has said how all
// of it stands.
const MARKS = ["id", "data-control", "data-scenario", "data-speed"];
let left = null;

const leaveFocus = () => {
  const one = document.activeElement;
  const mark = MARKS.find(name => one.hasAttribute(name));
  left = mark ? `[${mark}=${JSON.stringify(one.getAttribute(mark))}]` : null;
};

const findFocus = () => {
  if (left && document.activeElement === document.body) (document.querySelector(left) || at("wall"))?.focus({ preventScroll: true });
  left = null;
};

const startsAnother = (is = true) => {
  starting = is;
  tell("starting", is);
  if (is) return;
  for (const [kind, { name, value, resolve, reject }] of [...kept]) {
    kept.delete(kind);
    order(name, value).then(resolve, reject);
  }
};

const connect = () => {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`);
  socket.onopen = () => { tries = 0; };
  socket.onmessage = message => {
    const { type, it } = JSON.parse(message.data);
    if (type === "hello") {
      lost = false;
      leaveFocus();
      tell(type, it);
      return startsAnother(false);
    }
    if (type !== "answer") {
      tell(type, it);
      if (type === "state") findFocus();
      return undefined;
    }
    const asked = waiting.get(it.id);
    waiting.delete(it.id);
    if (!asked) return undefined;
    return it.error === undefined ? asked.resolve(it.result) : asked.reject(Object.assign(new Error(it.error), it));
  };
  socket.onclose = () => {
    for (const asked of waiting.values()) {
      // It came while the home ended, perhaps for somebody else's order: the next one has it.
      if (asked.kind && !lost && !kept.has(asked.kind)) kept.set(asked.kind, asked);
      else asked.reject(Object.assign(new Error("The home has been restarted."), { anew: true }));
    }
    waiting.clear();
    tries += 1;
    if (tries > 6) {
      lost = true;
      for (const one of kept.values()) one.reject(new Error(NOBODY));
      kept.clear();
      tell("gone", true);
    }
    setTimeout(connect, Math.min(2000, 150 * tries));
  };
};

export const start = () => connect();

/** Orders something of the home; resolves to what came of it, rejects with an Error whose message is for people. */
export const order = (name, value) => new Promise((resolve, reject) => {
  const kind = WAITS[name];
  const open = socket && socket.readyState === WebSocket.OPEN;
  if (kind && !lost && (starting || !open)) {
    kept.get(kind)?.resolve();
    kept.set(kind, { name, value, resolve, reject });
    return;
  }
  if (starting || !open) {
    reject(new Error(starting && !lost ? "Another home is starting: try again in a moment." : NOBODY));
    return;
  }
  number += 1;
  waiting.set(number, { kind, name, value, resolve, reject: error => { if (kind === "home" && !error.anew) startsAnother(false); reject(error); } });
  socket.send(JSON.stringify({ id: number, do: name, value }));
  if (kind === "home") startsAnother();
});

/** An element: h("p", { class: "quiet", onclick }, "words", child, ...). */
export const h = (tag, properties = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element[name] = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
};

export const at = id => document.getElementById(id);

/** Sets text only where it changed, so that nothing is read out twice. */
export const write = (element, words) => { if (element.textContent !== words) element.textContent = words; };

/** Fills a dl with rows, touching only what changed. */
export const fillPairs = (list, rows) => {
  if (list.children.length !== rows.length * 2) {
    list.replaceChildren(...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, String(value))]));
    return;
  }
  rows.forEach(([name, value], i) => {
    write(list.children[2 * i], name);
    write(list.children[2 * i + 1], String(value));
  });
};

/** Turns a switch over at once and orders it; what the home says until it has answered is older than that. What is
 * refused is turned back. */
export const turn = (one, ask) => {
  const value = one.getAttribute("aria-checked") !== "true";
  one.setAttribute("aria-checked", String(value));
  one.dataset.turning = "yes";
  return ask(value).catch(error => {
    one.setAttribute("aria-checked", String(!value));
    throw error;
  }).finally(() => { delete one.dataset.turning; });
};

/** Shows what the home says of a switch. */
export const shows = (one, value) => { if (!one.dataset.turning) one.setAttribute("aria-checked", String(Boolean(value))); };

/** Makes a tablist work by mouse and by arrow keys; `show(id)` is called with the tab that is chosen. */
export const tabs = (list, show, chosen) => {
  const all = () => [...list.querySelectorAll("[role=tab]")];
  const choose = tab => {
    for (const one of all()) {
      one.setAttribute("aria-selected", String(one === tab));
      one.tabIndex = one === tab ? 0 : -1;
    }
    show(tab.id);
  };
  list.onclick = event => { const tab = event.target.closest("[role=tab]"); if (tab) choose(tab); };
  list.onkeydown = event => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const rest = all();
    const here = rest.indexOf(document.activeElement);
    let next = null;
    if (step && here >= 0) next = rest[(here + step + rest.length) % rest.length];
    if (event.key === "Home") next = rest[0];
    if (event.key === "End") next = rest[rest.length - 1];
    if (next) { event.preventDefault(); next.focus(); choose(next); }
  };
  const first = all().find(tab => tab.id === chosen) || all()[0];
  if (first) choose(first);
};
