//! What admins see of providers, and of the ways that jobs went.

use super::JobLine;
use crate::breaker::BreakerState;
use crate::health::FaultClass;
use crate::money::Money;
use crate::spec::Kind;
use crate::time::{Moment, Span};

/// A provider as it stands, for one kind of result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderLine {
    pub name: String,
    pub kind: Kind,
    /// The share of attempts that deliver, newest first in weight, in hundredths.
    pub success_percent: u32,
    /// Within which 95 of 100 results come; `None` before the first.
    pub p95: Option<Span>,
    /// The breaker that keeps it away longest, if one does.
    pub breaker: Option<(FaultClass, BreakerState)>,
    pub cordon: Option<CordonLine>,
}

/// Why and until when a provider gets no new work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CordonLine {
    pub reason: String,
    /// `None` is until it is lifted.
    pub until: Option<Moment>,
}

/// Why a job went where it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobStory {
    pub job: JobLine,
    /// [`crate::billing::Ending::as_str`], once it ended.
    pub ending: Option<&'static str>,
    /// In their order.
    pub attempts: Vec<AttemptStory>,
}

/// One attempt at a provider, and what it was chosen from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptStory {
    /// From 1.
    pub number: u32,
    pub provider: String,
    /// The name in rows: `begun`, `accepted`, `rejected` or `lost`.
    pub outcome: &'static str,
    /// Why it brought nothing, in the adapter's words.
    pub cause: Option<String>,
    pub decided_at: Option<Moment>,
    /// Empty when it went back to the provider that had begun it.
    pub candidates: Vec<CandidateStory>,
}

/// What was known of one provider when a job was to go somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CandidateStory {
    pub provider: String,
    /// What it takes for the request.
    pub cost: Money,
    pub success_percent: u32,
    pub p95: Option<Span>,
    pub places: u32,
    pub free: u32,
    pub verdict: VerdictStory,
    pub chosen: bool,
}

/// What was thought of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerdictStory {
    /// In thousandths; the lowest is best.
    Score(i64),
    Cordoned,
    TooDear,
    Full,
    Tripped,
}
