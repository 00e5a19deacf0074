//! The audit log: who with more rights than a user did what, and what was refused to him.
//!
//! Entries are only ever added, and each carries the hash of itself and of the entry before it,
//! as the ledger's rows do. An entry names people by id and depends on no other row, so it
//! outlives the user, the job or the payment it tells of.

use crate::ids::UserId;
use crate::ledger::canonical_hash;
use crate::time::Moment;

/// Characters of an entry's detail; the rest is cut off, so that no act can fill the disk.
pub const DETAIL_CHARS_MAX: usize = 1_000;

/// One act, or one refusal of an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Names the entry for ever; a second one with the same key is not written.
    pub key: String,
    pub at: Moment,
    pub actor: Actor,
    pub via: Via,
    /// What was to be done, `add` or `actor.restart`.
    pub action: String,
    /// Whom or what it is about, `user:42`, `job:<id>`, `actor:ledger-0`.
    pub target: String,
    /// The rest, for people: sum, balance before and after, reason.
    pub detail: String,
    pub outcome: AuditOutcome,
}

/// Who acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A person in the bot's chat.
    User(UserId),
    /// Whoever presented the admin's token.
    TokenHolder,
    /// Whoever can run the binary beside its database.
    Operator,
    /// Somebody who did not say who he is, or the passing of time.
    Nobody,
}

impl Actor {
    /// The name in rows: `user:42`, `token`, `operator`, `nobody`.
    pub fn render(self) -> String {
        match self {
            Actor::User(user) => format!("user:{user}"),
            Actor::TokenHolder => "token".to_owned(),
            Actor::Operator => "operator".to_owned(),
            Actor::Nobody => "nobody".to_owned(),
        }
    }

    /// Reads [`Actor::render`] back.
    pub fn parse(text: &str) -> Option<Actor> {
        match text {
            "token" => Some(Actor::TokenHolder),
            "operator" => Some(Actor::Operator),
            "nobody" => Some(Actor::Nobody),
            user => {
                let id = user.strip_prefix("user:")?.parse().ok()?;
                let actor = Actor::User(UserId(id));
                (actor.render() == text).then_some(actor)
            }
        }
    }
}

/// By which door the act came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Via {
    Bot,
    Http,
    Cli,
}

impl Via {
    /// The name in rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Via::Bot => "bot",
            Via::Http => "http",
            Via::Cli => "cli",
        }
    }

    /// Reads [`Via::as_str`] back.
    pub fn parse(text: &str) -> Option<Via> {
        [Via::Bot, Via::Http, Via::Cli]
            .into_iter()
            .find(|via| via.as_str() == text)
    }
}

/// How far the act came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuditOutcome {
    /// Somebody began it; nothing has happened yet.
    Asked,
    /// He confirmed it, and another admin has to agree.
    Confirmed,
    /// It was done.
    Done,
    /// It was not allowed, or could not be done.
    Refused,
    /// Somebody decided against it before it was done.
    Withdrawn,
    /// Nobody confirmed it in time.
    Expired,
}

impl AuditOutcome {
    /// Every outcome.
    pub const ALL: [AuditOutcome; 6] = [
        AuditOutcome::Asked,
        AuditOutcome::Confirmed,
        AuditOutcome::Done,
        AuditOutcome::Refused,
        AuditOutcome::Withdrawn,
        AuditOutcome::Expired,
    ];

    /// The name in rows.
    pub fn as_str(self) -> &'static str {
        match self {
            AuditOutcome::Asked => "asked",
            AuditOutcome::Confirmed => "confirmed",
            AuditOutcome::Done => "done",
            AuditOutcome::Refused => "refused",
            AuditOutcome::Withdrawn => "withdrawn",
            AuditOutcome::Expired => "expired",
        }
    }

    /// Reads [`AuditOutcome::as_str`] back.
    pub fn parse(text: &str) -> Option<AuditOutcome> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == text)
    }
}

/// An entry in its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLink {
    /// From 1, without gaps.
    pub seq: i64,
    pub entry: AuditEntry,
    pub hash: String,
}

/// The end of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditHead {
    /// Number of the last entry; zero before the first.
    pub seq: i64,
    /// Its hash, lower-case hexadecimal.
    pub hash: String,
    /// When it was written; time in the log never goes back.
    pub at: Moment,
}

