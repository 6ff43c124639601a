// One person's chat with the bot.

import { avatar, copy, dayOf, get, h, icon, nameOf, post } from "/dom.js";
import { Composer } from "/composer.js";
import { markRead, renderMessage } from "/message.js";
import { alertBox, ask, menu, toast, viewPicture } from "/popups.js";

const EMOJIS = ["👍", "👎", "❤️", "🔥", "🎉", "🙏"];
const NEAR = 120; // pixels from the end within which new messages are followed

export class Column {
  constructor(person, app) {
    this.app = app;
    this.person = person;
    this.bot = null;
    this.messages = new Map();
    this.elements = new Map();
    this.presses = new Map();
    this.unread = 0;
    this.unreadFrom = null;
    this.gliding = false;
    this.state = { commands: [], keyboard: null, started: false, blocked: false, read_to: 0, action: "", menu_button: {} };
    this.face = h("span", {});
    this.title = h("b", {});
    this.status = h("div", { class: "status" });
    this.scroll = h("div", { class: "scroll", tabindex: -1 });
    this.jumpCount = h("span", { class: "badge" });
    this.jump = h("button", { class: "jump", hidden: true, "aria-label": "To the newest message", onclick: () => this.toEnd(true) }, icon("down"), this.jumpCount);
    this.composer = new Composer(this);
    this.element = h("section", { class: "column", "aria-label": `Chat of ${nameOf(person)}` },
      h("header", { class: "head" }, this.face, h("div", { class: "names" }, this.title, this.status),
        h("button", { class: "icon", "aria-label": "Chat menu", onclick: (event) => this.chatMenu(event) }, icon("dots"))),
      h("div", { class: "wall" }, this.scroll, this.jump), this.composer.element);
    this.scroll.addEventListener("scroll", () => this.scrolled());
    for (const ends of ["scrollend", "wheel", "touchmove", "pointerdown", "keydown"]) {
      this.scroll.addEventListener(ends, () => (this.gliding = false), { passive: true });
    }
    this.scroll.addEventListener("contextmenu", (event) => this.context(event));
    this.scroll.addEventListener("dblclick", (event) => this.answerAt(event));
    this.scroll.addEventListener("pointerdown", (event) => this.longPress(event));
    this.element.addEventListener("focusin", () => app.activate(this));
    this.element.addEventListener("pointerdown", () => app.activate(this));
    this.actions = {
      copy: (text) => { copy(text); toast(this.element, "Copied to clipboard"); },
      send: (text) => this.act("send", { text }),
      start: (payload) => this.act("start", { payload }),
      isBot: (username) => username.toLowerCase() === this.bot?.username.toLowerCase(),
      show: (id) => this.flash(id),
      view: viewPicture,
      react: (message, emoji) => this.act("react", { message_id: message.message_id, emoji }),
      press: (message, key, button) => this.press(message, key, button),
      menu: (message, event) => { const box = event.currentTarget.getBoundingClientRect(); this.messageMenu(message, { x: box.left, y: box.bottom }); },
    };
  }

  async load() {
    let chat;
    try {
      chat = await get(`/sim/chat?person=${this.person.id}`);
    } catch (error) {
      if (error.status === 409) return;
      throw error;
    }
    this.bot = chat.bot;
    this.face.replaceChildren(avatar(chat.bot));
    this.title.textContent = chat.bot.first_name;
    const follow = !this.messages.size || this.distance() < NEAR;
    this.messages = new Map(chat.messages.map((message) => [message.message_id, message]));
    this.elements.clear();
    this.update(chat);
    this.paint();
    if (follow) this.toEnd();
  }

  async act(action, values = {}) {
    try {
      return await post("/sim/act", { person: this.person.id, action, ...values });
    } catch (error) {
      toast(this.element, error.message);
      return null;
    }
  }

  // --- changes from the server

  update(state) {
    Object.assign(this.state, state);
    clearTimeout(this.typing);
    const busy = { typing: "typing", upload_photo: "sending a photo", upload_document: "sending a file", record_voice: "recording" }[this.state.action] || (this.state.action ? "working" : "");
    this.status.className = busy ? "status busy" : "status";
    this.status.textContent = busy || (this.state.blocked ? "blocked" : "bot");
    if (busy) this.typing = setTimeout(() => this.update({ action: "" }), 5000);
    this.composer.update();
    this.paintRead();
  }

  receive(message) {
    const isNew = !this.messages.has(message.message_id);
    const follow = message.out || this.follows();
    this.messages.set(message.message_id, message);
    if (isNew && !message.out) {
      this.update({ action: "" });
      if (!this.app.isWatched(this)) {
        this.unreadFrom ??= message.message_id;
        this.unread += 1;
        this.app.counted();
      } else if (!follow) {
        this.unread += 1;
      }
    }
    if (!isNew) return this.revise(message);
    if (!this.state.started) this.update({ started: true });
    this.paint(message.message_id);
    if (follow) this.toEnd(true);
    return this.scrolled();
  }

