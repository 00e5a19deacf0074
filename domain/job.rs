//! Jobs: the states of one paid piece of work, and the only ways between them.
//!
//! ```text
//! queued ─▶ leased ─▶ submitting ─▶ running ─▶ rendered ─▶ settled ─▶ delivered
//!   │ ▲       │  │        │ │ ▲        │
//!   │ └───────┴──│────────┴─│─│────────┘ retry
//!   ▼            ▼          ▼ │
//! cancelled    failed     unknown ─▶ rendered | failed | queued
//! ```
//! A lease does not change the state of work that had begun: a rescued job goes on from the
//! state it reached, so nothing is submitted twice.

/// Where a job stands. The names are those of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JobState {
    /// Waiting in a lane; the money is held. Cancelling is free.
    Queued,
    /// A worker has it and nothing was sent yet.
    Leased,
    /// An attempt is recorded; the provider may have been asked.
    Submitting,
    /// The provider accepted it under an id of its own.
    Running,
    /// The result is stored; the money is not settled yet.
    Rendered,
    /// Charged; the result is on its way to the user.
    Settled,
    /// Telegram took the result.
    Delivered,
    /// Ended without a result; the money is back.
    Failed,
    /// Withdrawn in time; the money is back.
    Cancelled,
    /// An attempt whose answer was lost; it is reconciled before anything else happens.
    Unknown,
}

impl JobState {
    /// Every state; tests walk it.
    pub const ALL: [JobState; 10] = [
        JobState::Queued,
        JobState::Leased,
        JobState::Submitting,
        JobState::Running,
        JobState::Rendered,
        JobState::Settled,
        JobState::Delivered,
        JobState::Failed,
        JobState::Cancelled,
        JobState::Unknown,
    ];

    /// The name in rows and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            JobState::Queued => "queued",
            JobState::Leased => "leased",
            JobState::Submitting => "submitting",
            JobState::Running => "running",
            JobState::Rendered => "rendered",
            JobState::Settled => "settled",
            JobState::Delivered => "delivered",
            JobState::Failed => "failed",
            JobState::Cancelled => "cancelled",
            JobState::Unknown => "unknown",
        }
    }

    /// Reads [`JobState::as_str`] back.
    pub fn parse(text: &str) -> Option<JobState> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether the hold of a job in this state is closed.
    pub fn is_settled(self) -> bool {
        match self {
            JobState::Settled | JobState::Delivered | JobState::Failed | JobState::Cancelled => {
                true
            }
            JobState::Queued
            | JobState::Leased
            | JobState::Submitting
            | JobState::Running
            | JobState::Rendered
            | JobState::Unknown => false,
        }
    }

    /// Whether a worker must hold a lease while the job is in this state.
    pub fn is_worked_on(self) -> bool {
        match self {
            JobState::Leased
            | JobState::Submitting
            | JobState::Running
            | JobState::Rendered
            | JobState::Unknown => true,
            JobState::Queued
            | JobState::Settled
            | JobState::Delivered
            | JobState::Failed
            | JobState::Cancelled => false,
        }
    }
}

/// What can happen to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JobEvent {
    /// A worker took it, or took it over after a lease ran out.
    Lease,
    /// The attempt is recorded, the provider is about to be asked.
    BeginSubmit,
    /// The provider answered with an id of its own.
    Accept,
    /// The answer to the submit was lost.
    LoseAnswer,
    /// The result is stored.
    Render,
    /// Back into the lane, for another attempt or because the worker drains.
    Requeue,
    /// The hold was captured.
    Settle,
    /// Telegram took the result.
    Deliver,
    /// Ended without a result; the hold was voided.
    Fail,
    /// Withdrawn; the hold was voided.
    Cancel,
}

impl JobEvent {
    /// Every event; tests walk it.
    pub const ALL: [JobEvent; 10] = [
        JobEvent::Lease,
        JobEvent::BeginSubmit,
        JobEvent::Accept,
        JobEvent::LoseAnswer,
        JobEvent::Render,
        JobEvent::Requeue,
        JobEvent::Settle,
        JobEvent::Deliver,
        JobEvent::Fail,
        JobEvent::Cancel,
    ];
}

