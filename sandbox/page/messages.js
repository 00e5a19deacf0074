// The messages of a chat as bubbles. A bubble is drawn anew only when its messages changed, so
// that pictures do not flicker while a progress message is edited.

import { bytesFor, element, formatted } from "/page/text.js";

/** Draws a whole chat; `chat` knows its words and what a click does. */
export function drawAll(list, state, chat) {
  const kept = new Map([...list.children].map((node) => [node.dataset.key, node]));
  const nodes = groups(state.messages).map((group) => {
    const key = String(group[0].id);
    const waiting = group.flatMap((message) => message.keyboard.flat())
      .filter(({ action }) => chat.waits(group[0].id, action.callback));
    const look = JSON.stringify([group, replied(state, group[0]), waiting]);
    const old = kept.get(key);
    if (old?.look === look) return old;
    const node = bubble(group, state, chat);
    node.dataset.key = key;
    node.look = look;
    if (old) node.classList.add("still");
    return node;
  });
  // Only what moved is touched, which keeps the focus where it is.
  nodes.forEach((node, index) => {
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
  });
  while (list.children.length > nodes.length) list.lastChild.remove();
}

/** Messages that stand together: an album is one bubble. */
function groups(messages) {
  const made = [];
  for (const message of messages.filter(({ deleted }) => !deleted)) {
    const last = made.at(-1);
    if (message.album && last?.[0].album === message.album) last.push(message);
    else made.push([message]);
  }
  return made;
}

function replied(state, message) {
  return state.messages.find(({ id, deleted }) => id === message.reply_to && !deleted);
}

function bubble(group, state, chat) {
  const [first] = group;
  const body = element("div", "bubble");
  const quoted = replied(state, first);
  if (quoted) body.append(quote(quoted, state, chat));
  if (group.length > 1) body.append(album(group, chat));
  else if (first.media) body.append(media(first, chat));
  const time = stamp(group, chat);
  for (const message of group) {
    if (!message.words.text) continue;
    const words = formatted(message.words, (command) => chat.say(command));
    // The last line leaves room for the time: see `.words::after`.
    body.append(element("div", "words", words, { "data-stamp": time.textContent }));
  }
  body.append(time);
  const bare = first.media && !group.some(({ words }) => words.text) && !quoted;
  body.classList.toggle("bare", Boolean(bare) && first.media.kind !== "document");
  const reply = element("button", "reply", ["↩"], {
    type: "button", "data-reply-to": first.id, "aria-label": chat.words.reply,
    title: chat.words.reply,
  });
  reply.addEventListener("click", () => chat.answer(first));
  body.addEventListener("dblclick", () => chat.answer(first));
  const column = element("div", "column", [body, ...keyboard(first, chat)]);
  return element("li", `message ${first.from}`, [column, reply], {
    ...(group.length === 1 && { "data-message-id": first.id }),
    "data-from": first.from,
  });
}

function quote(message, state, chat) {
  const author = message.from === "bot" ? state.bot_name : state.first_name;
  const shown = element("button", "quote", [
    element("b", "", [author]),
    element("span", "", [message.words.text || chat.words.photo]),
  ], { type: "button" });
  shown.addEventListener("click", () => {
    const target = chat.root.querySelector(`[data-message-id="${message.id}"]`);
    target?.scrollIntoView({ block: "center", behavior: "smooth" });
  });
  return shown;
}

function stamp(group, chat) {
  const last = group.at(-1);
  const date = new Date(last.date * 1000);
  const format = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const time = date.toLocaleTimeString(chat.root.lang || "en", format);
  const edited = group.some(({ edit_date }) => edit_date) ? `${chat.words.edited} ` : "";
  return element("time", "stamp", [edited + time], { datetime: date.toISOString() });
}

const fileUrl = (media) => `/control/file/${encodeURIComponent(media.file_id)}`;

function album(group, chat) {
  const tiles = group.map((message) => {
    const tile = media(message, chat);
    tile.dataset.messageId = message.id;
    return tile;
  });
  const files = group.some((message) => message.media.kind === "document");
  return element("div", files ? "files" : `album of-${Math.min(group.length, 10)}`, tiles);
}

function media(message, chat) {
  const shown = message.media;
  switch (shown.kind) {
    case "photo":
      return photo(message, chat);
    case "sticker":
      return element("img", "sticker", [], { src: fileUrl(shown), alt: "🙂" });
    case "video":
    case "animation":
      return element("video", "", [], { src: fileUrl(shown), controls: "" });
    case "voice":
      return element("span", "voice", [`🎤 ${chat.words.voiceName} · 0:0${shown.duration_secs}`]);
    default:
      return documentCard(shown);
  }
}

function photo(message, chat) {
  const { media: shown, words, spoiler } = message;
  const picture = element("img", "", [], {
    src: fileUrl(shown), alt: words.text || chat.words.photo,
    width: shown.width, height: shown.height,
  });
  const open = element("button", "photo", [picture], { type: "button" });
  open.classList.toggle("hidden-picture", spoiler);
  open.addEventListener("click", () => {
    if (open.classList.contains("hidden-picture")) open.classList.remove("hidden-picture");
    else chat.showPicture(fileUrl(shown), shown);
  });
  return open;
}

function documentCard(shown) {
  const name = shown.file_name ?? shown.mime_type;
  const size = shown.width ? `${shown.width} × ${shown.height} · ` : "";
  return element("a", "document", [
    element("span", "glyph", ["↓"], { "aria-hidden": "true" }),
    element("span", "", [
      element("b", "", [name]),
      element("small", "", [size + bytesFor(shown.bytes)]),
    ]),
  ], { href: fileUrl(shown), download: name });
}

function keyboard(message, chat) {
  if (message.keyboard.length === 0) return [];
  const rows = message.keyboard.map((row) =>
    element("div", "row", row.map((button) => key(message, button, chat))));
  return [element("div", "keyboard", rows)];
}

function key(message, button, chat) {
  const { callback, url, copy } = button.action;
  if (url) {
    return element("a", "key link", [button.text], {
      href: url, target: "_blank", rel: "noopener noreferrer",
    });
  }
  const shown = element("button", "key", [button.text], { type: "button" });
  if (callback !== undefined) {
    shown.dataset.callback = callback;
    shown.classList.toggle("waiting", chat.waits(message.id, callback));
    shown.addEventListener("click", () => chat.press(message.id, callback));
  } else if (copy !== undefined) {
    shown.addEventListener("click", () => navigator.clipboard?.writeText(copy));
  } else {
    shown.disabled = true;
  }
  return shown;
}
