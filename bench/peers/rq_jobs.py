"""RQ with no-op jobs on a throw-away Redis that flushes every write, as durable as the bot's rows.

Two workers, as many as the bot uses threads for the same, while four producers enqueue. It
prints jobs a second from the first order to the last finished job, and how long a job takes from
its order to its work when nothing else is there. Both of RQ's workers are measured: the default
forks for each job, the simple one works in its own process.

    rq_jobs.py <seconds>
"""

import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time

import redis
from rq import Queue, SimpleWorker, Worker

WORKERS = 2
PRODUCERS = 4
IDLE_JOBS = 100
# By its name, as RQ takes no functions of the main module.
NOTHING = "rq_jobs.nothing"


def nothing(key: str, ordered_at: float) -> None:
    connection().rpush(key, time.time() - ordered_at)


def connection() -> redis.Redis:
    global _connection
    if _connection is None:
        _connection = redis.Redis(unix_socket_path=os.environ["RQ_BENCH_SOCKET"])
    return _connection


_connection: redis.Redis | None = None


def work(kind: str) -> None:
    worker = {"forking": Worker, "simple": SimpleWorker}[kind]
    worker([Queue(connection=connection())], connection=connection()).work(logging_level="ERROR")


def produce(count: int, until: float) -> None:
    queue = Queue(connection=connection())
    for _ in range(count):
        if time.time() > until:
            return
        queue.enqueue(NOTHING, "done", time.time())


def spawn(target, *arguments) -> multiprocessing.Process:
    process = multiprocessing.get_context("spawn").Process(target=target, args=arguments)
    process.start()
    return process


def wait_for(key: str, length: int) -> None:
    while connection().llen(key) < length:
        time.sleep(0.001)


def measure(kind: str, seconds: float) -> dict[str, float]:
    connection().flushall()
    workers = [spawn(work, kind) for _ in range(WORKERS)]
    queue = Queue(connection=connection())
    queue.enqueue(NOTHING, "warm", time.time())
    wait_for("warm", 1)
    time.sleep(1.0)
    for number in range(IDLE_JOBS):
        queue.enqueue(NOTHING, "idle", time.time())
        wait_for("idle", number + 1)
    idle = sorted(float(text) * 1e3 for text in connection().lrange("idle", 0, -1))

    begun = time.time()
    producers = [spawn(produce, 1_000_000, begun + seconds) for _ in range(PRODUCERS)]
    for producer in producers:
        producer.join()
    # What is still queued would take the forking worker minutes: what was done by now counts.
    done = connection().llen("done")
    took = time.time() - begun
    for worker in workers:
        worker.kill()
        worker.join()
    return {
        "rate": done / took,
        "idle_p50": idle[(len(idle) - 1) * 50 // 100],
        "idle_p99": idle[(len(idle) - 1) * 99 // 100],
    }


def main() -> None:
    seconds = float(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        socket = f"{folder}/redis.sock"
        os.environ["RQ_BENCH_SOCKET"] = socket
        options = ["--port", "0", "--unixsocket", socket, "--dir", folder, "--save", ""]
        durable = ["--appendonly", "yes", "--appendfsync", "always"]
        server = subprocess.Popen(
            ["redis-server", *options, *durable], stdout=subprocess.DEVNULL
        )
        try:
            while not os.path.exists(socket):
                time.sleep(0.01)
            figures = {kind: measure(kind, seconds) for kind in ("forking", "simple")}
        finally:
            server.kill()
            server.wait()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
