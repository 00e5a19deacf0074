"use strict";
// The chat page: draws what the control API says, and plays the people who tap and type.

const WORDS = {
  ru: { write: "Сообщение", start: "Начать", block: "🚫 Заблокировать бота", unblock: "✅ Разблокировать бота",
        online: "бот на связи", blocked: "бот заблокирован", upload_photo: "отправляет фото…", typing: "печатает…",
        reply: "Ответ на", photo: "Фото", edited: "изменено" },
  en: { write: "Message", start: "Start", block: "🚫 Block the bot", unblock: "✅ Unblock the bot",
        online: "bot is online", blocked: "bot is blocked", upload_photo: "sending a photo…", typing: "typing…",
        reply: "Reply to", photo: "Photo", edited: "edited" },
};
const asked = new URLSearchParams(location.search).get("user");
const PEOPLE = [{ id: 1, first_name: "Анна", language_code: "ru" }, { id: 2, first_name: "Bob", language_code: "en" }]
  .filter((person) => !asked || String(person.id) === asked);

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

async function api(path, body, method = "POST") {
  const options = body instanceof FormData ? { method, body }
    : { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body ?? {}) };
  const answer = await fetch(`/control/${path}`, method === "GET" ? {} : options);
  if (!answer.ok) throw new Error(`control API answered ${answer.status}`);
  return answer.json();
}

