//! Why a job went where it went: the facts and the verdict on each provider, as it is kept with
//! the attempt. It can be shown, and decided anew under another policy.

use rei_domain::admin::{CandidateStory, VerdictStory};
use rei_domain::money::Money;
use rei_domain::routing::{Availability, Decision, Facts, History, Verdict};
use rei_domain::time::{Moment, Span};
use serde::{Deserialize, Serialize};

/// One decision, as it stands in rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// Epoch microseconds.
    pub at: i64,
    /// What the user pays, in kopecks.
    pub price: i64,
    pub coin: u64,
    /// Empty for a job that went back to the provider that had begun it.
    pub candidates: Vec<CandidateRecord>,
}

/// What was known of one provider, and what was thought of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CandidateRecord {
    pub provider: String,
    /// Kopecks.
    pub cost: i64,
    pub success: f64,
    pub p95_secs: Option<f64>,
    pub places: u32,
    pub free: u32,
    /// `open`, `tripped` or `cordoned`.
    pub availability: String,
    pub failed_last: bool,
    pub verdict: VerdictRecord,
    pub chosen: bool,
}

/// A verdict as it stands in rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictRecord {
    Score(f64),
    Cordoned,
    TooDear,
    Full,
    Tripped,
}

impl DecisionRecord {
    /// The record of a decision over these facts.
    pub fn of(
        at: Moment,
        price: Money,
        coin: u64,
        facts: &[Facts],
        decision: &Decision,
    ) -> DecisionRecord {
        let candidates = facts.iter().zip(&decision.verdicts).enumerate();
        let candidates = candidates.map(|(number, (facts, verdict))| CandidateRecord {
            provider: facts.provider.clone(),
            cost: facts.cost.kopecks(),
            success: facts.success,
            p95_secs: facts.p95_secs,
            places: facts.places,
            free: facts.free,
            availability: match facts.availability {
                Availability::Open => "open",
                Availability::Tripped => "tripped",
                Availability::Cordoned => "cordoned",
            }
            .to_owned(),
            failed_last: facts.history == History::FailedLast,
            verdict: match verdict {
                Verdict::Score(score) => VerdictRecord::Score(*score),
                Verdict::Cordoned => VerdictRecord::Cordoned,
                Verdict::TooDear => VerdictRecord::TooDear,
                Verdict::Full => VerdictRecord::Full,
                Verdict::Tripped => VerdictRecord::Tripped,
            },
            chosen: decision.chosen == Some(number),
        });
        DecisionRecord {
            at: at.0,
            price: price.kopecks(),
            coin,
            candidates: candidates.collect(),
        }
    }

    /// The record of a job that went back to where it had been begun.
    pub fn begun_before(at: Moment) -> DecisionRecord {
        DecisionRecord {
            at: at.0,
            price: 0,
            coin: 0,
            candidates: Vec::new(),
        }
    }

    /// The facts it was decided by.
    pub fn facts(&self) -> Vec<Facts> {
        let facts = self.candidates.iter().map(|candidate| Facts {
            provider: candidate.provider.clone(),
            cost: Money::from_kopecks(candidate.cost),
            success: candidate.success,
            p95_secs: candidate.p95_secs,
            places: candidate.places,
            free: candidate.free,
            availability: match candidate.availability.as_str() {
                "cordoned" => Availability::Cordoned,
                "tripped" => Availability::Tripped,
                _ => Availability::Open,
            },
            history: if candidate.failed_last {
                History::FailedLast
            } else {
                History::New
            },
        });
        facts.collect()
    }

    /// The candidates, as an admin is told of them.
    pub fn candidates(&self) -> Vec<CandidateStory> {
        let told = self.candidates.iter().map(|candidate| CandidateStory {
            provider: candidate.provider.clone(),
            cost: Money::from_kopecks(candidate.cost),
            success_percent: (candidate.success * 100.0).round() as u32,
            p95: candidate
                .p95_secs
                .map(|secs| Span::from_millis((secs * 1_000.0) as i64)),
            places: candidate.places,
            free: candidate.free,
            verdict: match candidate.verdict {
                VerdictRecord::Score(score) => {
                    VerdictStory::Score((score * 1_000.0).round() as i64)
                }
                VerdictRecord::Cordoned => VerdictStory::Cordoned,
                VerdictRecord::TooDear => VerdictStory::TooDear,
                VerdictRecord::Full => VerdictStory::Full,
                VerdictRecord::Tripped => VerdictStory::Tripped,
            },
            chosen: candidate.chosen,
        });
        told.collect()
    }

    /// The column's text.
    pub fn render(&self) -> String {
        serde_json::to_string(self).expect("numbers and texts always render as JSON")
    }

    /// Reads [`DecisionRecord::render`] back.
    pub fn parse(text: &str) -> Option<DecisionRecord> {
        serde_json::from_str(text).ok()
    }
}
