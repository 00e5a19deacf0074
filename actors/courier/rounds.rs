//! The courier's rounds: which chat's message goes next, within Telegram's limits.
//!
//! Inside a chat messages keep their order and one is in flight at a time. A chat that must
//! pause does not hold up another. The rows are the queue; what is kept here can be lost.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use rei_domain::ids::{ChatId, JobId};
use rei_domain::pace::Pace;
use rei_domain::time::{Moment, Span};

use crate::ports::outbox::{OutboxBody, OutboxRow};

/// Telegram's limits as the bot keeps them (`contracts/telegram.md`, 9).
#[derive(Clone, Copy, Debug)]
pub struct SendLimits {
    /// The average time between two messages of the bot.
    pub overall_interval: Span,
    /// Messages of the bot at once.
    pub overall_burst: u32,
    /// The average time between two messages in one chat.
    pub chat_interval: Span,
    /// Messages in one chat at once.
    pub chat_burst: u32,
}

/// The state of the rounds.
#[derive(Debug)]
pub struct Rounds {
    limits: SendLimits,
    overall: Pace,
    chats: HashMap<ChatId, Pace>,
    /// Read rows by chat, in order.
    waiting: BTreeMap<ChatId, VecDeque<OutboxRow>>,
    known: BTreeSet<i64>,
    in_flight: BTreeSet<ChatId>,
    paused: BTreeMap<ChatId, Moment>,
    /// The chat after which the next search begins, so that all get their turn.
    last: Option<ChatId>,
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum NextSend {
    /// Send this; end it with [`Rounds::ended`].
    Send(Box<OutboxRow>),
    /// A later row of the same slot makes this one pointless; end it the same way.
    Supersede(Box<OutboxRow>),
    /// Nothing before this moment.
    NotBefore(Moment),
    /// Nothing is read.
    Nothing,
}

impl Rounds {
    /// Rounds without rows.
    pub fn new(limits: SendLimits) -> Self {
        Self {
            overall: Pace::new(limits.overall_interval, limits.overall_burst),
            limits,
            chats: HashMap::new(),
            waiting: BTreeMap::new(),
            known: BTreeSet::new(),
            in_flight: BTreeSet::new(),
            paused: BTreeMap::new(),
            last: None,
        }
    }

    /// Takes rows that were read; those known already are skipped.
    pub fn read(&mut self, rows: Vec<OutboxRow>) {
        for row in rows {
            if self.known.insert(row.seq) {
                self.waiting.entry(row.chat).or_default().push_back(row);
            }
        }
    }

    /// Rows that wait here.
    pub fn len(&self) -> usize {
        self.waiting.values().map(VecDeque::len).sum()
    }

    /// Whether no row waits here.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Chooses the next message.
    pub fn next(&mut self, now: Moment) -> NextSend {
        if self.waiting.is_empty() {
            return NextSend::Nothing;
        }
        self.paused.retain(|_, until| *until > now);
        let mut soonest: Option<Moment> = None;
        for chat in self.chats_in_turn() {
            if self.in_flight.contains(&chat) {
                continue;
            }
            if let Some(until) = self.paused.get(&chat) {
                soonest = earlier(soonest, *until);
                continue;
            }
            if self.is_superseded(chat) {
                return self.start(chat, NextSend::Supersede);
            }
            if let Some(at) = self.overall.blocked_until(now) {
                return NextSend::NotBefore(at);
            }
            if let Err(at) = self.pace_of(chat).take(now) {
                soonest = earlier(soonest, at);
                continue;
            }
            // Not blocked a line ago, and nobody else takes from it.
            let _ = self.overall.take(now);
            return self.start(chat, NextSend::Send);
        }
        match soonest {
            Some(at) => NextSend::NotBefore(at),
            None => NextSend::Nothing,
        }
    }

    /// Takes a place for a message that is not a row, such as a refreshed progress.
    pub fn borrow(&mut self, chat: ChatId, now: Moment) -> bool {
        let busy = self.in_flight.contains(&chat)
            || self.waiting.contains_key(&chat)
            || self.paused.get(&chat).is_some_and(|until| *until > now);
        if busy
            || self.overall.blocked_until(now).is_some()
            || self.pace_of(chat).take(now).is_err()
        {
            return false;
        }
        let _ = self.overall.take(now);
        self.in_flight.insert(chat);
        true
    }

    /// A delivery ended; the chat goes on, or pauses.
    pub fn ended(&mut self, chat: ChatId, seq: Option<i64>, paused_until: Option<Moment>) {
        self.in_flight.remove(&chat);
        if let Some(seq) = seq {
            self.known.remove(&seq);
        }
        if let Some(until) = paused_until {
            self.paused.insert(chat, until);
            // The rows behind it are read again when they are due: nothing overtakes.
            if let Some(rows) = self.waiting.remove(&chat) {
                for row in rows {
                    self.known.remove(&row.seq);
                }
            }
        }
    }

    /// Forgets the pace of chats that have been quiet.
    pub fn forget_rested(&mut self, now: Moment) {
        self.chats.retain(|_, pace| !pace.is_rested(now));
    }

    fn start(&mut self, chat: ChatId, how: impl FnOnce(Box<OutboxRow>) -> NextSend) -> NextSend {
        let Some(rows) = self.waiting.get_mut(&chat) else {
            return NextSend::Nothing;
        };
        let Some(row) = rows.pop_front() else {
            return NextSend::Nothing;
        };
        if rows.is_empty() {
            self.waiting.remove(&chat);
        }
        self.in_flight.insert(chat);
        self.last = Some(chat);
        how(Box::new(row))
    }