  revise(message) {
    this.messages.set(message.message_id, message);
    const old = this.elements.get(message.message_id);
    if (!old) return;
    const follow = this.follows();
    const element = renderMessage(message, this.actions);
    element.classList.toggle("joined", old.classList.contains("joined"));
    element.classList.toggle("last", old.classList.contains("last"));
    old.replaceWith(element);
    this.elements.set(message.message_id, element);
    this.paintRead();
    if (follow) this.toEnd();
  }

  drop(id) {
    this.messages.delete(id);
    this.paint();
  }

  answered(press, answer) {
    this.presses.get(press)?.classList.remove("waiting");
    this.presses.delete(press);
    if (answer.text) (answer.show_alert ? alertBox : toast)(this.element, answer.text);
    if (answer.url && /^https?:/.test(answer.url)) window.open(answer.url, "_blank", "noopener");
  }

  // --- painting

  paint(added = null) {
    const top = this.scroll.scrollTop; // moving the messages into new parts empties the old ones
    const ordered = [...this.messages.values()].sort((a, b) => a.message_id - b.message_id);
    const parts = [];
    const kept = new Map();
    let before = null;
    for (const message of ordered) {
      const element = this.elements.get(message.message_id) || renderMessage(message, this.actions);
      const day = dayOf(message.date);
      const newDay = !before || dayOf(before.date) !== day;
      if (newDay) parts.push(h("div", { class: "day" }, h("div", { class: "service" }, day)));
      const section = parts[parts.length - 1]; // a day of its own, so that its date stays on top only while it is in view
      if (message.message_id === this.unreadFrom) section.append(h("div", { class: "unread" }, "Unread messages"));
      const joined = !newDay && before.out === message.out && message.date - before.date < 300;
      element.classList.toggle("joined", joined);
      element.classList.add("last");
      if (joined) kept.get(before.message_id).classList.remove("last");
      element.classList.toggle("new", message.message_id === added);
      kept.set(message.message_id, element);
      section.append(element);
      before = message;
    }
    if (!parts.length) parts.push(this.intro());
    this.elements = kept;
    this.scroll.replaceChildren(...parts);
    this.scroll.scrollTop = top;
    this.paintRead();
  }

  intro() {
    return h("div", { class: "intro" }, h("b", {}, "What can this bot do?"), this.bot?.description || `Press START to talk to ${this.bot?.first_name || "the bot"} as ${nameOf(this.person)}.`);
  }

  paintRead() {
    for (const [id, element] of this.elements) if (id <= this.state.read_to && element.classList.contains("out")) markRead(element);
  }

  distance() {
    return this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight;
  }

  scrolled() {
    const away = this.distance() > NEAR;
    if (!away && this.app.isWatched(this)) this.seen();
    this.jump.hidden = !away;
    this.jump.style.display = away ? "" : "none";
    this.jumpCount.textContent = this.unread;
    this.jumpCount.style.display = this.unread ? "" : "none";
    this.showDates();
  }

  // A date that floats over messages shows while scrolling and fades after, as in Telegram.
  showDates() {
    const top = this.scroll.getBoundingClientRect().top;
    for (const date of this.scroll.querySelectorAll(".day > .service")) {
      date.classList.toggle("floating", date.parentElement.getBoundingClientRect().top < top - 4);
      date.classList.remove("faded");
    }
    clearTimeout(this.fading);
    this.fading = setTimeout(() => this.scroll.querySelectorAll(".floating").forEach((date) => date.classList.add("faded")), 900);
  }

  // On its way to the end it follows as well: an answer comes while the question still glides up.
  follows() {
    return this.gliding || this.distance() < NEAR;
  }

  toEnd(smooth = false) {
    this.gliding = smooth && this.distance() >= NEAR;
    this.scroll.scrollTo({ top: this.scroll.scrollHeight, behavior: smooth && !document.hidden ? "smooth" : "instant" });
    this.scrolled();
  }

  flash(id) {
    const element = this.elements.get(id);
    if (!element) return;
    element.scrollIntoView({ block: "center", behavior: "smooth" });
    element.classList.remove("flash");
    requestAnimationFrame(() => element.classList.add("flash"));
  }

  seen() {
    if (!this.unread && this.unreadFrom === null) return;
    this.unread = 0;
    this.app.counted();
    if (this.unreadFrom !== null) {
      this.unreadFrom = null;
      const mark = this.scroll.querySelector(".unread");
      if (mark) setTimeout(() => { if (this.unreadFrom === null) mark.remove(); }, 4000);
    }
  }

  lastOwn() {
    return [...this.messages.values()].reverse().find((message) => message.out && (message.text || message.caption) && !message.forward_origin);
  }

