//! What an audit found, and how it reads on a terminal.

use std::fmt;

use rei_domain::ids::ShardId;

/// What an audit found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub checked: Checked,
    /// The end of each shard's chain, in order. Kept elsewhere, it proves later that no row
    /// up to it was changed.
    pub heads: Vec<Head>,
    /// The end of the audit log, to be kept elsewhere as well.
    pub audit: AuditEnd,
    /// Empty when every invariant holds.
    pub findings: Vec<Finding>,
}

/// How many rows were looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    pub transfers: i64,
    pub accounts: i64,
    pub holds: i64,
    pub drafts: i64,
    pub jobs: i64,
    pub attempts: i64,
    pub sessions: i64,
    pub messages: i64,
    pub updates: i64,
}

/// The end of one shard's chain, as its last row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub shard: ShardId,
    /// Sequence number of the last row, which is the number of rows.
    pub seq: i64,
    /// Lower-case hexadecimal.
    pub hash: String,
}

/// The end of the audit log, as its last entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEnd {
    /// Number of the last entry, which is the number of entries.
    pub seq: i64,
    /// Lower-case hexadecimal.
    pub hash: String,
}

/// One invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its id, `I2`.
    pub invariant: &'static str,
    /// What should hold.
    pub sentence: &'static str,
    pub weight: Weight,
    /// How many rows break it.
    pub rows: i64,
    /// One of them, told in ids and amounts.
    pub example: String,
}

/// What a finding means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Weight {
    /// Rows contradict each other. It never happens by itself, whatever crashes.
    Broken,
    /// Something waits for longer than it should: nobody works, or nobody can.
    Overdue,
}

impl Report {
    /// Whether no rows contradict each other. What is merely overdue does not make the books
    /// wrong: after a night without the bot there is a lot of it.
    pub fn is_sound(&self) -> bool {
        self.findings
            .iter()
            .all(|finding| finding.weight != Weight::Broken)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "checked {}", self.checked)?;
        for head in &self.heads {
            let Head { shard, seq, hash } = head;
            writeln!(f, "shard {shard}: {seq} transfers, head {hash}")?;
        }
        let AuditEnd { seq, hash } = &self.audit;
        writeln!(f, "audit: {seq} entries, head {hash}")?;
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        let count = |weight| self.findings.iter().filter(|f| f.weight == weight).count();
        match (count(Weight::Broken), count(Weight::Overdue)) {
            (0, 0) => writeln!(f, "every invariant holds"),
            (0, overdue) => writeln!(f, "the books are sound; {overdue} overdue"),
            (broken, overdue) => writeln!(f, "{broken} broken, {overdue} overdue"),
        }
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} transfers, {} accounts, {} holds, {} drafts, {} jobs, {} attempts, \
             {} sessions, {} messages, {} updates",
            self.transfers,
            self.accounts,
            self.holds,
            self.drafts,
            self.jobs,
            self.attempts,
            self.sessions,
            self.messages,
            self.updates,
        )
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.weight {
            Weight::Broken => "BROKEN",
            Weight::Overdue => "overdue",
        };
        write!(
            f,
            "{word} {}: {}; not so in {} rows, as {}",
            self.invariant, self.sentence, self.rows, self.example
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(findings: Vec<Finding>) -> Report {
        Report {
            checked: Checked {
                transfers: 3,
                ..Checked::default()
            },
            heads: vec![Head {
                shard: ShardId(0),
                seq: 3,
                hash: "ab".into(),
            }],
            audit: AuditEnd {
                seq: 2,
                hash: "cd".into(),
            },
            findings,
        }
    }

    fn finding(weight: Weight) -> Finding {
        Finding {
            invariant: "I2",
            sentence: "sums agree",
            weight,
            rows: 2,
            example: "user:7:held".into(),
        }
    }

    #[test]
    fn a_sound_report_says_what_was_looked_at() {
        let text = report(Vec::new()).to_string();
        assert_eq!(
            text,
            "checked 3 transfers, 0 accounts, 0 holds, 0 drafts, 0 jobs, 0 attempts, \
             0 sessions, 0 messages, 0 updates\n\
             shard 0: 3 transfers, head ab\n\
             audit: 2 entries, head cd\n\
             every invariant holds\n"
        );
    }

    #[test]
    fn a_violation_is_named_with_its_sentence_and_one_example() {
        let broken = report(vec![finding(Weight::Broken)]);
        assert!(!broken.is_sound());
        let text = broken.to_string();
        assert!(
            text.contains("BROKEN I2: sums agree; not so in 2 rows, as user:7:held\n"),
            "{text}"
        );
        assert!(text.ends_with("1 broken, 0 overdue\n"), "{text}");
    }

    #[test]
    fn what_is_overdue_does_not_make_the_books_wrong() {
        let overdue = report(vec![finding(Weight::Overdue)]);
        assert!(overdue.is_sound());
        let text = overdue.to_string();
        assert!(text.ends_with("the books are sound; 1 overdue\n"), "{text}");
    }
}
