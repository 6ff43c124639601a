// The foot of a chat: text field, command list, attachments, reply keyboard.

import { h, icon, nameOf } from "/dom.js";
import { preview } from "/message.js";
import { ask, menu, toast } from "/popups.js";
import { samplePhoto, sampleVoice, toBase64 } from "/samples.js";

export class Composer {
  constructor(column) {
    this.column = column;
    this.reply = null;
    this.editing = null;
    this.boardOpen = true;
    this.choice = 0;
    this.found = null;
    this.field = h("textarea", { rows: 1, placeholder: "Message", "aria-label": "Message", maxlength: 12000 });
    this.menuButton = h("button", { class: "menu-button", onclick: () => this.toggleCommands() }, icon("menu"), "Menu");
    this.boardButton = h("button", { class: "icon", title: "Bot keyboard", "aria-label": "Bot keyboard", onclick: () => { this.boardOpen = !this.boardOpen; this.showBoard(); } }, icon("keys"));
    this.clip = h("button", { class: "icon", title: "Attach", "aria-label": "Attach", onclick: (event) => this.attach(event) }, icon("clip"));
    this.go = h("button", { class: "icon go", onclick: () => (this.field.value.trim() ? this.submit() : this.act("voice", { data: sampleVoice(), duration: 2 })) });
    this.context = h("div", { class: "context", hidden: true });
    this.line = h("div", { class: "line" }, this.menuButton, this.clip, this.field, this.boardButton, this.go);
    this.wide = h("button", { class: "wide", hidden: true });
    this.board = h("div", { class: "board", hidden: true });
    this.list = h("div", { class: "list", role: "listbox", hidden: true });
    this.element = h("footer", { class: "foot" }, this.list, this.context, this.line, this.wide, this.board);
    this.field.addEventListener("input", () => this.changed());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.field.addEventListener("paste", (event) => this.paste(event));
    this.field.addEventListener("blur", () => setTimeout(() => { if (!this.element.contains(document.activeElement)) this.hideList(); }, 150));
    this.changed();
  }

  act(action, values = {}) {
    return this.column.act(action, values);
  }

  // Shows what the chat's state allows: start, unblock, the keyboard, the menu.
  update() {
    const { started, blocked, commands, menu_button: button } = this.column.state;
    this.wide.hidden = started && !blocked;
    this.line.hidden = !this.wide.hidden;
    this.line.style.display = this.line.hidden ? "none" : "";
    this.wide.textContent = blocked ? "UNBLOCK" : "START";
    this.wide.onclick = () => this.act(blocked ? "unblock" : "start");
    this.menuButton.hidden = !commands.length;
    this.menuButton.style.display = commands.length ? "" : "none";
    this.menuButton.title = button.text || "Commands of the bot";
    this.showBoard();
  }

  showBoard() {
    const keyboard = this.column.state.keyboard;
    const rows = keyboard?.keyboard || [];
    this.boardButton.style.display = rows.length ? "" : "none";
    this.board.hidden = !rows.length || !this.boardOpen || !this.column.state.started;
    this.board.style.display = this.board.hidden ? "none" : "";
    this.board.replaceChildren(...rows.map((row) => h("div", {}, row.map((key) =>
      h("button", { onclick: () => this.act("keyboard", { label: key.text }) }, key.text)))));
    this.field.placeholder = keyboard?.input_field_placeholder || "Message";
  }

  changed() {
    this.field.style.height = "auto";
    if (this.field.scrollHeight) this.field.style.height = `${this.field.scrollHeight}px`;
    const writing = this.field.value.trim() !== "";
    this.go.replaceChildren(icon(this.editing ? "check" : writing ? "send" : "mic"));
    this.go.title = this.editing ? "Save" : writing ? "Send" : "Send a voice sample";
    this.go.setAttribute("aria-label", this.go.title);
    this.clip.style.display = this.editing ? "none" : "";
    this.suggest();
  }