    fn chats_in_turn(&self) -> Vec<ChatId> {
        let chats = self.waiting.keys().copied();
        let Some(last) = self.last else {
            return chats.collect();
        };
        let (after, before): (Vec<_>, Vec<_>) = chats.partition(|chat| *chat > last);
        after.into_iter().chain(before).collect()
    }

    /// Words in a slot are pointless when the next row of the chat writes the same slot.
    fn is_superseded(&self, chat: ChatId) -> bool {
        let Some(rows) = self.waiting.get(&chat) else {
            return false;
        };
        let (Some(first), Some(second)) = (rows.front(), rows.get(1)) else {
            return false;
        };
        let words = match &first.body {
            OutboxBody::Text { .. }
            | OutboxBody::Progress { .. }
            | OutboxBody::PayCard { .. }
            | OutboxBody::Usage { .. }
            | OutboxBody::UsageWarning { .. } => true,
            OutboxBody::Result { .. }
            | OutboxBody::File { .. }
            | OutboxBody::Document { .. }
            | OutboxBody::Credited { .. }
            | OutboxBody::Refund { .. } => false,
        };
        words && first.slot.is_some() && first.slot == second.slot
    }

    fn pace_of(&mut self, chat: ChatId) -> &mut Pace {
        let limits = self.limits;
        self.chats
            .entry(chat)
            .or_insert_with(|| Pace::new(limits.chat_interval, limits.chat_burst))
    }
}

fn earlier(known: Option<Moment>, at: Moment) -> Option<Moment> {
    Some(known.map_or(at, |known| known.min(at)))
}

/// A running job whose progress message is kept up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedJob {
    pub job: JobId,
    pub chat: ChatId,
    pub slot: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::view::Rendered;

    fn row(seq: i64, chat: i64, slot: Option<&str>) -> OutboxRow {
        OutboxRow {
            seq,
            chat: ChatId(chat),
            slot: slot.map(str::to_owned),
            body: OutboxBody::Text {
                rendered: Rendered::default(),
            },
            attempts: 0,
        }
    }

    fn rounds() -> Rounds {
        Rounds::new(SendLimits {
            overall_interval: Span::from_millis(34),
            overall_burst: 30,
            chat_interval: Span::from_secs(1),
            chat_burst: 1,
        })
    }

    fn at(ms: i64) -> Moment {
        Moment(ms * 1_000)
    }

    fn sent(next: NextSend) -> Option<i64> {
        match next {
            NextSend::Send(row) => Some(row.seq),
            NextSend::Supersede(_) | NextSend::NotBefore(_) | NextSend::Nothing => None,
        }
    }

    #[test]
    fn messages_of_a_chat_keep_their_order_and_pace() {
        let mut rounds = rounds();
        rounds.read(vec![row(1, 7, None), row(2, 7, None)]);
        assert_eq!(sent(rounds.next(at(0))), Some(1));
        assert_eq!(rounds.next(at(0)), NextSend::Nothing, "one is in flight");
        rounds.ended(ChatId(7), Some(1), None);
        assert_eq!(rounds.next(at(10)), NextSend::NotBefore(at(1_000)));
        assert_eq!(sent(rounds.next(at(1_000))), Some(2));
    }

    #[test]
    fn a_pausing_chat_does_not_hold_up_another() {
        let mut rounds = rounds();
        rounds.read(vec![row(1, 7, None), row(2, 7, None), row(3, 8, None)]);
        assert_eq!(sent(rounds.next(at(0))), Some(1));
        rounds.ended(ChatId(7), Some(1), Some(at(30_000)));
        assert_eq!(sent(rounds.next(at(1))), Some(3));
        rounds.ended(ChatId(8), Some(3), None);
        rounds.read(vec![row(1, 7, None), row(2, 7, None)]);
        assert_eq!(rounds.next(at(5_000)), NextSend::NotBefore(at(30_000)));
        assert_eq!(sent(rounds.next(at(30_000))), Some(1));
    }

    #[test]
    fn thirty_a_second_over_all_chats() {
        let mut rounds = rounds();
        rounds.read((0..100).map(|n| row(n, n, None)).collect());
        let at_once = (0..100).filter_map(|_| sent(rounds.next(at(0)))).count();
        assert_eq!(at_once, 30);
        assert_eq!(rounds.next(at(0)), NextSend::NotBefore(at(34)));
    }

    #[test]
    fn an_older_state_of_the_same_slot_is_skipped() {
        let mut rounds = rounds();
        rounds.read(vec![row(1, 7, Some("draft:a")), row(2, 7, Some("draft:a"))]);
        let NextSend::Supersede(first) = rounds.next(at(0)) else {
            panic!("the first row is pointless");
        };
        assert_eq!(first.seq, 1);
        rounds.ended(ChatId(7), Some(1), None);
        assert_eq!(sent(rounds.next(at(0))), Some(2));
    }

    #[test]
    fn a_row_read_twice_is_sent_once() {
        let mut rounds = rounds();
        rounds.read(vec![row(1, 7, None)]);
        assert_eq!(sent(rounds.next(at(0))), Some(1));
        rounds.read(vec![row(1, 7, None)]);
        rounds.ended(ChatId(7), Some(1), None);
        assert_eq!(rounds.next(at(5_000)), NextSend::Nothing);
    }

    #[test]
    fn progress_waits_for_messages() {
        let mut rounds = rounds();
        rounds.read(vec![row(1, 7, None)]);
        assert!(!rounds.borrow(ChatId(7), at(0)));
        assert!(rounds.borrow(ChatId(8), at(0)));
        assert!(!rounds.borrow(ChatId(8), at(0)));
    }
}