// Entities nest and never cross: each becomes an element around its part of the text.
const TAGS = { bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote", text_link: "a", spoiler: "span" };

function formatted(text, entities, from = 0, to = text.length) {
  const part = document.createDocumentFragment();
  let place = from;
  const inside = entities.filter((e) => e.offset >= from && e.offset + e.length <= to);
  while (inside.length) {
    const entity = inside.shift();
    if (entity.offset < place) continue;
    // A quote is a block of its own: the line break after it would be an empty line.
    if (part.lastElementChild?.tagName === "BLOCKQUOTE" && text[place] === "\n") place += 1;
    part.append(text.slice(place, entity.offset));
    const end = entity.offset + entity.length;
    const node = make(TAGS[entity.type] ?? "span", entity.type === "spoiler" ? { class: "spoiler" } : {});
    if (entity.url && /^https?:/.test(entity.url)) Object.assign(node, { href: entity.url, target: "_blank", rel: "noopener" });
    node.append(formatted(text, inside.filter((e) => e.offset + e.length <= end), entity.offset, end));
    part.append(node);
    place = end;
  }
  if (part.lastElementChild?.tagName === "BLOCKQUOTE" && text[place] === "\n") place += 1;
  part.append(text.slice(place, to));
  return part;
}

class Phone {
  constructor(person) {
    this.person = person;
    this.words = WORDS[person.language_code] ?? WORDS.en;
    this.files = [];
    this.replyTo = null;
    this.commands = [];
    this.shown = new Map();
    this.node = document.getElementById("person").content.firstElementChild.cloneNode(true);
    this.node.dataset.chat = person.id;
    this.find = (selector) => this.node.querySelector(selector);
    this.log = this.find(".log");
    this.input = this.find("[data-input]");
    this.find(".name").textContent = person.first_name;
    this.find(".face").textContent = person.first_name[0];
    this.input.placeholder = this.words.write;
    this.input.setAttribute("aria-label", this.words.write);
    this.listen();
  }

  listen() {
    this.find(".composer").addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.send(); }
      if (event.key === "Escape") this.find(".commands").hidden = true;
    });
    this.input.addEventListener("input", () => { this.grow(); this.suggest(); });
    this.find("[data-attach]").addEventListener("change", (event) => { this.attach(event.target.files); event.target.value = ""; });
    this.input.addEventListener("paste", (event) => this.attach(event.clipboardData.files));
    this.node.addEventListener("dragover", (event) => { event.preventDefault(); this.node.classList.add("drop"); });
    this.node.addEventListener("dragleave", () => this.node.classList.remove("drop"));
    this.node.addEventListener("drop", (event) => { event.preventDefault(); this.node.classList.remove("drop"); this.attach(event.dataTransfer.files); });
    this.find(".reply button").addEventListener("click", () => this.answer(null));
    for (const button of this.node.querySelectorAll("[data-act]")) {
      button.addEventListener("click", () => { this.find(".menu").open = false; api(`chats/${this.person.id}/${button.dataset.act}`); });
    }
  }

  grow() { this.input.style.height = "auto"; this.input.style.height = `${Math.min(this.input.scrollHeight + 2, 150)}px`; }

  suggest() {
    const list = this.find(".commands");
    const typed = this.input.value;
    const fitting = typed.startsWith("/") && !typed.includes(" ") ? this.commands.filter((c) => `/${c.command}`.startsWith(typed)) : [];
    list.replaceChildren(...fitting.map((c) => make("li", { onclick: () => { list.hidden = true; this.input.value = ""; this.say(`/${c.command}`); } },
      make("b", {}, `/${c.command}`), c.description)));
    list.hidden = fitting.length === 0;
  }

  attach(files) {
    this.files.push(...[...files].filter((file) => file.type.startsWith("image/")));
    const previews = this.find(".previews");
    previews.hidden = this.files.length === 0;
    previews.replaceChildren(...this.files.map((file) => make("figure", {},
      make("img", { src: URL.createObjectURL(file), alt: file.name }),
      make("button", { type: "button", "aria-label": "✕", onclick: () => { this.files = this.files.filter((f) => f !== file); this.attach([]); } }, "✕"))));
  }

  answer(message) {
    this.replyTo = message?.id ?? null;
    this.find(".reply").hidden = !message;
    if (message) { this.find(".reply span").textContent = `${this.words.reply}: ${message.text.slice(0, 60) || this.words.photo}`; this.input.focus(); }
  }

  say(text) { return api(`chats/${this.person.id}/text`, { text, reply_to: this.replyTo ?? undefined }); }

  async send() {
    const text = this.input.value.trim();
    if (this.files.length) {
      const form = new FormData();
      for (const file of this.files) form.append("photo", file, file.name);
      form.append("caption", text);
      if (this.replyTo) form.append("reply_to", this.replyTo);
      this.files = []; this.attach([]);
      await api(`chats/${this.person.id}/photos`, form);
    } else if (text) await this.say(text); else return;
    this.input.value = ""; this.grow(); this.answer(null); this.find(".commands").hidden = true;
  }

  async refresh() {
    const chat = await api(`chats/${this.person.id}`, null, "GET");
    this.commands = chat.commands;
    this.find(".status").textContent = chat.blocked ? this.words.blocked : this.words[chat.action] ?? this.words.online;
    this.find("[data-act$=block]").dataset.act = chat.blocked ? "unblock" : "block";
    this.find("[data-act$=block]").textContent = chat.blocked ? this.words.unblock : this.words.block;
    const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 120;
    this.draw(chat.messages);
    if (atEnd) this.log.scrollTop = this.log.scrollHeight;
  }

  // Only what changed is drawn anew, so a reader keeps the place and the focus.
  draw(messages) {
    const ids = new Set(messages.map((m) => m.id));
    for (const [id, shown] of this.shown) if (!ids.has(id)) { shown.node.remove(); this.shown.delete(id); }
    for (const message of messages) {
      const state = JSON.stringify(message);
      const shown = this.shown.get(message.id);
      if (shown?.state === state) continue;
      const node = this.message(message, messages);
      if (shown) shown.node.replaceWith(node); else { node.classList.add("new"); this.log.append(node); }
      this.shown.set(message.id, { state, node });
    }
    this.find(".start")?.remove();
    if (!messages.length) this.log.append(make("button", { class: "start", type: "button", onclick: () => this.say("/start") }, this.words.start));
  }

  message(message, all) {
    const bubble = make("div", { class: "bubble" });
    const quoted = all.find((m) => m.id === message.reply_to);
    if (quoted) bubble.append(make("div", { class: "quote" }, quoted.text.slice(0, 80) || this.words.photo));
    if (message.media) bubble.append(this.media(message.media));
    if (message.text) { const text = make("div", { class: "text" }); text.append(formatted(message.text, message.entities)); bubble.append(text); }
    const time = new Date(message.date * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    bubble.append(make("div", { class: "meta" }, message.edited ? `${this.words.edited} ${time}` : time));
    const node = make("article", { class: "msg", "data-message-id": message.id, "data-from": message.from }, bubble,
      make("button", { class: "answer", type: "button", title: this.words.reply, "aria-label": this.words.reply, onclick: () => this.answer(message) }, "↩"));
    if (message.keyboard.length) node.append(make("div", { class: "keys" }, ...message.keyboard.map((row) => make("div", {}, ...row.map((button) => this.key(message, button))))));
    return node;
  }

  media(media) {
    if (media.kind === "photo") {
      const image = make("img", { class: "photo", src: media.url, alt: this.words.photo, width: media.width, height: media.height, tabindex: "0" });
      image.style.height = "auto";
      const open = () => { const viewer = document.getElementById("viewer"); viewer.querySelector("img").src = media.url; viewer.showModal(); };
      image.addEventListener("click", open);
      image.addEventListener("load", () => { this.log.scrollTop = this.log.scrollHeight; });
      return image;
    }
    const icon = { sticker: "🙂", voice: "🎙" }[media.kind] ?? "📄";
    return make("a", { class: "file", href: media.url, download: media.file_name }, make("span", {}, icon),
      make("span", {}, make("b", {}, media.file_name), make("br"), `${Math.ceil(media.size / 1024)} KB`));
  }

  key(message, button) {
    if (button.url) return make("button", { type: "button", onclick: () => window.open(button.url, "_blank", "noopener") }, `${button.text} ↗`);
    const node = make("button", { type: "button", "data-callback": button.data }, button.text);
    node.addEventListener("click", () => { node.classList.add("waiting"); setTimeout(() => node.classList.remove("waiting"), 4000);
      api(`chats/${this.person.id}/press`, { message_id: message.id, data: button.data }); });
    return node;
  }

  toast(text, alert) {
    for (const node of this.node.querySelectorAll(".waiting")) node.classList.remove("waiting");
    if (!text) return;
    if (alert) { const box = document.getElementById("alert"); box.querySelector("p").textContent = text; box.showModal(); return; }
    const toast = this.find(".toast");
    toast.textContent = text; toast.hidden = false;
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => { toast.hidden = true; }, 3500);
  }
}

