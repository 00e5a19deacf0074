// graphile-worker with no-op jobs on a PostgreSQL that is given, as durable as the bot's rows.
//
// Two worker processes with LISTEN, as many as the bot uses threads for the same, while four
// producer processes add jobs, sixteen at once each: the requesters that the bot has. It prints jobs
// a second from the first order to the end of the producers, and how long a job takes from its order
// to its work when nothing else is there.
//
//     node graphile_jobs.mjs <seconds> <folder with node_modules> <postgres url>

import { fork } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const WORKERS = 2;
const AT_ONCE = 16;
const PRODUCERS = 4;
const IDLE_JOBS = 100;

const [seconds, folder, connectionString, role = "main"] = process.argv.slice(2);
const { makeWorkerUtils, run, Logger } = createRequire(`${folder}/`)("graphile-worker");
const logger = new Logger(() => () => {});
const now = () => performance.timeOrigin + performance.now();

async function work() {
  let done = 0;
  const nothing = async ({ key, at }) => {
    if (key === "idle") process.send({ waited: now() - at });
    else done += 1;
  };
  process.on("message", () => process.send({ done }));
  const taskList = { nothing };
  await run({ connectionString, taskList, concurrency: AT_ONCE, noHandleSignals: true, logger });
  process.send({ ready: true });
}

async function produce() {
  const utils = await makeWorkerUtils({ connectionString, logger, maxPoolSize: AT_ONCE });
  const until = now() + Number(seconds) * 1000;
  const add = async () => {
    while (now() < until) await utils.addJob("nothing", { key: "load", at: now() });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, add));
  await utils.release();
  process.exit(0);
}

const start = (role) => {
  const script = fileURLToPath(import.meta.url);
  return fork(script, [seconds, folder, connectionString, role]);
};
const told = (child) => new Promise((resolve) => child.once("message", resolve));
const ended = (child) => new Promise((resolve) => child.once("exit", resolve));

async function main() {
  const utils = await makeWorkerUtils({ connectionString, logger });
  await utils.migrate();
  const workers = Array.from({ length: WORKERS }, () => start("work"));
  await Promise.all(workers.map(told));

  const idle = [];
  let heard;
  const hear = (message) => heard(message);
  workers.forEach((worker) => worker.on("message", hear));
  for (let job = 0; job < IDLE_JOBS; job += 1) {
    const waited = new Promise((resolve) => (heard = resolve));
    await utils.addJob("nothing", { key: "idle", at: now() });
    idle.push((await waited).waited);
  }
  workers.forEach((worker) => worker.off("message", hear));
  idle.sort((a, b) => a - b);

  const begun = now();
  const producers = Array.from({ length: PRODUCERS }, () => start("produce"));
  await Promise.all(producers.map(ended));
  // What is still queued does not count: what was done by now does.
  const took = (now() - begun) / 1000;
  const counts = workers.map(told);
  workers.forEach((worker) => worker.send("count"));
  const done = (await Promise.all(counts)).reduce((sum, { done }) => sum + done, 0);
  workers.forEach((worker) => worker.kill("SIGKILL"));
  await utils.release();
  const at = (percent) => idle[Math.floor(((idle.length - 1) * percent) / 100)];
  console.log(JSON.stringify({ rate: done / took, idle_p50: at(50), idle_p99: at(99) }));
}

await { main, work, produce }[role]();