impl AuditHead {
    /// Puts an entry behind the last one. A clock that stepped back does not take the log along:
    /// the entry gets the last one's moment.
    pub fn link(&mut self, mut entry: AuditEntry) -> AuditLink {
        entry.at = entry.at.max(self.at);
        if let Some((end, _)) = entry.detail.char_indices().nth(DETAIL_CHARS_MAX) {
            entry.detail.truncate(end);
        }
        let seq = self.seq.saturating_add(1);
        let hash = entry_hash(&self.hash, seq, &entry);
        *self = AuditHead {
            seq,
            hash: hash.clone(),
            at: entry.at,
        };
        AuditLink { seq, entry, hash }
    }
}

/// The hash of an entry: [`canonical_hash`] over the previous hash, seq, key, microseconds,
/// actor, via, action, target, detail and outcome. The log begins with the ledger's `GENESIS`.
pub fn entry_hash(previous: &str, seq: i64, entry: &AuditEntry) -> String {
    let (seq, at, actor) = (
        seq.to_string(),
        entry.at.0.to_string(),
        entry.actor.render(),
    );
    canonical_hash([
        previous,
        &seq,
        &entry.key,
        &at,
        &actor,
        entry.via.as_str(),
        &entry.action,
        &entry.target,
        &entry.detail,
        entry.outcome.as_str(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::GENESIS;

    fn entry(key: &str, at: i64) -> AuditEntry {
        AuditEntry {
            key: key.to_owned(),
            at: Moment(at),
            actor: Actor::User(UserId(1)),
            via: Via::Bot,
            action: "add".to_owned(),
            target: "user:42".to_owned(),
            detail: "+100.00: a gift".to_owned(),
            outcome: AuditOutcome::Done,
        }
    }

    fn genesis() -> AuditHead {
        AuditHead {
            seq: 0,
            hash: GENESIS.to_owned(),
            at: Moment(0),
        }
    }

    #[test]
    fn names_read_back_and_strangers_do_not() {
        for actor in [
            Actor::User(UserId(42)),
            Actor::TokenHolder,
            Actor::Operator,
            Actor::Nobody,
        ] {
            assert_eq!(Actor::parse(&actor.render()), Some(actor));
        }
        for stranger in ["", "user:", "user:+1", "user:x", "root"] {
            assert_eq!(Actor::parse(stranger), None, "{stranger}");
        }
        for outcome in AuditOutcome::ALL {
            assert_eq!(AuditOutcome::parse(outcome.as_str()), Some(outcome));
        }
        for via in [Via::Bot, Via::Http, Via::Cli] {
            assert_eq!(Via::parse(via.as_str()), Some(via));
        }
    }

    #[test]
    fn every_field_is_in_the_hash() {
        let plain = entry_hash(GENESIS, 1, &entry("k", 5));
        let change = |change: fn(&mut AuditEntry)| {
            let mut changed = entry("k", 5);
            change(&mut changed);
            entry_hash(GENESIS, 1, &changed)
        };
        let changed = [
            entry_hash(&plain, 1, &entry("k", 5)),
            entry_hash(GENESIS, 2, &entry("k", 5)),
            change(|entry| entry.key.push('x')),
            change(|entry| entry.at.0 += 1),
            change(|entry| entry.actor = Actor::Nobody),
            change(|entry| entry.via = Via::Cli),
            change(|entry| entry.action.push('x')),
            change(|entry| entry.target.push('x')),
            change(|entry| entry.detail.push('x')),
            change(|entry| entry.outcome = AuditOutcome::Refused),
        ];
        for hash in changed {
            assert_ne!(hash, plain);
        }
    }

    #[test]
    fn the_log_goes_on_when_the_clock_steps_back() {
        let mut head = genesis();
        let first = head.link(entry("a", 10));
        let second = head.link(entry("b", 3));
        assert_eq!((first.seq, second.seq), (1, 2));
        assert_eq!(second.entry.at, Moment(10));
        assert_eq!(second.hash, entry_hash(&first.hash, 2, &second.entry));
        assert_eq!(head.hash, second.hash);
    }

    #[test]
    fn an_endless_detail_is_cut_between_characters() {
        let mut long = entry("a", 1);
        long.detail = "ы".repeat(DETAIL_CHARS_MAX + 1);
        let link = genesis().link(long);
        assert_eq!(link.entry.detail.chars().count(), DETAIL_CHARS_MAX);
    }
}
