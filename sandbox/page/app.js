// The page: who is shown, live news, light and dark. Each chat draws itself; see chat.js.

import { Chat, call } from "/page/chat.js";
import { element } from "/page/text.js";

/** Who sits at the page unless the address names others with `?user=3` or `?users=1,5`. */
const NAMES = { 1: ["Анна", "ru"], 2: ["Bob", "en"] };
const NARROW = matchMedia("(max-width: 760px)");

const chats = new Map();
const find = (name) => document.querySelector(`[data-${name}]`);

function wantedIds() {
  const query = new URLSearchParams(location.search);
  const named = query.get("user") ?? query.get("users") ?? "1,2";
  const ids = named.split(",").map(Number).filter((id) => Number.isSafeInteger(id) && id > 0);
  return ids.length > 0 ? [...new Set(ids)] : [1];
}

async function open(id) {
  const [first_name, language_code] = NAMES[id] ?? [`User ${id}`, "en"];
  const state = await call("POST", "players", { id, first_name, language_code });
  const chat = new Chat(state, showPicture);
  chats.set(id, chat);
  find("chats").append(chat.root);
  const tab = element("button", "person", [first_name], { type: "button", "data-person-tab": id });
  tab.addEventListener("click", () => toggle(id));
  find("people").append(tab);
}

/** On a wide page each person can be hidden, but not all; on a phone one is shown. */
function toggle(id) {
  const chat = chats.get(id);
  if (NARROW.matches) {
    for (const other of chats.values()) other.root.hidden = other !== chat;
  } else {
    const shown = [...chats.values()].filter((other) => !other.root.hidden);
    const last = shown.length === 1 && shown[0] === chat;
    chat.root.hidden = !chat.root.hidden && !last;
  }
  markTabs();
}

function markTabs() {
  for (const [id, chat] of chats) {
    const tab = document.querySelector(`[data-person-tab="${id}"]`);
    tab.setAttribute("aria-pressed", String(!chat.root.hidden));
  }
  find("people").hidden = chats.size < 2;
}

function fitWidth() {
  const [first, ...others] = chats.values();
  first.root.hidden = false;
  for (const other of others) other.root.hidden = NARROW.matches;
  markTabs();
}

function listen() {
  const news = new EventSource("/control/events");
  // After a loss it may be another sandbox, which knows nothing of these chats.
  news.addEventListener("open", () => {
    if (!find("offline").hidden) location.reload();
  });
  news.addEventListener("error", () => (find("offline").hidden = false));
  news.addEventListener("message", (event) => {
    const { chats: versions } = JSON.parse(event.data);
    for (const [id, chat] of chats) chat.refresh(versions[id]);
  });
}

function showPicture(url, media) {
  find("viewer-image").src = url;
  find("viewer-save").href = url;
  find("viewer-size").textContent = `${media.width} × ${media.height}`;
  find("viewer").showModal();
}

function prepareViewer() {
  const close = () => find("viewer").close();
  find("viewer-close").addEventListener("click", close);
  find("viewer-image").addEventListener("click", close);
  find("viewer").addEventListener("click", (event) => {
    if (event.target === event.currentTarget) close();
  });
}

function prepareTheme() {
  const root = document.documentElement;
  const asked = new URLSearchParams(location.search).get("theme");
  const kept = asked ?? localStorage.getItem("theme");
  if (kept === "light" || kept === "dark") root.dataset.theme = kept;
  find("theme-toggle").addEventListener("click", () => {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
  });
}

prepareTheme();
prepareViewer();
for (const id of wantedIds()) await open(id);
fitWidth();
NARROW.addEventListener("change", fitWidth);
listen();
document.body.dataset.ready = "";