async function begin() {
  const phones = new Map();
  for (const person of PEOPLE) {
    await api("users", person);
    const phone = new Phone(person);
    phones.set(person.id, phone);
    document.getElementById("people").append(phone.node);
    await phone.refresh();
  }
  const second = document.getElementById("second");
  second.hidden = PEOPLE.length < 2;
  second.addEventListener("click", () => {
    const other = [...phones.values()][1].node;
    const narrow = matchMedia("(max-width: 760px)").matches;
    if (narrow) document.body.classList.toggle("second"); else other.hidden = !other.hidden;
    second.setAttribute("aria-pressed", String(!other.hidden));
  });
  const offline = document.getElementById("offline");
  const events = new EventSource("/control/events");
  const due = new Set();
  events.addEventListener("open", () => { offline.hidden = true; for (const phone of phones.values()) phone.refresh(); });
  events.addEventListener("error", () => { offline.hidden = false; });
  events.addEventListener("message", (event) => {
    const news = JSON.parse(event.data);
    const phone = phones.get(news.chat_id);
    if (!phone) return;
    if (news.type === "toast") { phone.toast(news.text, news.alert); return; }
    if (due.has(phone)) return;
    due.add(phone);
    setTimeout(() => { due.delete(phone); phone.refresh().catch(() => { offline.hidden = false; }); }, 40);
  });
}

begin();
