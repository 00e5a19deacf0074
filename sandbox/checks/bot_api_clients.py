"""Other people's Bot API clients against a running sandbox, unchanged.

aiogram 3 by long polling and python-telegram-bot by webhook each play one bot that greets,
shows buttons, edits, sends a photo, an album and a document, and downloads what it was sent.
A person is played over the control API. Ends with code 0 when everything came through.

    pip install "aiogram>=3,<4" "python-telegram-bot[webhooks]>=22,<23" pillow
    python sandbox/checks/bot_api_clients.py [http://127.0.0.1:9090]
"""

import asyncio
import io
import json
import socket
import sys
import time
import urllib.request

from PIL import Image

BASE = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:9090"
TOKEN = "12345:sandbox"
SECRET = "a-secret_1"
DEADLINE_SECS = 20


def picture(width, height, color):
    bytes_io = io.BytesIO()
    Image.new("RGB", (width, height), color).save(bytes_io, "PNG")
    return bytes_io.getvalue()


def control(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"{BASE}/control/{path}", data, headers, method=method)
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def send_photo_as_person(chat, bytes_, caption):
    boundary = "a-boundary"
    part = f'--{boundary}\r\ncontent-disposition: form-data; name="{{}}"'
    body = (
        part.format("caption").encode() + b"\r\n\r\n" + caption.encode() + b"\r\n"
        + part.format("file0").encode() + b'; filename="a.png"\r\n\r\n' + bytes_ + b"\r\n"
        + f"--{boundary}--\r\n".encode()
    )
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    request = urllib.request.Request(f"{BASE}/control/chats/{chat}/media", body, headers)
    with urllib.request.urlopen(request) as response:
        return json.load(response)


class Person:
    """Plays one person; every wait has a deadline."""

    def __init__(self, chat, name, language):
        self.chat = chat
        control("POST", "players", {"id": chat, "first_name": name, "language_code": language})

    async def do(self, verb, body):
        return await asyncio.to_thread(control, "POST", f"chats/{self.chat}/{verb}", body)

    async def sees(self, what, look):
        loop = asyncio.get_running_loop()
        end = loop.time() + DEADLINE_SECS
        while True:
            state = await asyncio.to_thread(control, "GET", f"chats/{self.chat}")
            messages = [message for message in state["messages"] if not message["deleted"]]
            found = look(messages, state)
            if found:
                print(f"  ok: {what}")
                return found
            assert loop.time() < end, f"never saw {what}: {json.dumps(messages, indent=1)}"
            await asyncio.sleep(0.05)


def by_text(text):
    def look(messages, _state):
        return next((m for m in messages if m["from"] == "bot" and m["words"]["text"] == text), None)

    return look


async def person_path(chat):
    """What a person does with either bot, and what has to come back."""
    person = Person(chat, "Анна", "ru")
    await person.do("text", {"text": "/start ref_12"})
    greeting = await person.sees("a greeting with buttons", by_text("Привет, Анна & все: ref_12"))
    assert [e["type"] for e in greeting["words"]["entities"]] == ["bold"]
    await person.do("press", {"message_id": greeting["id"], "button": "Дальше"})
    await person.sees("an edited message", by_text("Изменено"))
    await person.sees(
        "an answer to the press",
        lambda _, state: any(t["text"] == "Принято" and t["alert"] for t in state["toasts"]),
    )
    photo = picture(640, 480, "red")
    await asyncio.to_thread(send_photo_as_person, chat, photo, "сделай зелёным")
    await person.sees("the size of the download", by_text(f"640x480 {len(photo)}"))
    sent = await person.sees("a photo with a new caption", by_text("готово совсем"))
    assert (sent["media"]["kind"], sent["keyboard"]) == ("photo", []), sent
    await person.sees(
        "an album",
        lambda messages, _: len([m for m in messages if m["album"] and m["from"] == "bot"]) == 2,
    )
    document = await person.sees("a document", by_text("файл"))
    assert document["media"]["file_name"] == "original.png", document
    await person.sees("that everything was refused that must be", by_text("refusals ok"))


