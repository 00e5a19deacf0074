//! The peers, in processes of their own: RQ on a Redis that flushes every write, and
//! graphile-worker on the PostgreSQL of the bench.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::Value;

/// Jobs a second of RQ's two workers.
pub struct Rates {
    /// The default: a process for each job.
    pub forking: f64,
    /// Jobs in the worker's own process.
    pub simple: f64,
}

/// Where `bench/peers/install` put them.
fn folder() -> String {
    std::env::var("REI_BENCH_PEERS").unwrap_or("target/bench-peers".to_owned())
}

/// Runs a peer and reads the JSON of its last line.
fn run(command: &mut Command) -> anyhow::Result<Value> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{name} cannot be started: run bench/peers/install"))?;
    ensure!(
        output.status.success(),
        "the peer failed: {}",
        output.status
    );
    let text = String::from_utf8(output.stdout)?;
    Ok(serde_json::from_str(
        text.lines().last().unwrap_or_default(),
    )?)
}

/// Measures graphile-worker on a database of its own, and prints; jobs a second. `None` where it is
/// not installed, which needs a node.
pub fn graphile(length: Duration, url: &str) -> anyhow::Result<Option<f64>> {
    let folder = std::path::absolute(folder())?;
    if !folder.join("node_modules/graphile-worker").is_dir() {
        println!("graphile-worker: not installed");
        return Ok(None);
    }
    let told = run(Command::new("node")
        .arg("bench/peers/graphile_jobs.mjs")
        .arg(length.as_secs().max(1).to_string())
        .arg(folder)
        .arg(url))?;
    let number = |name: &str| {
        let number = told.get(name).and_then(Value::as_f64);
        number.with_context(|| format!("the peer told no {name}"))
    };
    let rate = number("rate")?;
    println!(
        "graphile-worker: {rate:.0} jobs a second; idle {:.1} / {:.1} from the order to the work",
        number("idle_p50")?,
        number("idle_p99")?
    );
    Ok(Some(rate))
}

/// Measures RQ and prints.
pub fn rq(length: Duration) -> anyhow::Result<Rates> {
    let told = run(Command::new(format!("{}/bin/python", folder()))
        .arg("bench/peers/rq_jobs.py")
        .arg(length.as_secs().max(1).to_string()))?;
    let number = |path: &str| {
        let number = told.pointer(path).and_then(Value::as_f64);
        number.with_context(|| format!("the peer told no {path}"))
    };
    for (worker, name) in [
        ("forking", "RQ, forking worker"),
        ("simple", "RQ, simple worker"),
    ] {
        let figure = |what: &str| number(&format!("/{worker}/{what}"));
        println!(
            "{name}: {:.0} jobs a second; idle {:.1} / {:.1} from the order to the work",
            figure("rate")?,
            figure("idle_p50")?,
            figure("idle_p99")?
        );
    }
    Ok(Rates {
        forking: number("/forking/rate")?,
        simple: number("/simple/rate")?,
    })
}
