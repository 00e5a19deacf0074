//! Turns: a chat's updates in order, with albums put back together.
//!
//! Telegram delivers each picture of an album as an update of its own, marks none as the last,
//! and sends the next one only after the last was answered (`contracts/telegram.md`, 2.3 and
//! 4.1). So updates are stored first, and the album is closed when another message follows it
//! or when the chat has been quiet for a while. Nothing waits in memory: the stored updates
//! are the state, and a crash changes nothing.

use crate::conversation::{Inbound, RepliedTo, Unsupported};
use crate::spec::{INPUTS_MAX, Input};
use crate::time::{Moment, Span};

/// One stored update of a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The update's id, which names its row.
    pub update_id: i64,
    pub received_at: Moment,
    pub inbound: Inbound,
}

/// One thing to answer, with the updates it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// At least one; marked processed together with the answer.
    pub update_ids: Vec<i64>,
    pub content: TurnContent,
}

/// What a turn asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TurnContent {
    /// Words alone, or in reply to a message.
    Words {
        text: String,
        reply_to: Option<RepliedTo>,
    },
    /// One or more pictures, perhaps with words.
    Pictures {
        inputs: Vec<Input>,
        caption: Option<String>,
    },
    /// Everything that is not words or pictures.
    Other(Inbound),
}

/// The next thing to do for a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Answer this; then ask again with what is left.
    Take(Turn),
    /// An album may still grow; ask again at this moment or when an update comes.
    WaitUntil(Moment),
    /// Nothing is stored.
    Idle,
}

/// Decides what to do with a chat's unprocessed updates, oldest first.
pub fn next_turn(arrivals: &[Arrival], now: Moment, album_quiet: Span) -> Next {
    let Some(first) = arrivals.first() else {
        return Next::Idle;
    };
    let single = |content| {
        Next::Take(Turn {
            update_ids: vec![first.update_id],
            content,
        })
    };
    match &first.inbound {
        Inbound::Picture {
            album: Some(album), ..
        } => next_album(album, arrivals, now, album_quiet),
        Inbound::Picture {
            input,
            caption,
            album: None,
        } => single(TurnContent::Pictures {
            inputs: vec![input.clone()],
            caption: caption.clone(),
        }),
        Inbound::Words { text, reply_to } => single(TurnContent::Words {
            text: text.clone(),
            reply_to: reply_to.clone(),
        }),
        Inbound::Command { .. }
        | Inbound::Tap { .. }
        | Inbound::Unsupported(_)
        | Inbound::Paid { .. }
        | Inbound::Blocked
        | Inbound::Unblocked
        | Inbound::Ignored => single(TurnContent::Other(first.inbound.clone())),
    }
}

fn next_album(name: &str, arrivals: &[Arrival], now: Moment, quiet: Span) -> Next {
    let mut update_ids = Vec::new();
    let mut inputs = Vec::new();
    let mut words: Option<String> = None;
    let mut last_at = None;
    let mut followed = false;
    for arrival in arrivals {
        let Inbound::Picture {
            input,
            caption,
            album: Some(album),
        } = &arrival.inbound
        else {
            followed = true;
            break;
        };
        if album != name {
            followed = true;
            break;
        }
        update_ids.push(arrival.update_id);
        inputs.push(input.clone());
        words = words.or_else(|| caption.clone());
        last_at = Some(arrival.received_at);
    }
    let Some(last_at) = last_at else {
        return Next::Idle;
    };
    let closes_at = last_at + quiet;
    // A clock that stepped back must not keep an album open for longer than one quiet period.
    let stepped_back = now < last_at;
    if !followed && now < closes_at && !stepped_back {
        return Next::WaitUntil(closes_at);
    }
    let content = if inputs.len() > INPUTS_MAX {
        TurnContent::Other(Inbound::Unsupported(Unsupported::TooManyPictures))
    } else {
        TurnContent::Pictures {
            inputs,
            caption: words,
        }
    };
    Next::Take(Turn {
        update_ids,
        content,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Span = Span::from_millis(1_000);

    fn picture(update_id: i64, at_ms: i64, album: Option<&str>, caption: Option<&str>) -> Arrival {
        Arrival {
            update_id,
            received_at: Moment(at_ms * 1_000),
            inbound: Inbound::Picture {
                input: Input::sent_picture(format!("file-{update_id}"), None),
                caption: caption.map(str::to_owned),
                album: album.map(str::to_owned),
            },
        }
    }

    fn words(update_id: i64, at_ms: i64) -> Arrival {
        Arrival {
            update_id,
            received_at: Moment(at_ms * 1_000),
            inbound: Inbound::Words {
                text: "hi".into(),
                reply_to: None,
            },
        }
    }

    fn ids(next: Next) -> Vec<i64> {
        match next {
            Next::Take(turn) => turn.update_ids,
            Next::WaitUntil(_) | Next::Idle => Vec::new(),
        }
    }

    #[test]
    fn an_album_waits_until_the_chat_is_quiet() {
        let album = [
            picture(1, 0, Some("a"), None),
            picture(2, 400, Some("a"), Some("put them together")),
        ];
        let at = |ms: i64| next_turn(&album, Moment(ms * 1_000), QUIET);
        assert_eq!(at(500), Next::WaitUntil(Moment(1_400_000)));
        let Next::Take(turn) = at(1_400) else {
            panic!("the album is quiet and still waits");
        };
        assert_eq!(turn.update_ids, [1, 2]);
        let TurnContent::Pictures { inputs, caption } = turn.content else {
            panic!("an album is pictures");
        };
        assert_eq!(inputs.len(), 2);
        assert_eq!(caption.as_deref(), Some("put them together"));
    }

    #[test]
    fn a_following_message_closes_the_album_at_once() {
        let arrivals = [
            picture(1, 0, Some("a"), None),
            picture(2, 1, Some("a"), None),
            words(3, 2),
        ];
        assert_eq!(ids(next_turn(&arrivals, Moment(3_000), QUIET)), [1, 2]);
    }

    #[test]
    fn two_albums_in_a_row_are_two_turns() {
        let arrivals = [
            picture(1, 0, Some("a"), None),
            picture(2, 1, Some("b"), None),
        ];
        assert_eq!(ids(next_turn(&arrivals, Moment(2_000), QUIET)), [1]);
    }

    #[test]
    fn a_clock_that_steps_back_does_not_hold_an_album_for_ever() {
        let arrivals = [picture(1, 1_000_000, Some("a"), None)];
        assert_eq!(ids(next_turn(&arrivals, Moment(0), QUIET)), [1]);
    }

    #[test]
    fn nothing_stored_is_nothing_to_do() {
        assert_eq!(next_turn(&[], Moment(0), QUIET), Next::Idle);
    }
}
