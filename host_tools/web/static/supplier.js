// The supplier's website: sign in, my home, devices, add a device, and how a request comes along.

import { NOBODY, at, fillPairs, h, on, order, start, write } from "./live.js";

let hello = null;
let state = null;
let drawn = "";

const signedIn = () => sessionStorage.getItem("supplier-signed-in") === "yes";
const groups = text => text.replace(/(.{4})(?=.)/g, "$1 ");
const account = () => state.portal.account;
const pages = {};

let wanted = "#home";   // where somebody was going who had to sign in first

const go = page => { if (location.hash === page) route(); else location.hash = page; };

// Sign in

pages["#sign-in"] = () => {
  const form = h("form", { novalidate: true },
    h("p", {}, "Sign in to manage your account. This supplier is simulated: it has one customer and needs no password."),
    h("div", { class: "field" }, h("label", { for: "who" }, "Email"),
      h("input", { type: "text", id: "who", name: "who", autocomplete: "off", inputmode: "email", value: "householder@example.org" })),
    h("button", { class: "primary", type: "submit", id: "sign-in" }, "Sign in"));
  form.onsubmit = event => { event.preventDefault(); sessionStorage.setItem("supplier-signed-in", "yes"); go(wanted); };
  return [h("h1", {}, "Sign in"), form];
};

// My home

pages["#home"] = () => [
  h("h1", {}, `Hello, ${account().name}`),
  h("section", { class: "card" }, h("h2", {}, "My home"),
    h("dl", { class: "pairs", id: "account" })),
  h("p", { class: "actions" }, h("a", { class: "button", href: "#add" }, "Add a device"), h("a", { href: "#devices" }, "See my devices")),
  h("div", { id: "requests" }),
];

// Devices

pages["#devices"] = () => [
  h("h1", {}, "Devices"),
  h("p", {}, "Displays and other consumer devices on your meters' network."),
  h("div", { id: "devices" }),
  h("p", { class: "quiet", id: "removed", role: "status" }),
  h("p", { class: "error", id: "removal", role: "alert" }),
  h("p", { class: "actions" }, h("a", { class: "button", href: "#add" }, "Add a device")),
  h("div", { id: "requests" }),
];

// Draws a list anew and leaves the focus where it was; where that has gone, on what has come into its place, or on the
// page's heading.
const redraw = (box, ...children) => {
  const all = () => [...box.querySelectorAll("a, button")];
  const name = one => one.getAttribute("aria-label") || one.textContent;
  const before = all();
  const here = before.indexOf(document.activeElement);
  box.replaceChildren(...children);
  if (here < 0) return;
  const now = all();
  const next = now.find(one => name(one) === name(before[here])) || now[Math.min(here, now.length - 1)];
  (next || at("main").querySelector("h1")).focus({ preventScroll: true });
};

const removing = new Set();   // what is being taken off the list, which takes a moment

const remove = async eui64 => {
  removing.add(eui64);
  write(at("removal"), "");
  write(at("removed"), `Removing ${groups(eui64)} …`);
  try {
    await order("remove-device", eui64);
  } catch (error) {
    removing.delete(eui64);
    if (!at("removal")) return;
    write(at("removed"), "");
    write(at("removal"), error.message);
  }
};

const drawDevices = () => {
  const { devices } = state.portal;
  for (const eui64 of removing) {
    if (devices.some(one => one[0] === eui64)) continue;
    removing.delete(eui64);
    write(at("removed"), `${groups(eui64)} has been removed.`);
  }
  redraw(at("devices"), devices.length === 0 ? h("p", { class: "quiet", id: "no-devices" }, "None yet.") : h("table", { class: "devices" },
    h("thead", {}, h("tr", {}, ...["Device ID", "Status", ""].map(head => h("th", { scope: "col" }, head)))),
    h("tbody", {}, ...devices.map(([eui64, status]) => h("tr", {}, h("td", { class: "code" }, groups(eui64)), h("td", {}, status),
      h("td", {}, h("button", { type: "button", class: "small", "data-remove": eui64, "aria-label": `Remove ${groups(eui64)}`, onclick: () => remove(eui64) }, "Remove")))))));
};

const drawRequests = () => {
  const { requests } = state.portal;
  redraw(at("requests"), ...(requests.length === 0 ? [] : [h("h2", {}, "My requests"),
    h("ul", {}, ...[...requests].reverse().map(one => h("li", {}, h("a", { href: `#request-${one.reference}` }, one.reference), `: ${one.stage}`)))]));
};

// Add a device

