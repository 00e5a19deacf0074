//! What the house is measured by.
//!
//! `cargo run -p rei-bench --release -- ledger [seconds]` prints figures of this machine and
//! their ratios, to be compared with each other and with nothing else. It needs the programs of
//! PostgreSQL and starts a throw-away server of its own, or uses the one that
//! `REI_TEST_POSTGRES_URL` names.

mod ledger;
mod load;
mod pgbench;
#[path = "../src/store/fixtures/postgres.rs"]
mod postgres;
mod world;

use std::time::Duration;

const USAGE: &str = "usage: rei-bench ledger [seconds for each figure]";

/// How long each figure is measured, unless the command line says.
const SECONDS: u64 = 5;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let seconds = match arguments.as_slice() {
        ["ledger"] => SECONDS,
        ["ledger", seconds] => seconds.parse()?,
        _ => anyhow::bail!(USAGE),
    };
    actix_rt::System::new().block_on(ledger::measure(Duration::from_secs(seconds)))
}
