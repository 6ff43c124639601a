// Texts with Telegram's entities. Offsets are UTF-16 units, which is what JavaScript strings count in.

import { h } from "/dom.js";

const SAFE = /^(https?|tg|mailto|tel):/i;

export function renderText(text, entities, act) {
  const sorted = [...(entities || [])].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return build(text, 0, text.length, sorted, act);
}

function build(text, begin, end, entities, act) {
  const parts = [];
  let at = begin;
  for (let i = 0; i < entities.length; ) {
    const entity = entities[i];
    const from = Math.max(entity.offset, at);
    const to = Math.min(entity.offset + entity.length, end);
    let next = i + 1;
    if (to <= from) { i = next; continue; }
    while (next < entities.length && entities[next].offset < to) next += 1;
    if (from > at) parts.push(text.slice(at, from));
    parts.push(wrap(entity, text.slice(from, to), build(text, from, to, entities.slice(i + 1, next), act), act));
    at = to;
    i = next;
  }
  if (at < end) parts.push(text.slice(at, end));
  return parts;
}

function link(url, inner, act) {
  if (!SAFE.test(url)) return h("span", {}, inner);
  const start = /^https?:\/\/t\.me\/(\w+)\/?\?start=([\w-]{1,64})$/i.exec(url);
  if (start && act.isBot(start[1])) return h("span", { class: "link", title: url, onclick: () => act.start(start[2]) }, inner);
  return h("a", { href: url, title: url, target: "_blank", rel: "noopener noreferrer nofollow" }, inner);
}

function wrap(entity, plain, inner, act) {
  switch (entity.type) {
    case "bold": return h("strong", {}, inner);
    case "italic": return h("em", {}, inner);
    case "underline": return h("u", {}, inner);
    case "strikethrough": return h("s", {}, inner);
    case "code": return h("code", { title: "Copy", onclick: () => act.copy(plain) }, inner);
    case "pre": return h("pre", { title: "Copy", "data-language": entity.language, onclick: () => act.copy(plain) }, inner);
    case "spoiler": return h("span", { class: "spoiler", onclick: (event) => event.currentTarget.classList.add("open") }, inner);
    case "blockquote": return h("blockquote", {}, inner);
    case "expandable_blockquote":
      return h("blockquote", { class: "fold", onclick: (event) => event.currentTarget.classList.toggle("open") }, inner);
    case "text_link": return link(entity.url, inner, act);
    case "url": return link(/^[a-z]+:\/\//i.test(plain) ? plain : `https://${plain}`, inner, act);
    case "email": return link(`mailto:${plain}`, inner, act);
    case "phone_number": return h("span", { class: "link", title: "Copy the number", onclick: () => act.copy(plain) }, inner);
    case "bot_command": return h("span", { class: "link", onclick: () => act.send(plain) }, inner);
    case "mention": case "text_mention": case "hashtag": case "cashtag": return h("span", { class: "link" }, inner);
    case "date_time": return moment(entity, inner);
    default: return h("span", {}, inner);
  }
}

// Telegram shows a moment to each reader in the reader's own zone: r relative, w weekday, d/D date, t/T time.
function moment(entity, inner) {
  const date = new Date(entity.unix_time * 1000);
  const title = date.toLocaleString([], { dateStyle: "full", timeStyle: "long" });
  const format = entity.date_time_format || "";
  if (!format) return h("span", { class: "moment", title }, inner);
  return h("time", { class: "moment", title, datetime: date.toISOString() }, format.includes("r") ? relative(date) : absolute(date, format));
}

function absolute(date, format) {
  const parts = [];
  const day = {};
  if (format.includes("w")) day.weekday = format.includes("D") ? "long" : "short";
  if (format.includes("D")) Object.assign(day, { day: "numeric", month: "long", year: "numeric" });
  else if (format.includes("d")) Object.assign(day, { day: "numeric", month: "short" });
  if (Object.keys(day).length) parts.push(date.toLocaleDateString("en-GB", day));
  if (/t/i.test(format)) {
    const time = { hour: "2-digit", minute: "2-digit", hour12: false };
    if (format.includes("T")) time.second = "2-digit";
    parts.push(date.toLocaleTimeString("en-GB", time));
  }
  return parts.join(" ");
}

function relative(date) {
  const seconds = (date - Date.now()) / 1000;
  const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return format.format(Math.round(seconds / size), unit);
  }
  return format.format(Math.round(seconds), "second");
}
