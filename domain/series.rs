//! Series: the same request several times over, one step after the other.
//!
//! Each step is an ordinary job with its own hold, so a series never holds more than one step's
//! price and ends by itself when the next one is not covered. What it does next follows from
//! the states of its steps alone.

use crate::billing::Ending;
use crate::ids::{ChatId, DraftId, UserId};
use crate::job::JobState;
use crate::money::Money;
use crate::time::Moment;

/// How many steps a user can ask for.
pub const COUNTS: [u32; 3] = [2, 4, 8];

/// Why a series ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SeriesEnd {
    /// Every step was done.
    Completed,
    /// The user stopped it or withdrew a step.
    Stopped,
    /// The balance does not cover the next step.
    Balance,
    /// A cap does not cover it.
    Cap,
    /// The user may not order any more.
    Banned,
    /// The provider's rules forbid the request: the next step would fare no better.
    Refused,
    /// A step failed.
    Failed,
}

impl SeriesEnd {
    /// Every reason.
    pub const ALL: [SeriesEnd; 7] = [
        SeriesEnd::Completed,
        SeriesEnd::Stopped,
        SeriesEnd::Balance,
        SeriesEnd::Cap,
        SeriesEnd::Banned,
        SeriesEnd::Refused,
        SeriesEnd::Failed,
    ];

    /// The name in rows and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            SeriesEnd::Completed => "completed",
            SeriesEnd::Stopped => "stopped",
            SeriesEnd::Balance => "balance",
            SeriesEnd::Cap => "cap",
            SeriesEnd::Banned => "banned",
            SeriesEnd::Refused => "refused",
            SeriesEnd::Failed => "failed",
        }
    }

    /// Reads [`SeriesEnd::as_str`] back.
    pub fn parse(text: &str) -> Option<SeriesEnd> {
        Self::ALL.into_iter().find(|end| end.as_str() == text)
    }
}

/// Whether the user asked for the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopping {
    No,
    Asked,
}

/// Whether the user was told that no further step is covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warned {
    No,
    Yes,
}

/// A series as its row has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// The draft of the first step.
    pub id: DraftId,
    pub user: UserId,
    pub chat: ChatId,
    pub wanted: u32,
    /// Of each step, locked at the start.
    pub price: Money,
    pub stopping: Stopping,
    pub warned: Warned,
    pub started_at: Moment,
    pub ended: Option<(Moment, SeriesEnd)>,
}

/// A step as its job has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub state: JobState,
    pub ending: Option<Ending>,
}

/// What a series does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// A step is at work.
    Wait,
    /// Begin the step of this number, from 1.
    Begin(u32),
    End(SeriesEnd),
}

impl Series {
    /// The draft, and so the job, of a step, counted from 1.
    pub fn step(&self, number: u32) -> DraftId {
        match number {
            0 | 1 => self.id.clone(),
            number => DraftId::new(format!("{}x{number}", self.id)),
        }
    }

    /// Decides from the steps begun so far, in order.
    pub fn next(&self, steps: &[Step]) -> Next {
        let begun = u32::try_from(steps.len()).unwrap_or(u32::MAX);
        let Some(last) = steps.last() else {
            return match self.stopping {
                Stopping::No => Next::Begin(1),
                Stopping::Asked => Next::End(SeriesEnd::Stopped),
            };
        };
        match (last.state, last.ending) {
            (JobState::Settled | JobState::Delivered, _) if begun >= self.wanted => {
                Next::End(SeriesEnd::Completed)
            }
            (JobState::Settled | JobState::Delivered, _) => match self.stopping {
                Stopping::No => Next::Begin(begun + 1),
                Stopping::Asked => Next::End(SeriesEnd::Stopped),
            },
            (JobState::Cancelled, _) => Next::End(SeriesEnd::Stopped),
            (JobState::Failed, Some(Ending::ModerationRefused)) => Next::End(SeriesEnd::Refused),
            (JobState::Failed, _) => Next::End(SeriesEnd::Failed),
            (
                JobState::Queued
                | JobState::Leased
                | JobState::Submitting
                | JobState::Running
                | JobState::Rendered
                | JobState::Unknown,
                _,
            ) => Next::Wait,
        }
    }
}

/// How many steps brought a picture.
pub fn delivered(steps: &[Step]) -> u32 {
    let done = |step: &&Step| matches!(step.state, JobState::Settled | JobState::Delivered);
    u32::try_from(steps.iter().filter(done).count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn series(wanted: u32, stopping: Stopping) -> Series {
        Series {
            id: DraftId::new("d"),
            user: UserId(7),
            chat: ChatId(7),
            wanted,
            price: Money::from_kopecks(100),
            stopping,
            warned: Warned::No,
            started_at: Moment(0),
            ended: None,
        }
    }

    fn step(state: JobState) -> Step {
        let ending = (state == JobState::Failed).then_some(Ending::ProviderFailed);
        Step { state, ending }
    }

    #[test]
    fn a_refusal_ends_a_series_and_a_stop_ends_it_after_the_running_step() {
        let refused = Step {
            state: JobState::Failed,
            ending: Some(Ending::ModerationRefused),
        };
        let going = series(4, Stopping::No);
        assert_eq!(going.next(&[refused]), Next::End(SeriesEnd::Refused));
        let asked = series(4, Stopping::Asked);
        assert_eq!(asked.next(&[step(JobState::Running)]), Next::Wait);
        let done = [step(JobState::Delivered)];
        assert_eq!(asked.next(&done), Next::End(SeriesEnd::Stopped));
        assert_eq!(asked.next(&[]), Next::End(SeriesEnd::Stopped));
    }

    proptest! {
        /// Never two steps at once, never more than were wanted, and it always ends.
        #[test]
        fn a_series_goes_step_by_step(wanted in 2u32..9, fails_at in 1u32..12) {
            let series = series(wanted, Stopping::No);
            let mut steps = Vec::new();
            loop {
                match series.next(&steps) {
                    Next::Begin(number) => {
                        prop_assert_eq!(number as usize, steps.len() + 1);
                        steps.push(step(JobState::Queued));
                        prop_assert_eq!(series.next(&steps), Next::Wait);
                        let failed = number == fails_at;
                        let end = if failed { JobState::Failed } else { JobState::Settled };
                        *steps.last_mut().unwrap() = step(end);
                    }
                    Next::Wait => prop_assert!(false, "nothing runs"),
                    Next::End(end) => {
                        let completed = fails_at > wanted;
                        prop_assert_eq!(end == SeriesEnd::Completed, completed);
                        let done = wanted.min(fails_at - 1);
                        prop_assert_eq!(delivered(&steps), done);
                        break;
                    }
                }
            }
        }
    }
}