const FIELDS = {
  eui64: ["Device ID (EUI-64)", "16 digits and letters, on the device's screen or label", "code", 16],
  install_code: ["Install code", "16, 20, 28 or 36 digits and letters. Spaces do not matter.", "code", 0],
  mpan: ["Electricity meter point number (MPAN)", "13 digits, on your bill", "", 0],
  mprn: ["Gas meter point number (MPRN), if you have gas", "6 to 10 digits, on your bill", "", 0],
  postcode: ["Postcode", "", "", 0],
};
const NAMES = { ...Object.fromEntries(Object.entries(FIELDS).map(([name, [label]]) => [name, label])), device_type: "Device type", consent: "Consent" };
let kept = {};   // what was typed, when the page comes back after a look elsewhere

const field = (name, [label, help, kind, length]) => {
  // The longest code has more characters than a phone's line.
  const long = kind && !length;
  const input = h(long ? "textarea" : "input", { type: long ? null : "text", rows: long ? 2 : null, id: name, name, class: kind, autocomplete: "off", autocapitalize: kind ? "characters" : null, spellcheck: "false", "aria-describedby": `${name}-help ${name}-error` });
  input.value = kept[name] ?? "";
  if (long) input.onkeydown = event => { if (event.key === "Enter") { event.preventDefault(); input.form.requestSubmit(); } };
  const help_ = h("p", { class: "quiet", id: `${name}-help` }, help);
  input.oninput = () => {
    // The words of the code itself, as a phone's camera gives them: both fields are in them.
    const both = /Z:([0-9A-F]{16})\$I:([0-9A-F]{16,36})/i.exec(input.value);
    if (both) {
      fillIn({ eui64: both[1], install_code: both[2] });
      return;
    }
    kept[name] = input.value;
    const typed = input.value.replace(/[\s:-]/g, "").length;
    if (kind) write(help_, typed ? length ? `${typed} of ${length} characters` : `${typed} characters so far` : help);
  };
  return h("div", { class: "field" }, h("label", { for: name }, label), help_, input, h("p", { class: "error", id: `${name}-error` }));
};

const complain = (fields, message) => {
  const wrong = Object.entries(fields || {});
  for (const name of Object.keys(NAMES)) {
    const error = at(`${name}-error`);
    const input = at(name);
    if (error) write(error, (fields || {})[name] || "");
    if (input) input.setAttribute("aria-invalid", String(Boolean((fields || {})[name])));
  }
  const box = at("problems");
  box.hidden = !message;
  if (!message) return;
  box.replaceChildren(h("h2", {}, wrong.length > 1 ? `${wrong.length} things to correct` : "One thing to correct"),
    h("ul", {}, ...(wrong.length ? wrong.map(([name, words]) => h("li", {}, h("a", { href: `#${name}`, onclick: event => { event.preventDefault(); at(name)?.focus(); } }, `${NAMES[name] || name}: ${words}`))) : [h("li", {}, message)])));
  box.focus();
};

const fillIn = code => { for (const name of ["eui64", "install_code"]) { at(name).value = groups(code[name].toUpperCase()); at(name).oninput(); } };

