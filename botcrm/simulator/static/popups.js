// Menus, dialogs, toasts and the picture viewer.

import { h, icon } from "/dom.js";

export function toast(column, text, milliseconds = 3200) {
  const host = column.querySelector(".wall") || column;
  host.querySelectorAll(":scope > .toast").forEach((old) => old.remove());
  const note = h("div", { class: "toast", role: "status" }, text);
  host.append(note);
  setTimeout(() => note.remove(), milliseconds);
}

// Shows rows of {label, icon, run, bad} at a place; `top` is an element shown above them.
export function menu(at, rows, top = null, title = "") {
  document.querySelectorAll(".menu").forEach((old) => old.remove());
  const box = h("div", { class: "menu", role: "menu" }, top, title && h("h3", {}, title));
  const close = () => {
    box.remove();
    document.removeEventListener("pointerdown", outside, true);
    document.removeEventListener("keydown", key, true);
  };
  const outside = (event) => { if (!box.contains(event.target)) close(); };
  const key = (event) => { if (event.key === "Escape") { event.stopPropagation(); close(); } };
  for (const row of rows) {
    box.append(h("button", { role: "menuitem", class: row.bad ? "bad" : "", onclick: () => { close(); row.run(); } }, icon(row.icon), row.label));
  }
  document.body.append(box);
  const { width, height } = box.getBoundingClientRect();
  box.style.left = `${Math.max(6, Math.min(at.x, innerWidth - width - 6))}px`;
  box.style.top = `${Math.max(6, at.y + height > innerHeight - 6 ? at.y - height : at.y)}px`;
  document.addEventListener("pointerdown", outside, true);
  document.addEventListener("keydown", key, true);
  return close;
}

export function alertBox(host, text) {
  const ok = h("button", {}, "OK");
  const shade = h("div", { class: "shade" }, h("div", { class: "dialog", role: "alertdialog" }, h("div", {}, text), h("div", { class: "row" }, ok)));
  ok.addEventListener("click", () => shade.remove());
  host.append(shade);
  ok.focus();
}

// Asks for named values; resolves to an object of texts, or null.
export function ask(host, title, fields, action = "Send") {
  return new Promise((resolve) => {
    const inputs = {};
    const form = h("form", { class: "dialog" }, h("h2", {}, title));
    for (const field of fields) {
      const input = field.options ? h("select", {}, field.options.map(([value, label]) => h("option", { value }, label)))
        : h("input", { value: field.value || "", required: field.required, inputmode: field.mode, pattern: field.pattern, autocomplete: "off" });
      if (field.value !== undefined) input.value = field.value;
      inputs[field.name] = input;
      form.append(h("label", {}, field.label, input));
    }
    const shade = h("div", { class: host === document.body ? "shade all" : "shade" }, form);
    const done = (value) => { shade.remove(); resolve(value); };
    form.append(h("div", { class: "row" }, h("button", { type: "button", onclick: () => done(null) }, "Cancel"), h("button", { type: "submit" }, action)));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      done(Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.value.trim()])));
    });
    shade.addEventListener("pointerdown", (event) => { if (event.target === shade) done(null); });
    shade.addEventListener("keydown", (event) => { if (event.key === "Escape") done(null); });
    host.append(shade);
    form.querySelector("input, select")?.focus();
  });
}

export function viewPicture(url) {
  const shade = h("div", { class: "shade all", onclick: () => shade.remove() }, h("img", { class: "viewer", src: url, alt: "" }));
  document.body.append(shade);
}
