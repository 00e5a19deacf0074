// One person's chat: draws what the person sees, and does what the person does.

import { drawAll } from "/page/messages.js";
import { bytesFor, element, wordsFor } from "/page/text.js";

/** Telegram's albums end here. */
const ATTACHMENTS_MAX = 10;

/** Pictures that can go as photos; anything else goes as a file. */
const PHOTO_TYPES = ["image/png", "image/jpeg", "image/webp"];

const TOAST_MILLIS = 3500;

/** Nearer to the end than this, the chat follows new messages. */
const END_PIXELS = 80;

/** Calls the control API; a refusal becomes an Error with its reason. */
export async function call(method, path, body) {
  const options = { method };
  if (body instanceof FormData) {
    options.body = body;
  } else if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = { "content-type": "application/json" };
  }
  const response = await fetch(`/control/${path}`, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? response.statusText);
  return answer;
}

export class Chat {
  constructor(state, showPicture) {
    this.id = state.id;
    this.words = wordsFor(state.language_code);
    this.showPicture = showPicture;
    this.toastsShown = state.toasts.length;
    this.pressed = new Map();
    this.files = [];
    this.replyTo = null;
    this.wanted = state.version;
    this.root = document.getElementById("chat").content.firstElementChild.cloneNode(true);
    this.root.dataset.chat = state.id;
    this.root.lang = state.language_code;
    this.root.setAttribute("aria-label", state.first_name);
    this.label();
    this.listen();
    this.followEnd();
    this.draw(state);
  }

  find(name) {
    return this.root.querySelector(`[data-${name}]`);
  }

  label() {
    const { words } = this;
    this.find("input").placeholder = words.message;
    this.find("input").setAttribute("aria-label", words.message);
    this.find("send").setAttribute("aria-label", words.send);
    this.find("attach").setAttribute("aria-label", words.attach);
    this.find("attach-label").title = words.attach;
    this.find("commands-toggle").setAttribute("aria-label", words.commands);
    this.find("commands-toggle").title = words.commands;
    this.find("menu").firstElementChild.setAttribute("aria-label", words.menu);
    this.find("reply-cancel").setAttribute("aria-label", words.cancel);
    this.find("as-file-label").textContent = words.asFile;
    this.find("start").textContent = words.start;
    this.find("unblock").textContent = words.unblock;
    this.find("block").textContent = words.block;
    this.find("sticker").textContent = words.sticker;
    this.find("voice").textContent = words.voice;
  }

  listen() {
    const on = (name, event, act) => this.find(name).addEventListener(event, act);
    on("composer", "submit", (event) => {
      event.preventDefault();
      this.send();
    });
    on("input", "keydown", (event) => this.key(event));
    on("input", "input", () => this.typed());
    on("input", "paste", (event) => this.attach(event.clipboardData.files));
    on("attach", "change", (event) => {
      this.attach(event.target.files);
      event.target.value = "";
    });
    on("start", "click", () => this.say("/start"));
    on("block", "click", () => this.act("block"));
    on("unblock", "click", () => this.act("unblock"));
    on("sticker", "click", () => this.act("sticker"));
    on("voice", "click", () => this.act("voice"));
    on("menu", "click", (event) => {
      if (event.target.closest(".sheet")) this.find("menu").open = false;
    });
    on("menu", "focusout", (event) => {
      if (!this.find("menu").contains(event.relatedTarget)) this.find("menu").open = false;
    });
    on("reply-cancel", "click", () => this.answer(null));
    on("commands-toggle", "click", () => this.showCommands(this.find("commands").hidden, ""));
    this.root.addEventListener("dragover", (event) => event.preventDefault());
    this.root.addEventListener("drop", (event) => {
      event.preventDefault();
      this.attach(event.dataTransfer.files);
    });
  }

  // What the person sees.

