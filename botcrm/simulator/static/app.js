// The page: one column a person, tabs on a narrow screen, changes streamed from the server.

import { avatar, get, h, nameOf, post } from "/dom.js";
import { Column } from "/column.js";
import { ask } from "/popups.js";

class App {
  constructor() {
    this.columns = new Map();
    this.tabs = new Map();
    this.active = null;
    this.narrow = matchMedia("(max-width: 719px)");
    this.tabBar = document.getElementById("tabs");
    this.board = document.getElementById("columns");
    this.waiting = document.getElementById("waiting");
    document.getElementById("address").textContent = location.origin;
    document.getElementById("add").addEventListener("click", () => this.addPerson());
    document.addEventListener("visibilitychange", () => this.active && this.active.scrolled());
  }

  async start() {
    await this.refresh();
    this.listen();
  }

  async refresh() {
    const { bot, people } = await get("/sim/people");
    this.waiting.hidden = Boolean(bot);
    for (const person of people) {
      let column = this.columns.get(person.id);
      if (!column) {
        column = new Column(person, this);
        this.columns.set(person.id, column);
        this.board.append(column.element);
        const tab = h("button", { class: "tab", role: "tab", onclick: () => this.activate(column, true) });
        this.tabs.set(person.id, tab);
        this.tabBar.append(tab);
      }
      column.person = person;
      this.paintTab(column);
    }
    if (!this.active && this.columns.size) this.activate(this.columns.values().next().value);
    if (bot) await Promise.all([...this.columns.values()].map((column) => column.load()));
  }

  paintTab(column) {
    const { person, unread } = column;
    this.tabs.get(person.id).replaceChildren(avatar(person, true), h("span", { class: "label" },
      h("span", { class: "who" }, nameOf(person)), person.role ? h("span", { class: "role" }, person.role) : null),
      ...(unread ? [h("span", { class: "badge", "aria-label": `${unread} unread` }, String(unread))] : []));
  }

  activate(column, focus = false) {
    if (this.active !== column) {
      this.active = column;
      for (const [id, other] of this.columns) {
        other.element.classList.toggle("active", other === column);
        this.tabs.get(id).classList.toggle("active", other === column);
      }
      if (this.narrow.matches) column.toEnd();
    }
    if (focus && !this.narrow.matches) column.composer.field.focus();
    if (focus) column.element.scrollIntoView({ inline: "nearest", block: "nearest" });
    column.scrolled();
  }

  isWatched(column) {
    return column === this.active && !document.hidden;
  }

  counted() {
    let total = 0;
    for (const column of this.columns.values()) {
      total += column.unread;
      this.paintTab(column);
    }
    document.title = total ? `(${total}) botcrm chats` : "botcrm chats";
  }

  listen() {
    const events = new EventSource("/sim/events");
    let lost = false;
    events.addEventListener("error", () => { lost = true; });
    events.addEventListener("open", () => { if (lost) { lost = false; this.refresh(); } });
    events.addEventListener("message", (event) => this.take(JSON.parse(event.data)));
  }

  take(change) {
    const column = this.columns.get(change.person);
    if (["people", "bot", "reload"].includes(change.kind)) return this.later();
    if (!column) return undefined;
    if (column.bot && column.bot.id !== change.bot) return undefined;
    if (change.message) return change.kind === "message" ? column.receive(change.message) : column.revise(change.message);
    if (change.kind === "delete") return column.drop(change.message_id);
    if (change.kind === "answer" && change.press) return column.answered(change.press, change.answer);
    if (change.state) return column.update(change.state);
    return undefined;
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), 120);
  }

  async addPerson() {
    const given = await ask(document.body, "Add a person", [
      { name: "first_name", label: "First name", required: true },
      { name: "last_name", label: "Last name" },
      { name: "username", label: "Username", pattern: "[A-Za-z][A-Za-z0-9_]{2,31}" },
      { name: "language_code", label: "Language", value: "en", options: [["en", "English"], ["pl", "Polski"], ["ru", "Русский"], ["ja", "日本語"], ["de", "Deutsch"]] },
      { name: "role", label: "Label on the page", value: "client" },
    ], "Add");
    if (!given) return;
    const id = Math.max(100, ...this.columns.keys()) + 1;
    await post("/sim/people", { id, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value)) });
    await this.refresh();
    this.activate(this.columns.get(id), true);
    this.columns.get(id).element.scrollIntoView({ inline: "end" });
  }
}

new App().start();
