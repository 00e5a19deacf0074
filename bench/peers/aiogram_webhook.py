"""An aiogram 3 webhook bot that stores an update, recognises a repeat, and answers 200.

It is what a careful author would write: uvloop, orjson, prepared statements, a pool on
PostgreSQL, WAL with full synchronisation on SQLite, the secret checked, and the answer only after
the row is durable. The table is the bot's own, so that both write the same row and the same
indexes.

    aiogram_webhook.py <database url> <secret> [--raw]

With --raw the body is stored as it came, as the bot does, past aiogram's own types and dispatcher:
what aiohttp alone can do with the same database.
"""

import asyncio
import sys
import time
from typing import Any, Awaitable, Callable

import aiosqlite
import asyncpg
import orjson
import uvloop
from aiogram import BaseMiddleware, Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.types import Update
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

PATH = "/webhook/telegram"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
CONNECTIONS = 16


class Sqlite:
    INSERT = (
        "INSERT INTO inbox (update_id, chat_id, body, received_at, attempts)"
        " VALUES (?, ?, ?, ?, 0) ON CONFLICT (update_id) DO NOTHING"
    )

    def __init__(self, conn: aiosqlite.Connection) -> None:
        self.conn = conn

    @classmethod
    async def open(cls, path: str) -> "Sqlite":
        # Without a begun transaction each statement commits by itself.
        conn = await aiosqlite.connect(path, isolation_level=None)
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "busy_timeout = 5000",
            "cache_size = -65536",
            "wal_autocheckpoint = 4000",
        ):
            await conn.execute(f"PRAGMA {pragma}")
        return cls(conn)

    async def store(self, update_id: int, chat_id: int, body: str) -> bool:
        row = (update_id, chat_id, body, time.time_ns() // 1000)
        cursor = await self.conn.execute(self.INSERT, row)
        return cursor.rowcount == 1


class Postgres:
    INSERT = (
        "INSERT INTO inbox (update_id, chat_id, body, received_at, attempts)"
        " VALUES ($1, $2, $3, $4, 0) ON CONFLICT (update_id) DO NOTHING"
    )

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool

    @classmethod
    async def open(cls, url: str) -> "Postgres":
        return cls(await asyncpg.create_pool(url, min_size=CONNECTIONS, max_size=CONNECTIONS))

    async def store(self, update_id: int, chat_id: int, body: str) -> bool:
        done = await self.pool.execute(
            self.INSERT, update_id, chat_id, body, time.time_ns() // 1000
        )
        return done == "INSERT 0 1"


class Store(BaseMiddleware):
    """Stores every update before anything is done with it."""

    def __init__(self, rows: Sqlite | Postgres) -> None:
        self.rows = rows

    async def __call__(
        self,
        handler: Callable[[Update, dict[str, Any]], Awaitable[Any]],
        event: Update,
        data: dict[str, Any],
    ) -> Any:
        chat = event.message.chat.id if event.message else 0
        body = event.model_dump_json(exclude_unset=True)
        await self.rows.store(event.update_id, chat, body)
        # The work is another process's; here, as in the measured bot, it is only stored.
        return None


def with_aiogram(app: web.Application, rows: Sqlite | Postgres, secret: str) -> None:
    bot = Bot("42:TOKEN", session=AiohttpSession(json_loads=orjson.loads))
    dispatcher = Dispatcher()
    dispatcher.update.outer_middleware(Store(rows))
    handler = SimpleRequestHandler(
        dispatcher, bot, handle_in_background=False, secret_token=secret
    )
    handler.register(app, path=PATH)


def raw(app: web.Application, rows: Sqlite | Postgres, secret: str) -> None:
    async def receive(request: web.Request) -> web.Response:
        if request.headers.get(SECRET_HEADER) != secret:
            return web.Response(status=401)
        body = await request.text()
        update = orjson.loads(body)
        await rows.store(update["update_id"], update["message"]["chat"]["id"], body)
        return web.Response()

    app.router.add_post(PATH, receive)


async def main() -> None:
    url, secret, *options = sys.argv[1:]
    if url.startswith("sqlite://"):
        rows: Sqlite | Postgres = await Sqlite.open(url.removeprefix("sqlite://"))
    else:
        rows = await Postgres.open(url)
    app = web.Application()
    (raw if "--raw" in options else with_aiogram)(app, rows, secret)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    host, port = runner.addresses[0]
    print(f"{host}:{port}", flush=True)
    # Ends with whoever started it.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(main())