const scan = async (tries = 1) => {
  let answer = { error: NOBODY };
  try {
    answer = await (await fetch("/scan", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" })).json();
  } catch { /* nobody answers */ }
  if (answer.error && tries > 1 && at("form")) {
    // The panel may be between two pictures.
    setTimeout(() => scan(tries - 1), 700);
    return;
  }
  if (!at("scanned")) return;
  write(at("scanned"), answer.error || "The code has been read. Check it against the screen, then tick the box below and press “Add this device”.");
  if (answer.result) fillIn(answer.result);
};

pages["#add"] = () => {
  if (kept.home !== account().mpan) kept = { ...account(), home: account().mpan };
  const type = h("select", { id: "device_type", name: "device_type", "aria-describedby": "device_type-error" },
    ...[["CAD", "Consumer access device (CAD)"], ["IHD", "In-home display (IHD)"], ["PPMID", "Prepayment keypad (PPMID)"], ["ESME", "Electricity meter"]].map(([value, words]) => h("option", { value }, words)));
  const consent = h("input", { type: "checkbox", id: "consent", name: "consent", "aria-describedby": "consent-error" });
  const send = h("button", { class: "primary", type: "submit", id: "send" }, "Add this device");
  const form = h("form", { novalidate: true, id: "form" },
    h("div", { class: "field" }, h("label", { for: "device_type" }, "Device type"), type, h("p", { class: "error", id: "device_type-error" })),
    h("p", { class: "actions" }, h("button", { type: "button", id: "scan", onclick: () => scan() }, "Scan the code with your phone"), h("span", { class: "quiet", id: "scanned", role: "status" }, "or type it below")),
    ...Object.entries(FIELDS).map(([name, about]) => field(name, about)),
    h("div", { class: "field" }, h("label", { class: "consent", for: "consent" }, consent, "I live here, and I agree that this device may read my meters."), h("p", { class: "error", id: "consent-error" })),
    send);
  form.onsubmit = async event => {
    event.preventDefault();
    send.disabled = true;
    const value = Object.fromEntries(Object.keys(FIELDS).map(name => [name, at(name).value]));
    try {
      const reference = await order("add-device", { ...value, device_type: type.value, consent: consent.checked });
      kept = {};
      wanted = "#home";
      go(`#request-${reference}`);
    } catch (error) {
      complain(error.fields, error.message);
    } finally { send.disabled = false; }
  };
  return [h("h1", {}, "Add a device"), h("p", {}, "Have the device in front of you, switched on, in the room where you want to use it."),
    h("div", { class: "summary", id: "problems", role: "alert", tabindex: "-1", hidden: true }), form];
};

// Progress

const USUAL = ["", "a few seconds", "a second; a day or two if someone must check it by hand", "half a minute to half an hour", "ten minutes, in which the device must join", "one to thirty minutes", ""];
// What the dots say, for who does not see them.
const MARKS = { done: ", done", now: ", now", stuck: ", stuck here", "": ", to come" };

const progress = reference => [
  h("h1", {}, `Request ${reference}`), h("p", { id: "outcome", role: "status" }), h("ol", { class: "steps", id: "steps" }),
  h("p", { class: "actions" }, h("a", { href: "#devices" }, "My devices"), h("a", { href: "#add" }, "Add a device")),
];

const drawProgress = reference => {
  const one = state.portal.requests.find(request => request.reference === reference);
  if (!one) {
    write(at("outcome"), "There is no such request. The home may have been restarted.");
    at("outcome").className = "";
    at("steps").replaceChildren();
    return;
  }
  const last = hello.supplier_stages.length - 1;
  const done = one.step === last;
  const extra = !hello.supplier_stages.includes(one.stage);
  at("outcome").className = one.failed ? "problem" : done ? "good" : "";
  write(at("outcome"), one.failed || extra ? one.stage : done ? "Done. The device can now read your meters." : `${one.stage} …`);
  const list = at("steps");
  if (list.children.length === 0) list.replaceChildren(...hello.supplier_stages.map(name => h("li", {}, name, h("span", { class: "hidden" }), h("span", { class: "quiet" }))));
  [...list.children].forEach((item, i) => {
    const mark = i < one.step || done ? "done" : i === one.step ? (one.failed ? "stuck" : "now") : "";
    if (item.className !== mark) item.className = mark;
    if (mark === "now" || mark === "stuck") item.setAttribute("aria-current", "step"); else item.removeAttribute("aria-current");
    write(item.children[0], MARKS[mark]);
    write(item.lastChild, i === one.step && !done && !one.failed && USUAL[i] ? `usually ${USUAL[i]}` : "");
  });
};

// Which page

const page = () => {
  if (!signedIn()) {
    if (/^#(add|scan|devices)$/.test(location.hash)) wanted = location.hash;
    return "#sign-in";
  }
  const hash = location.hash;
  if (/^#request-R\d+$/.test(hash) || (pages[hash] && hash !== "#sign-in")) return hash;
  return "#home";
};

const update = () => {
  if (!state) return;
  const key = JSON.stringify(state.portal);
  if (key === drawn) return;
  drawn = key;
  const here = page();
  if (at("account")) fillPairs(at("account"), [["Electricity meter point (MPAN)", account().mpan], ["Gas meter point (MPRN)", account().mprn || "none"], ["Postcode", account().postcode]]);
  if (here === "#add" && kept.home !== account().mpan) route();
  if (at("devices")) drawDevices();
  if (at("requests")) drawRequests();
  if (here.startsWith("#request-")) drawProgress(here.slice(9));
};

const route = () => {
  if (!hello || !state) return;
  if (location.hash === "#scan" && signedIn()) {
    // From the camera: the form, filled in.
    history.replaceState(null, "", "#add");
    route();
    scan(6);
    return;
  }
  const here = page();
  const reference = here.startsWith("#request-") ? here.slice(9) : null;
  at("main").replaceChildren(...(reference ? progress(reference) : pages[here]()));
  at("main").querySelector("h1").tabIndex = -1;
  at("nav").hidden = !signedIn();
  for (const link of at("nav").querySelectorAll("a")) link.setAttribute("aria-current", link.getAttribute("href") === here ? "page" : "false");
  document.title = `${at("main").querySelector("h1").textContent} – Hearth & Wire Energy (simulated)`;
  drawn = "";
  update();
  at("main").focus({ preventScroll: true });
  scrollTo(0, 0);
};

// The pages stand behind the # here.
document.querySelector(".skip").onclick = event => { event.preventDefault(); at("main").focus(); };
at("out").onclick = () => { sessionStorage.removeItem("supplier-signed-in"); go("#sign-in"); route(); };
addEventListener("hashchange", route);
on("hello", it => { const first = !hello || hello.run !== it.run; hello = it; at("gone").hidden = true; if (first) route(); });
on("state", it => { const first = !state; state = it; if (first) route(); else update(); });
on("gone", () => { at("gone").hidden = false; });
start();
