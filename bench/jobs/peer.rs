//! RQ on a Redis that flushes every write, in processes of its own.

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

/// Measures and prints.
pub fn measure(length: Duration) -> anyhow::Result<Rates> {
    let folder = std::env::var("REI_BENCH_PEERS").unwrap_or("target/bench-peers".to_owned());
    let python = format!("{folder}/bin/python");
    let output = Command::new(&python)
        .arg("bench/peers/rq_jobs.py")
        .arg(length.as_secs().max(1).to_string())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{python} cannot be started: run bench/peers/install"))?;
    ensure!(
        output.status.success(),
        "the peer failed: {}",
        output.status
    );
    let text = String::from_utf8(output.stdout)?;
    let told: Value = serde_json::from_str(text.lines().last().unwrap_or_default())?;
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