  /** Fetches the chat until it is as new as the version that was announced. */
  async refresh(version) {
    this.wanted = Math.max(this.wanted, version ?? 0);
    if (this.fetching) return;
    this.fetching = true;
    try {
      while (this.state.version < this.wanted) this.draw(await call("GET", `chats/${this.id}`));
    } catch (error) {
      this.fail(error);
    } finally {
      this.fetching = false;
    }
  }

  draw(state) {
    this.state = state;
    this.drawToasts(state);
    drawAll(this.find("messages"), state, this);
    this.drawFrame(state);
  }

  /** Keeps the newest message in sight, unless the person scrolled up to read. */
  followEnd() {
    const scroll = this.find("scroll");
    this.follows = true;
    let top = 0;
    scroll.addEventListener("scroll", () => {
      // A message that grows moves the end away, but only a person scrolls up.
      const up = scroll.scrollTop < top;
      const left = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight;
      top = scroll.scrollTop;
      if (left < END_PIXELS) this.follows = true;
      else if (up) this.follows = false;
    });
    const resized = new ResizeObserver(() => {
      if (this.follows) scroll.scrollTop = scroll.scrollHeight;
    });
    resized.observe(scroll);
    resized.observe(this.find("messages"));
  }

  drawFrame(state) {
    const blocked = state.presence === "blocked";
    const empty = state.messages.every((message) => message.deleted);
    this.find("bot-name").textContent = state.bot_name;
    this.find("person").textContent = state.first_name;
    this.find("empty").hidden = !empty;
    this.find("about").textContent = state.bot_about || this.words.about;
    this.find("start").hidden = !empty || blocked;
    this.find("unblock").hidden = !blocked;
    this.find("block").hidden = blocked;
    this.find("composer").hidden = empty || blocked;
    this.drawStatus(state, blocked);
    this.drawKeys(state.reply_keyboard);
  }

  drawStatus(state, blocked) {
    const status = this.find("status");
    clearTimeout(this.actionTimer);
    const action = state.action && this.words.actions[state.action.name];
    status.classList.toggle("busy", Boolean(action));
    status.textContent = blocked ? this.words.blocked : action || this.words.bot;
    if (!action) return;
    this.actionTimer = setTimeout(() => {
      this.drawStatus({ ...state, action: null }, blocked);
    }, state.action.millis_left);
  }

  drawKeys(rows) {
    const shown = rows.map((row) => element("div", "row", row.map((text) => {
      const key = element("button", "", [text], { type: "button", "data-key": text });
      key.addEventListener("click", () => this.say(text));
      return key;
    })));
    this.find("keys").hidden = rows.length === 0;
    this.find("keys").replaceChildren(...shown);
  }

  drawToasts(state) {
    for (const toast of state.toasts.slice(this.toastsShown)) {
      this.pressed.delete(toast.callback_id);
      if (toast.url) window.open(toast.url, "_blank", "noopener");
      if (!toast.text) continue;
      if (toast.alert) {
        this.find("alert-text").textContent = toast.text;
        if (!this.find("alert").open) this.find("alert").show();
        this.find("alert-close").focus();
      } else {
        this.toast(toast.text);
      }
    }
    this.toastsShown = state.toasts.length;
  }

