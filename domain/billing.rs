//! Failure to billing: one table, a row for each way a job can end.

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ending {
    /// The picture is stored.
    Delivered,
    /// The provider's rules forbid the prompt or the picture.
    ModerationRefused,
    /// The provider failed for good, or too often.
    ProviderFailed,
    /// No answer before the deadline.
    TimedOut,
    /// An input picture can no longer be fetched, or is no picture.
    InputUnavailable,
    /// The input pictures together are more than the provider takes.
    InputsTooLarge,
    /// A fault of this platform.
    OurFault,
    /// The user or an admin cancelled before the submit.
    CancelledBeforeSubmit,
}

impl Ending {
    /// Every ending; a test walks it.
    pub const ALL: [Ending; 8] = [
        Ending::Delivered,
        Ending::ModerationRefused,
        Ending::ProviderFailed,
        Ending::TimedOut,
        Ending::InputUnavailable,
        Ending::InputsTooLarge,
        Ending::OurFault,
        Ending::CancelledBeforeSubmit,
    ];

    /// The name in rows and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Ending::Delivered => "delivered",
            Ending::ModerationRefused => "moderation",
            Ending::ProviderFailed => "provider",
            Ending::TimedOut => "timeout",
            Ending::InputUnavailable => "input",
            Ending::InputsTooLarge => "input_size",
            Ending::OurFault => "ours",
            Ending::CancelledBeforeSubmit => "cancelled",
        }
    }

    /// Reads [`Ending::as_str`] back.
    pub fn parse(text: &str) -> Option<Ending> {
        Self::ALL.into_iter().find(|ending| ending.as_str() == text)
    }
}

/// What happens to the money that was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserMoney {
    /// The whole hold becomes revenue.
    Charged,
    /// The whole hold goes back to the user at once.
    Returned,
}

/// The table. The user pays for a stored result and for nothing else.
pub fn user_money(ending: Ending) -> UserMoney {
    match ending {
        Ending::Delivered => UserMoney::Charged,
        Ending::ModerationRefused
        | Ending::ProviderFailed
        | Ending::TimedOut
        | Ending::InputUnavailable
        | Ending::InputsTooLarge
        | Ending::OurFault
        | Ending::CancelledBeforeSubmit => UserMoney::Returned,
    }
}

/// What to do with an attempt whose answer was lost and that cannot be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmbiguityPolicy {
    /// Ask the provider once more; a second cost is the platform's loss.
    RetryOnce,
    /// Give the money back; a cost that arose is the platform's loss.
    Refund,
}

/// What follows from a lost answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmbiguityStep {
    /// Book the estimated cost of the lost attempt as a loss and try once more.
    TryAgain,
    /// Book it as a loss and return the hold.
    GiveUp,
}

/// Decides after `lost` ambiguous attempts of one job, the present one included.
pub fn on_lost_answer(policy: AmbiguityPolicy, lost: u32) -> AmbiguityStep {
    match policy {
        AmbiguityPolicy::RetryOnce if lost <= 1 => AmbiguityStep::TryAgain,
        AmbiguityPolicy::RetryOnce | AmbiguityPolicy::Refund => AmbiguityStep::GiveUp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_delivered_picture_costs_money() {
        for ending in Ending::ALL {
            let charged = user_money(ending) == UserMoney::Charged;
            assert_eq!(charged, ending == Ending::Delivered, "{ending:?}");
        }
    }

    #[test]
    fn endings_survive_their_row() {
        for ending in Ending::ALL {
            assert_eq!(Ending::parse(ending.as_str()), Some(ending));
        }
    }

    #[test]
    fn a_lost_answer_is_retried_at_most_once() {
        use AmbiguityPolicy::{Refund, RetryOnce};
        assert_eq!(on_lost_answer(RetryOnce, 1), AmbiguityStep::TryAgain);
        assert_eq!(on_lost_answer(RetryOnce, 2), AmbiguityStep::GiveUp);
        assert_eq!(on_lost_answer(Refund, 1), AmbiguityStep::GiveUp);
    }
}