async def with_aiogram(chat):
    from aiogram import Bot, Dispatcher, F
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
    from aiogram.filters import CommandStart
    from aiogram.types import (
        BotCommand, BotCommandScopeChat, BufferedInputFile, InlineKeyboardButton,
        InlineKeyboardMarkup, InputMediaPhoto,
    )

    server = TelegramAPIServer.from_base(f"{BASE}/telegram")
    bot = Bot(TOKEN, session=AiohttpSession(api=server))
    dispatcher = Dispatcher()
    buttons = InlineKeyboardMarkup(
        inline_keyboard=[[InlineKeyboardButton(text="Дальше", callback_data="go")]]
    )

    @dispatcher.message(CommandStart(deep_link=True))
    async def start(message, command):
        text = f"<b>Привет</b>, {message.from_user.first_name} &amp; все: {command.args}"
        await message.answer(text, parse_mode="HTML", reply_markup=buttons)

    @dispatcher.callback_query(F.data == "go")
    async def go(query):
        await query.answer("Принято", show_alert=True)
        await query.message.edit_text("Изменено")

    @dispatcher.message(F.photo)
    async def photo(message):
        await bot.send_chat_action(message.chat.id, "upload_photo")
        largest = max(message.photo, key=lambda size: size.width * size.height)
        content = (await bot.download(largest)).read()
        smallest = (await bot.download(message.photo[0])).read()
        assert 0 < len(smallest) and Image.open(io.BytesIO(smallest)).width == 90
        await message.reply(f"{largest.width}x{largest.height} {len(content)}")
        upload = BufferedInputFile(picture(300, 200, "green"), "a.png")
        sent = await message.answer_photo(upload, caption="готово", reply_markup=buttons)
        await sent.edit_caption(caption="готово совсем")
        await message.answer_media_group([
            InputMediaPhoto(media=BufferedInputFile(picture(20, 20, "blue"), "b.png")),
            InputMediaPhoto(media=sent.photo[-1].file_id, caption="второе"),
        ])
        original = BufferedInputFile(picture(30, 20, "blue"), "original.png")
        await message.answer_document(original, caption="файл")
        await refusals(message)

    async def refusals(message):
        sent = await message.answer("refusals")
        for call in [
            lambda: message.answer("<b>open", parse_mode="HTML"),
            lambda: message.answer("x" * 4097),
            lambda: sent.edit_text("refusals"),
            lambda: bot.edit_message_text("x", chat_id=message.chat.id, message_id=9999),
            lambda: bot.send_message(424242, "x"),
            lambda: message.answer("x", reply_markup=InlineKeyboardMarkup(inline_keyboard=[
                [InlineKeyboardButton(text="x", callback_data="ж" * 33)]])),
        ]:
            try:
                await call()
            except TelegramBadRequest:
                continue
            raise AssertionError("not refused")
        stranger = message.chat.id + 1_000_000_000
        control("POST", "players", {"id": stranger, "first_name": "Stranger"})
        try:
            await bot.send_message(stranger, "x")
            raise AssertionError("a stranger was written to")
        except TelegramForbiddenError:
            pass
        await sent.delete()
        await message.answer("refusals ok")

    await bot.delete_webhook(drop_pending_updates=True)
    me = await bot.get_me()
    assert me.is_bot and me.username.endswith("bot")
    commands = [BotCommand(command="start", description="Начать")]
    await bot.set_my_commands(commands, scope=BotCommandScopeChat(chat_id=chat), language_code="ru")
    got = await bot.get_my_commands(scope=BotCommandScopeChat(chat_id=chat), language_code="ru")
    assert [(c.command, c.description) for c in got] == [("start", "Начать")], got
    polling = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False))
    try:
        await person_path(chat)
    finally:
        await dispatcher.stop_polling()
        await polling


async def with_python_telegram_bot(chat):
    from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto
    from telegram.error import BadRequest, Forbidden
    from telegram.ext import (
        Application, CallbackQueryHandler, CommandHandler, MessageHandler, filters,
    )

    buttons = InlineKeyboardMarkup([[InlineKeyboardButton("Дальше", callback_data="go")]])

    async def start(update, context):
        text = f"<b>Привет</b>, {update.effective_user.first_name} &amp; все: {context.args[0]}"
        await update.message.reply_text(text, parse_mode="HTML", reply_markup=buttons)

    async def go(update, context):
        await update.callback_query.answer("Принято", show_alert=True)
        await update.callback_query.edit_message_text("Изменено")

    async def photo(update, context):
        message = update.message
        await message.reply_chat_action("upload_photo")
        largest = max(message.photo, key=lambda size: size.width * size.height)
        content = await (await largest.get_file()).download_as_bytearray()
        await message.reply_text(f"{largest.width}x{largest.height} {len(content)}")
        green = picture(300, 200, "green")
        sent = await message.reply_photo(green, caption="готово", reply_markup=buttons)
        await sent.edit_caption("готово совсем")
        await message.reply_media_group([
            InputMediaPhoto(picture(20, 20, "blue")),
            InputMediaPhoto(sent.photo[-1].file_id, caption="второе"),
        ])
        original = picture(30, 20, "blue")
        await message.reply_document(original, filename="original.png", caption="файл")
        await sent.edit_media(InputMediaPhoto(picture(40, 20, "black"), caption="готово совсем"))
        copy = await sent.copy(message.chat_id)
        await context.bot.delete_message(message.chat_id, copy.message_id)
        await sent.pin()
        await sent.unpin()
        await refusals(message, context.bot)

    async def refusals(message, bot):
        for call in [
            lambda: message.reply_text("a < b", parse_mode="HTML"),
            lambda: message.reply_photo(b"no picture"),
            lambda: bot.get_file("no-such-file"),
            lambda: bot.answer_callback_query("1"),
        ]:
            try:
                await call()
            except BadRequest:
                continue
            raise AssertionError("not refused")
        control("POST", f"chats/{message.chat_id}/block")
        try:
            await message.reply_text("x")
            raise AssertionError("a person who blocked the bot was written to")
        except Forbidden:
            control("POST", f"chats/{message.chat_id}/unblock")
        await message.reply_text("refusals ok")

    application = (
        Application.builder().token(TOKEN)
        .base_url(f"{BASE}/telegram/bot").base_file_url(f"{BASE}/telegram/file/bot").build()
    )
    application.add_handler(CommandHandler("start", start))
    application.add_handler(CallbackQueryHandler(go, pattern="^go$"))
    application.add_handler(MessageHandler(filters.PHOTO, photo))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with application:
        await application.updater.start_webhook(
            listen="127.0.0.1", port=port, url_path="hook", secret_token=SECRET,
            webhook_url=f"http://127.0.0.1:{port}/hook", drop_pending_updates=True,
        )
        await application.start()
        try:
            await person_path(chat)
            info = await application.bot.get_webhook_info()
            assert info.url.endswith("/hook") and info.last_error_message is None, info
        finally:
            await application.updater.stop()
            await application.stop()
            await application.bot.delete_webhook()


async def main():
    control("PUT", "flood", {"per_chat": None, "overall": None})
    # New people each time, so that nothing of an earlier run is taken for an answer.
    chat = int(time.time())
    for name, check in [
        ("aiogram, long polling", with_aiogram),
        ("python-telegram-bot, webhook", with_python_telegram_bot),
    ]:
        print(name)
        chat += 1
        await check(chat)
    print("everything came through")


asyncio.run(main())