  toast(text) {
    const toast = this.find("toast");
    toast.textContent = text;
    toast.hidden = false;
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => (toast.hidden = true), TOAST_MILLIS);
  }

  fail(error) {
    this.toast(this.words.failed + error.message);
  }

  /** Whether a button waits for the bot. */
  waits(messageId, data) {
    return [...this.pressed.values()].includes(`${messageId} ${data}`);
  }

  // What the person does.

  async act(verb, body) {
    try {
      return await call("POST", `chats/${this.id}/${verb}`, body);
    } catch (error) {
      this.fail(error);
      return null;
    }
  }

  say(text) {
    this.follows = true;
    this.showCommands(false, "");
    return this.act("text", { text });
  }

  async press(messageId, data) {
    const pressed = await this.act("press", { message_id: messageId, data });
    if (!pressed) return;
    const answered = this.state.toasts.some((toast) => toast.callback_id === pressed.callback_id);
    if (answered) return;
    this.pressed.set(pressed.callback_id, `${messageId} ${data}`);
    drawAll(this.find("messages"), this.state, this);
  }

  async send() {
    const input = this.find("input");
    const text = input.value.trim();
    if (!text && this.files.length === 0) return;
    const { files, replyTo } = this;
    const asFile = this.find("as-file").checked;
    this.follows = true;
    input.value = "";
    this.files = [];
    this.answer(null);
    this.drawPreviews();
    this.typed();
    input.focus();
    const sent = files.length > 0
      ? await this.act("media", upload(files, text, replyTo, asFile))
      : await this.act("text", { text, reply_to: replyTo });
    if (sent) return;
    // Nothing is lost when it did not go out.
    input.value ||= text;
    this.files = files;
    this.drawPreviews();
  }

  key(event) {
    if (event.key === "Escape") {
      this.answer(null);
      this.showCommands(false, "");
    }
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.send();
  }

  typed() {
    const input = this.find("input");
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight, 140)}px`;
    const command = /^\/(\w*)$/.exec(input.value);
    this.showCommands(Boolean(command), command?.[1] ?? "");
  }

  showCommands(wanted, prefix) {
    const fitting = this.state.menu.filter(({ command }) => command.startsWith(prefix));
    const shown = wanted && fitting.length > 0;
    this.find("commands").hidden = !shown;
    this.find("commands-toggle").setAttribute("aria-expanded", String(shown));
    this.find("commands-toggle").hidden = this.state.menu.length === 0;
    this.find("commands").replaceChildren(...fitting.map(({ command, description }) => {
      const line = element(
        "button", "", [element("b", "", [`/${command}`]), description],
        { type: "button", "data-command": command },
      );
      line.addEventListener("click", () => {
        this.find("input").value = "";
        this.say(`/${command}`);
      });
      return line;
    }));
  }

  /** Answers a message with what is sent next; `null` answers none. */
  answer(message) {
    this.replyTo = message?.id ?? null;
    this.find("reply").hidden = !message;
    this.find("reply-text").textContent = message ? message.words.text || this.words.photo : "";
    if (message) this.find("input").focus();
  }

  attach(files) {
    this.files = [...this.files, ...files].slice(0, ATTACHMENTS_MAX);
    this.drawPreviews();
    if (this.files.length > 0) this.find("input").focus();
  }

  drawPreviews() {
    this.find("attachments").hidden = this.files.length === 0;
    if (this.files.length === 0) this.find("as-file").checked = false;
    this.find("previews").replaceChildren(...this.files.map((file) => {
      const remove = element("button", "", ["✕"], {
        type: "button",
        "aria-label": `${this.words.remove}: ${file.name}`,
      });
      remove.addEventListener("click", () => {
        this.files = this.files.filter((other) => other !== file);
        this.drawPreviews();
      });
      return element("li", "", [preview(file), remove], { title: file.name });
    }));
  }
}

function preview(file) {
  if (!PHOTO_TYPES.includes(file.type)) {
    return element("span", "", [`${file.name} · ${bytesFor(file.size)}`]);
  }
  const url = URL.createObjectURL(file);
  const picture = element("img", "", [], { src: url, alt: file.name });
  picture.addEventListener("load", () => URL.revokeObjectURL(url));
  return picture;
}

function upload(files, caption, replyTo, asFile) {
  const form = new FormData();
  files.forEach((file, index) => form.append(`file${index}`, file, file.name));
  form.append("caption", caption);
  if (replyTo) form.append("reply_to", replyTo);
  const photos = !asFile && files.every((file) => PHOTO_TYPES.includes(file.type));
  form.append("as", photos ? "photo" : "document");
  return form;
}