/// An event that cannot happen in a state: somebody else moved the job meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a job that is {} cannot take {event:?}", state.as_str())]
pub struct IllegalStep {
    pub state: JobState,
    pub event: JobEvent,
}

/// The transition table.
pub fn step(state: JobState, event: JobEvent) -> Result<JobState, IllegalStep> {
    use JobEvent as E;
    use JobState as S;
    let illegal = IllegalStep { state, event };
    match event {
        E::Lease => match state {
            S::Queued => Ok(S::Leased),
            S::Leased | S::Submitting | S::Running | S::Rendered | S::Unknown => Ok(state),
            S::Settled | S::Delivered | S::Failed | S::Cancelled => Err(illegal),
        },
        E::BeginSubmit => from(state, &[S::Leased], S::Submitting).ok_or(illegal),
        E::Accept => from(state, &[S::Submitting, S::Unknown], S::Running).ok_or(illegal),
        E::LoseAnswer => from(state, &[S::Submitting], S::Unknown).ok_or(illegal),
        E::Render => {
            from(state, &[S::Submitting, S::Running, S::Unknown], S::Rendered).ok_or(illegal)
        }
        E::Requeue => from(
            state,
            &[S::Leased, S::Submitting, S::Running, S::Unknown],
            S::Queued,
        )
        .ok_or(illegal),
        E::Settle => from(state, &[S::Rendered], S::Settled).ok_or(illegal),
        E::Deliver => from(state, &[S::Settled], S::Delivered).ok_or(illegal),
        E::Fail => from(
            state,
            &[
                S::Queued,
                S::Leased,
                S::Submitting,
                S::Running,
                S::Rendered,
                S::Unknown,
            ],
            S::Failed,
        )
        .ok_or(illegal),
        E::Cancel => from(state, &[S::Queued], S::Cancelled).ok_or(illegal),
    }
}

fn from(state: JobState, allowed: &[JobState], next: JobState) -> Option<JobState> {
    allowed.contains(&state).then_some(next)
}

/// The lane a job waits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LaneName {
    High,
    Normal,
    Low,
}

impl LaneName {
    /// Every lane, most urgent first.
    pub const ALL: [LaneName; 3] = [LaneName::High, LaneName::Normal, LaneName::Low];

    /// The name in rows and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            LaneName::High => "high",
            LaneName::Normal => "normal",
            LaneName::Low => "low",
        }
    }

    /// Reads [`LaneName::as_str`] back.
    pub fn parse(text: &str) -> Option<LaneName> {
        Self::ALL.into_iter().find(|lane| lane.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finished_job_never_moves_again() {
        for state in [JobState::Delivered, JobState::Failed, JobState::Cancelled] {
            for event in JobEvent::ALL {
                assert!(step(state, event).is_err(), "{state:?} took {event:?}");
            }
        }
    }

    #[test]
    fn only_a_waiting_job_can_be_cancelled() {
        for state in JobState::ALL {
            let cancelled = step(state, JobEvent::Cancel).is_ok();
            assert_eq!(cancelled, state == JobState::Queued, "{state:?}");
        }
    }

    #[test]
    fn a_rescue_keeps_the_state_the_work_had_reached() {
        for state in JobState::ALL {
            if state.is_worked_on() {
                assert_eq!(step(state, JobEvent::Lease), Ok(state));
            }
        }
    }

    #[test]
    fn nothing_is_charged_before_the_result_is_stored() {
        for state in JobState::ALL {
            let settled = step(state, JobEvent::Settle).is_ok();
            assert_eq!(settled, state == JobState::Rendered, "{state:?}");
        }
    }

    #[test]
    fn states_and_lanes_survive_their_row() {
        for state in JobState::ALL {
            assert_eq!(JobState::parse(state.as_str()), Some(state));
        }
        for lane in LaneName::ALL {
            assert_eq!(LaneName::parse(lane.as_str()), Some(lane));
        }
    }
}
