//! Requesters, each of whom waits for an answer before it asks again.

use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use rei_actors::ports::ledger::Poster;

use crate::world::{World, expect_new};

/// What a load was served at.
pub struct Served {
    /// Holds and captures a second, each an operation.
    pub operations_per_second: f64,
    /// How long half of the operations took at most.
    pub p50: Duration,
    /// How long all but one in a hundred took at most.
    pub p99: Duration,
}

/// Lets `requesters` place and capture holds for a while.
pub async fn run(
    world: &World,
    poster: &impl Poster,
    requesters: usize,
    length: Duration,
) -> anyhow::Result<Served> {
    world.analyze().await?;
    let begun = Instant::now();
    let requests = (0..requesters).map(|_| request(world, poster, begun + length));
    let mut latencies = try_join_all(requests).await?.concat();
    let took = begun.elapsed();
    latencies.sort_unstable();
    let at = |percent: usize| latencies[(latencies.len() - 1) * percent / 100];
    let operations = u32::try_from(latencies.len())?;
    Ok(Served {
        operations_per_second: f64::from(operations) / took.as_secs_f64(),
        p50: at(50),
        p99: at(99),
    })
}

async fn request(
    world: &World,
    poster: &impl Poster,
    until: Instant,
) -> anyhow::Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    loop {
        let pair = world.pair();
        for command in [pair.hold, pair.capture] {
            let asked = Instant::now();
            expect_new(&poster.post(command).await?)?;
            latencies.push(asked.elapsed());
        }
        if Instant::now() >= until {
            return Ok(latencies);
        }
    }
}