  key(event) {
    if (event.isComposing) return;
    const open = !this.list.hidden && this.rows?.length;
    if (event.key === "Escape") {
      this.hideList();
      this.clear();
    } else if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      this.choice = (this.choice + (event.key === "ArrowDown" ? 1 : this.rows.length - 1)) % this.rows.length;
      this.paintChoice();
    } else if (open && event.key === "Tab") {
      event.preventDefault();
      this.rows[this.choice].insert();
    } else if (open && event.key === "Enter") {
      event.preventDefault();
      this.rows[this.choice].run();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "ArrowUp" && !this.field.value) {
      const last = this.column.lastOwn();
      if (last) { event.preventDefault(); this.edit(last); }
    }
  }

  async submit() {
    const text = this.field.value;
    if (!text.trim()) return;
    const sent = this.editing ? await this.act("edit", { message_id: this.editing.message_id, text })
      : await this.act("send", { text, reply_to: this.reply?.message_id });
    if (sent) { this.field.value = ""; this.clear(); }
  }

  clear() {
    if (this.editing) this.field.value = "";
    this.reply = this.editing = null;
    this.context.hidden = true;
    this.context.style.display = "none";
    this.changed();
  }

  answer(message) {
    this.clear();
    this.reply = message;
    this.showContext("reply", nameOf(message.from), preview(message));
  }

  edit(message) {
    this.clear();
    this.editing = message;
    this.field.value = message.text ?? message.caption ?? "";
    this.showContext("edit", "Edit message", preview(message));
    this.changed();
  }

  showContext(name, title, text) {
    this.context.hidden = false;
    this.context.style.display = "";
    this.context.replaceChildren(icon(name), h("div", { class: "names" }, h("b", {}, title), h("span", {}, text)),
      h("button", { class: "icon", "aria-label": "Cancel", onclick: () => this.clear() }, icon("close")));
    this.field.focus();
  }

  // --- commands and inline results above the field

  toggleCommands() {
    if (!this.list.hidden) return this.hideList();
    this.showCommands(this.column.state.commands);
    return this.field.focus();
  }

  suggest() {
    const text = this.field.value;
    const bot = this.column.bot?.username;
    const inline = bot && text.toLowerCase().startsWith(`@${bot.toLowerCase()} `);
    if (inline) return this.search(text.slice(bot.length + 2));
    const typed = /^\/(\w*)$/.exec(text);
    const commands = typed && !this.editing ? (this.column.state?.commands || []).filter((one) => one.command.startsWith(typed[1].toLowerCase())) : [];
    return commands.length ? this.showCommands(commands) : this.hideList();
  }

  showCommands(commands) {
    this.show(commands.map((one) => ({
      run: () => { this.hideList(); this.field.value = ""; this.changed(); this.act("send", { text: `/${one.command}` }); },
      insert: () => { this.field.value = `/${one.command} `; this.changed(); this.field.focus(); },
      parts: [h("b", {}, `/${one.command}`), h("span", { class: "about" }, one.description)],
    })));
  }

  search(query) {
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      const answer = await this.act("inline", { query, wait: 4 });
      if (!answer || !this.field.value.startsWith("@")) return;
      this.show(answer.results.map((one) => {
        const run = () => { this.hideList(); this.field.value = ""; this.changed(); this.act("choose", { search: answer.search, result: one.id }); };
        return { run, insert: run, parts: [h("span", { class: "stack" }, h("b", {}, one.title || one.id), h("span", { class: "about" }, one.description || ""))] };
      }));
    }, 250);
  }

  show(rows) {
    this.rows = rows;
    this.choice = 0;
    this.list.replaceChildren(...rows.map((row) => h("div", { class: "row", role: "option", onclick: row.run }, row.parts,
      h("button", { class: "icon", "aria-label": "Insert", title: "Insert (Tab)", onclick: (event) => { event.stopPropagation(); row.insert(); } }, icon("insert")))));
    this.list.hidden = !rows.length;
    this.list.style.display = rows.length ? "" : "none";
    this.paintChoice();
  }

  paintChoice() {
    [...this.list.children].forEach((row, at) => row.classList.toggle("on", at === this.choice));
    this.list.children[this.choice]?.scrollIntoView({ block: "nearest" });
  }

  hideList() {
    this.list.hidden = true;
    this.list.style.display = "none";
  }

  // --- attachments

  attach(event) {
    const box = event.currentTarget.getBoundingClientRect();
    const place = () => ({ latitude: 52.2297 + Math.random() / 100, longitude: 21.0122 + Math.random() / 100 });
    menu({ x: box.left, y: box.top - 4 }, [
      { icon: "photo", label: "Photo…", run: () => this.pick("photo", "image/*") },
      { icon: "photo", label: "Sample photo", run: async () => this.act("photo", { data: await samplePhoto() }) },
      { icon: "file", label: "File…", run: () => this.pick("document", "") },
      { icon: "person", label: "Contact…", run: () => this.contact() },
      { icon: "person", label: "My phone number", run: () => this.act("share_contact") },
      { icon: "pin", label: "Location…", run: () => this.location() },
      { icon: "live", label: "Live location, 15 min", run: () => this.act("location", { ...place(), live_period: 900, horizontal_accuracy: 20 }) },
      { icon: "mic", label: "Voice sample", run: () => this.act("voice", { data: sampleVoice(), duration: 2 }) },
    ]);
  }

  pick(action, accept) {
    const input = h("input", { type: "file", accept });
    input.addEventListener("change", () => { if (input.files[0]) this.upload(action, input.files[0]); });
    input.click();
  }

  async upload(action, file) {
    if (file.size > 20 * 1024 * 1024) return toast(this.column.element, "Files up to 20 MB, please");
    const caption = this.field.value.trim();
    const sent = await this.act(action, { data: await toBase64(file), name: file.name, caption: caption || undefined, reply_to: this.reply?.message_id });
    if (sent) { this.field.value = ""; this.clear(); }
    return sent;
  }

  paste(event) {
    const file = [...event.clipboardData.files][0];
    if (!file) return;
    event.preventDefault();
    this.upload(file.type.startsWith("image/") ? "photo" : "document", file);
  }

  async contact() {
    const given = await ask(this.column.element, "Send a contact", [
      { name: "first_name", label: "First name", required: true, value: "Jan" },
      { name: "last_name", label: "Last name", value: "Nowak" },
      { name: "phone", label: "Phone", required: true, value: "+48 601 234 567", mode: "tel" },
    ]);
    if (given) this.act("contact", given);
  }

  async location() {
    const given = await ask(this.column.element, "Send a location", [
      { name: "latitude", label: "Latitude", required: true, value: "52.2297", mode: "decimal" },
      { name: "longitude", label: "Longitude", required: true, value: "21.0122", mode: "decimal" },
    ]);
    if (given) this.act("location", { latitude: Number(given.latitude), longitude: Number(given.longitude) });
  }
}
