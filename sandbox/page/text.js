// Words of the page, and words of messages: text and entities in, DOM nodes out.
//
// Nothing a person or a bot wrote ever becomes HTML: every piece is a text node inside an
// element that is made here.

const RUSSIAN = {
  about: "Здесь пока пусто. Нажмите «Начать», чтобы познакомиться с ботом.",
  asFile: "Отправить файлом, без сжатия",
  attach: "Прикрепить фото или файл",
  block: "Заблокировать бота",
  blocked: "бот заблокирован",
  bot: "бот",
  cancel: "Отменить",
  commands: "Команды",
  edited: "изм.",
  failed: "Не получилось: ",
  menu: "Ещё",
  message: "Сообщение",
  photo: "Фото",
  remove: "Убрать",
  reply: "Ответить",
  send: "Отправить",
  start: "Начать",
  sticker: "Отправить стикер",
  unblock: "Разблокировать",
  voice: "Отправить голосовое",
  voiceName: "Голосовое сообщение",
  actions: {
    typing: "печатает…",
    upload_photo: "отправляет фото…",
    upload_document: "отправляет файл…",
    upload_video: "отправляет видео…",
    record_video: "записывает видео…",
  },
};

const ENGLISH = {
  about: "Nothing here yet. Press Start to meet the bot.",
  asFile: "Send as a file, uncompressed",
  attach: "Attach a photo or a file",
  block: "Block the bot",
  blocked: "the bot is blocked",
  bot: "bot",
  cancel: "Cancel",
  commands: "Commands",
  edited: "edited",
  failed: "That did not work: ",
  menu: "More",
  message: "Message",
  photo: "Photo",
  remove: "Remove",
  reply: "Reply",
  send: "Send",
  start: "Start",
  sticker: "Send a sticker",
  unblock: "Unblock",
  voice: "Send a voice message",
  voiceName: "Voice message",
  actions: {
    typing: "is typing…",
    upload_photo: "is sending a photo…",
    upload_document: "is sending a file…",
    upload_video: "is sending a video…",
    record_video: "is recording a video…",
  },
};

/** The page's words for a person. */
export function wordsFor(languageCode) {
  return languageCode.startsWith("ru") ? RUSSIAN : ENGLISH;
}

/** An element with a class, children and attributes. */
export function element(tag, className, children = [], attributes = {}) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** A size for people. */
export function bytesFor(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(0)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

const TAGS = {
  bold: "b",
  italic: "i",
  underline: "u",
  strikethrough: "s",
  code: "code",
  pre: "pre",
  blockquote: "blockquote",
  expandable_blockquote: "blockquote",
};

/**
 * Formatted text as nodes. JavaScript counts UTF-16 units as entities do, so offsets need no
 * conversion. `onCommand` is called with a command that is clicked.
 */
export function formatted(words, onCommand) {
  return nodes(words.text, words.entities, 0, words.text.length, onCommand);
}

function nodes(text, entities, from, to, onCommand) {
  const made = [];
  let at = from;
  let rest = entities;
  while (rest.length > 0) {
    const [entity, ...behind] = rest;
    const end = Math.min(entity.offset + entity.length, to);
    const start = Math.max(entity.offset, at);
    const inside = behind.filter((other) => other.offset < end);
    rest = behind.filter((other) => other.offset >= end);
    if (start >= end) continue;
    if (start > at) made.push(text.slice(at, start));
    const children = nodes(text, inside, start, end, onCommand);
    made.push(wrapped(entity, text.slice(start, end), children, onCommand));
    at = end;
  }
  if (at < to) made.push(text.slice(at, to));
  return made;
}

function wrapped(entity, text, children, onCommand) {
  if (TAGS[entity.type]) return element(TAGS[entity.type], "", children);
  switch (entity.type) {
    case "text_link":
      return link(entity.url, children);
    case "url":
      return link(text, children);
    case "spoiler": {
      const spoiler = element("button", "spoiler", children, { type: "button" });
      spoiler.addEventListener("click", () => spoiler.classList.add("seen"));
      return spoiler;
    }
    case "bot_command": {
      const command = element("button", "command", children, { type: "button" });
      command.addEventListener("click", () => onCommand(text));
      return command;
    }
    default:
      return element("span", entity.type, children);
  }
}

function link(url, children) {
  // Only addresses a browser opens without running anything.
  const safe = /^(https?|tg|mailto):/i.test(url ?? "");
  if (!safe) return element("span", "", children);
  return element("a", "", children, { href: url, target: "_blank", rel: "noopener noreferrer" });
}