  // --- deeds

  async press(message, key, button) {
    const { element } = this;
    if (key.copy_text) { copy(key.copy_text.text); return toast(element, "Copied to clipboard"); }
    if (key.url) return this.open(key.url);
    if (key.switch_inline_query_current_chat !== undefined) {
      this.composer.field.value = `@${this.bot.username} ${key.switch_inline_query_current_chat}`;
      this.composer.field.focus();
      return this.composer.changed();
    }
    if (key.callback_data === undefined) return toast(element, "This button does not work in the simulator");
    button.classList.add("waiting");
    setTimeout(() => button.classList.remove("waiting"), 10000);
    const pressed = await this.act("press", { message_id: message.message_id, button: key.callback_data });
    if (!pressed) return button.classList.remove("waiting");
    if (pressed.answer) return this.answered(pressed.press, pressed.answer);
    if (button.classList.contains("waiting")) this.presses.set(pressed.press, button);
    return undefined;
  }

  open(url) {
    const start = /^https?:\/\/t\.me\/(\w+)\/?\?start=([\w-]{1,64})$/i.exec(url);
    if (start && this.actions.isBot(start[1])) return this.act("start", { payload: start[2] });
    return /^https?:/i.test(url) ? window.open(url, "_blank", "noopener") : toast(this.element, url);
  }

  at(event) {
    const element = event.target.closest(".msg");
    return element && this.messages.get(Number(element.dataset.id));
  }

  context(event) {
    const message = this.at(event);
    if (!message || event.target.closest("a, textarea") || String(getSelection())) return;
    event.preventDefault();
    this.messageMenu(message, { x: event.clientX, y: event.clientY });
  }

  answerAt(event) {
    const message = this.at(event);
    if (message && !event.target.closest("button, a, .link")) { getSelection().removeAllRanges(); this.composer.answer(message); }
  }

  longPress(event) {
    const message = event.pointerType === "touch" && this.at(event);
    if (!message) return;
    const timer = setTimeout(() => this.messageMenu(message, { x: event.clientX, y: event.clientY }), 450);
    const stop = () => clearTimeout(timer);
    for (const name of ["pointerup", "pointermove", "pointercancel"]) this.scroll.addEventListener(name, stop, { once: true });
  }

  messageMenu(message, at) {
    const id = message.message_id;
    const text = message.text ?? message.caption;
    const mine = message.reactions?.find((one) => one.mine)?.emoji;
    let close = null;
    const emojis = h("div", { class: "emojis" }, EMOJIS.map((emoji) =>
      h("button", { class: emoji === mine ? "on" : "", "aria-label": `React ${emoji}`, onclick: () => { close(); this.actions.react(message, emoji === mine ? null : emoji); } }, emoji)));
    const rows = [{ icon: "reply", label: "Reply", run: () => this.composer.answer(message) }];
    if (message.out && text && !message.forward_origin) rows.push({ icon: "edit", label: "Edit", run: () => this.composer.edit(message) });
    if (text) rows.push({ icon: "copy", label: "Copy text", run: () => this.actions.copy(text) });
    rows.push({ icon: "forward", label: "Forward…", run: () => this.forwardMenu(message, at) });
    if (message.out && message.location?.live_period) {
      const { latitude, longitude } = message.location;
      rows.push({ icon: "live", label: "Move 100 m", run: () => this.act("move", { message_id: id, latitude: latitude + 0.0009, longitude }) });
      rows.push({ icon: "close", label: "Stop sharing", run: () => this.act("stop", { message_id: id }) });
    }
    rows.push({ icon: "trash", label: "Delete", bad: true, run: () => this.act("delete", { message_id: id }) });
    close = menu(at, rows, emojis);
  }

  forwardMenu(message, at) {
    menu(at, [...this.app.columns.values()].map((column) => ({
      icon: "forward",
      label: column === this ? "Here" : nameOf(column.person),
      run: async () => {
        if (await column.act("forward", { message_id: message.message_id, from_person: this.person.id })) this.app.activate(column);
      },
    })), null, "Forward to the bot in the chat of");
  }

  chatMenu(event) {
    const box = event.currentTarget.getBoundingClientRect();
    const rows = [{ icon: "send", label: "Open a start link…", run: () => this.startLink() }];
    if (this.state.blocked) rows.push({ icon: "check", label: "Unblock the bot", run: () => this.act("unblock") });
    else if (this.state.started) rows.push({ icon: "block", label: "Block the bot", bad: true, run: () => this.act("block") });
    menu({ x: box.right - 210, y: box.bottom }, rows);
  }

  async startLink() {
    const given = await ask(this.element, "Open a start link", [
      { name: "payload", label: "Link or its start parameter", required: true },
    ], "Open");
    if (given) this.act("start", { payload: given.payload.replace(/^.*[?&]start=/, "") });
  }
}
