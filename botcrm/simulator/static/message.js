// One message as an element.

import { h, icon, lengthOf, nameOf, sizeOf, timeOf } from "/dom.js";
import { renderText } from "/text.js";

const ONLY_EMOJI = /^(?:\p{Extended_Pictographic}(?:\uFE0F|\u200D|\p{Emoji_Modifier}|\p{Extended_Pictographic})*){1,3}$/u;

export function preview(message) {
  if (message.text || message.caption) return (message.text || message.caption).replace(/\s+/g, " ").slice(0, 160);
  if (message.photo) return "Photo";
  if (message.voice) return "Voice message";
  if (message.document) return message.document.file_name || "File";
  if (message.contact) return `Contact: ${nameOf(message.contact)}`;
  if (message.venue) return message.venue.title;
  if (message.location) return message.location.live_period ? "Live location" : "Location";
  return "Message";
}

export function renderMessage(message, act) {
  const kind = ["msg", message.out ? "out" : "in"];
  const rows = message.reply_markup?.inline_keyboard;
  if (rows) kind.push("keyed");
  if (message.text && !message.entities && !message.reply_to_message && ONLY_EMOJI.test(message.text)) kind.push("big");
  const bubble = h("div", { class: "bubble" }, origin(message), quote(message, act), media(message, act), words(message, act), meta(message));
  if (message.reactions?.length) bubble.append(reactions(message, act));
  const more = h("button", { class: "more", "aria-label": "Message actions", onclick: (event) => act.menu(message, event) }, icon("dots"));
  return h("div", { class: kind.join(" "), "data-id": message.message_id }, bubble, rows && keys(message, rows, act), more);
}

function origin(message) {
  const from = message.forward_origin;
  const lines = [];
  if (from) lines.push(h("div", { class: "origin" }, "Forwarded from ", h("b", {}, from.sender_user ? nameOf(from.sender_user) : from.sender_user_name || "someone")));
  if (message.via_bot) lines.push(h("div", { class: "origin" }, `via @${message.via_bot.username}`));
  return lines;
}

function quote(message, act) {
  const replied = message.reply_to_message;
  if (!replied) return null;
  return h("button", { class: "quote", onclick: () => act.show(replied.message_id) }, h("b", {}, nameOf(replied.from)), h("span", {}, preview(replied)));
}

function words(message, act) {
  const text = message.text ?? message.caption;
  if (!text) return null;
  return h("span", { class: "text" }, renderText(text, message.entities || message.caption_entities, act));
}

function meta(message) {
  const mark = h("span", { class: "meta" });
  const title = new Date(message.date * 1000).toLocaleString();
  if (message.edit_date && !message.location) mark.append(h("span", { title: `edited ${new Date(message.edit_date * 1000).toLocaleString()}` }, "edited"));
  mark.append(h("time", { title }, timeOf(message.date)));
  if (message.out) mark.append(icon("tick"));
  return mark;
}

export function markRead(element) {
  element.querySelector(".meta use")?.setAttribute("href", "#i-ticks");
}

function media(message, act) {
  if (message.photo) {
    const size = message.photo[message.photo.length - 1];
    const image = h("img", { class: "photo" + (message.caption ? "" : " bare"), src: message.file_url, alt: message.caption || "Photo", loading: "lazy", width: size.width, height: size.height });
    image.style.height = `${Math.round(Math.min(340, Math.max(120, (300 * size.height) / size.width)))}px`;
    image.style.minWidth = "min(280px, 62vw)";
    image.addEventListener("click", () => act.view(message.file_url));
    return image;
  }
  if (message.voice || message.audio) return sound(message, message.voice || message.audio);
  if (message.document || message.video || message.animation) {
    const file = message.document || message.video || message.animation;
    return h("a", { class: "attach link", href: message.file_url, download: file.file_name || "file" }, round("file"), h("span", {}, h("b", {}, file.file_name || "File"), h("small", {}, sizeOf(file.file_size))));
  }
  if (message.contact) return contact(message.contact, act);
  if (message.venue || message.location) return place(message, act);
  return null;
}

const round = (name) => h("span", { class: "round" }, icon(name));

function contact(card, act) {
  const name = nameOf(card);
  return h("button", { class: "attach", title: "Copy the number", onclick: () => act.copy(card.phone_number) },
    round("person"), h("span", {}, h("b", {}, name), h("small", {}, card.phone_number)));
}

function place(message, act) {
  const { latitude, longitude, live_period: live } = message.location;
  const where = `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
  const until = live && timeOf(message.date + live);
  const label = message.venue ? h("div", { class: "attach" }, h("span", {}, h("b", {}, message.venue.title), h("small", {}, message.venue.address)))
    : h("div", { class: "attach" }, h("span", {}, h("b", {}, live ? "Live location" : "Location"), h("small", {}, live ? `${where} · until ${until}` : where)));
  const map = h("button", { class: "map" + (live ? " live" : ""), title: "Copy the coordinates", "aria-label": `Map at ${where}`, onclick: () => act.copy(where) }, icon("pin"));
  return [map, label];
}

function sound(message, file) {
  const wave = h("span", { class: "wave", "aria-hidden": "true" });
  for (let bar = 0; bar < 28; bar += 1) {
    const line = h("i");
    line.style.height = `${5 + ((message.message_id * 31 + bar * bar * 7 + bar * 13) % 21)}px`;
    wave.append(line);
  }
  const button = h("button", { class: "round", "aria-label": "Play" }, icon("play"));
  let player = null;
  const show = (name) => button.replaceChildren(icon(name));
  button.addEventListener("click", () => {
    if (!player) {
      player = new Audio(message.file_url);
      player.addEventListener("ended", () => show("play"));
    }
    if (player.paused) player.play().then(() => show("pause")).catch(() => show("play"));
    else { player.pause(); show("play"); }
  });
  return h("div", { class: "attach" }, button, h("span", {}, wave, h("small", {}, lengthOf(file.duration || 0))));
}

function reactions(message, act) {
  return h("div", { class: "reactions" }, message.reactions.map((one) =>
    h("button", { class: one.mine ? "mine" : "", onclick: () => act.react(message, one.mine ? null : one.emoji) }, one.emoji, one.count > 1 ? ` ${one.count}` : "")));
}

function keys(message, rows, act) {
  const mark = (key) => (key.url || key.login_url ? "out" : key.copy_text ? "copy" : key.web_app ? "file" : "");
  return h("div", { class: "keys" }, rows.map((row) => h("div", {}, row.map((key) => {
    const button = h("button", { class: key.style || "", title: key.text, disabled: Boolean(key.disabled) }, key.text);
    if (mark(key)) {
      const corner = icon(mark(key));
      corner.classList.add("mark");
      button.append(corner);
    }
    button.addEventListener("click", () => act.press(message, key, button));
    return button;
  }))));
}
