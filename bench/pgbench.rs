//! The reference: PostgreSQL's own benchmark on the same server.

use std::process::Command;
use std::time::Duration;

use anyhow::Context;

/// Prepares its tables.
pub fn prepare(url: &str) -> anyhow::Result<()> {
    run(&["-i", "-q", "-s", "10", url])?;
    Ok(())
}

/// Transactions a second of `pgbench -N`: one update of an account and one row each.
pub fn simple_updates(url: &str, clients: usize, length: Duration) -> anyhow::Result<f64> {
    let (clients, seconds) = (clients.to_string(), length.as_secs().max(1).to_string());
    let said = run(&[
        "-N", "-n", "-M", "prepared", "-j", "2", "-c", &clients, "-T", &seconds, url,
    ])?;
    let tps = said
        .lines()
        .find_map(|line| line.strip_prefix("tps = "))
        .and_then(|rest| rest.split_whitespace().next())
        .context("pgbench told no tps")?;
    Ok(tps.parse()?)
}

fn run(arguments: &[&str]) -> anyhow::Result<String> {
    let done = Command::new("pgbench")
        .args(arguments)
        .output()
        .context("pgbench cannot be started; it comes with PostgreSQL")?;
    anyhow::ensure!(
        done.status.success(),
        "pgbench failed: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    Ok(String::from_utf8(done.stdout)?)
}
