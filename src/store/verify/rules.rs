//! The invariants that one statement can check. A row is an invariant; each text gives the
//! number of places where it does not hold and one of them.

/// What a rule's text takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parameter {
    None,
    /// The present moment in microseconds.
    Now,
}

/// One invariant.
pub(super) struct Rule {
    pub invariant: &'static str,
    /// What should hold.
    pub promise: &'static str,
    pub parameter: Parameter,
    pub text: &'static str,
}

/// Every rule, in the order of the report.
pub(super) const RULES: [Rule; 16] = [
    Rule {
        invariant: "I1",
        promise: "all balances together are zero",
        parameter: Parameter::None,
        text: "
        SELECT COUNT(*) AS broken, MIN(example) AS example FROM (
            SELECT 'the sum of all accounts' AS example WHERE (SELECT COALESCE(SUM(balance), 0) FROM user_balance_cache) <> 0
        ) places",
    },
    Rule {
        invariant: "I2",
        promise: "the cache holds what the journal adds up to",
        parameter: Parameter::None,
        text: "
        SELECT COUNT(*) AS broken, MIN(example) AS example FROM (
            SELECT COALESCE(journal.account, cache.account) AS example
            FROM (
                SELECT account, SUM(amount) AS balance FROM (
                    SELECT credit AS account, amount FROM ledger
                    UNION ALL
                    SELECT debit, -amount FROM ledger
                ) legs GROUP BY account
            ) journal
            FULL JOIN user_balance_cache cache ON cache.account = journal.account
            WHERE COALESCE(journal.balance, 0) <> COALESCE(cache.balance, 0)
        ) places",
    },
    Rule {
        invariant: "I2",
        promise: "what is held is the sum of the open holds",
        parameter: Parameter::None,
        text: "
        SELECT COUNT(*) AS broken, MIN(example) AS example FROM (
            SELECT cache.account AS example FROM user_balance_cache cache
            LEFT JOIN (
                SELECT user_id, SUM(amount) AS amount FROM holds WHERE state = 'open' GROUP BY user_id
            ) open ON open.user_id = cache.user_id
            WHERE cache.account LIKE 'user:%:held' AND cache.balance <> COALESCE(open.amount, 0)
        ) places",
    },
    Rule {
        invariant: "I3",
        promise: "no user's account is below zero",
        parameter: Parameter::None,
        text: "
        SELECT COUNT(*) AS broken, MIN(example) AS example FROM (
            SELECT account AS example FROM user_balance_cache WHERE user_id IS NOT NULL AND balance < 0
        ) places",
    },
    Rule {
        invariant: "I13",
        promise: "each job has one hold of its user and its price",
        parameter: Parameter::None,
        text: "
        SELECT COUNT(*) AS broken, MIN(example) AS example FROM (
            SELECT jobs.id AS example FROM jobs
            LEFT JOIN holds ON holds.id = jobs.hold_id AND holds.user_id = jobs.user_id
                AND holds.amount = jobs.price
            WHERE holds.id IS NULL
        ) places",
    },
    Rule {
        invariant: "I13",
        promise: "each hold belongs to a job and stands in the journal",
        parameter: Parameter::None,
        text: "
        SELECT COUNT(*) AS broken, MIN(example) AS example FROM (
            SELECT holds.id AS example FROM holds
            LEFT JOIN jobs ON jobs.hold_id = holds.id
            LEFT JOIN ledger ON ledger.idempotency_key = 'hold:' || jobs.draft_id
                AND ledger.kind = 'hold' AND ledger.amount = holds.amount
            WHERE ledger.seq IS NULL
        ) places",
    },
    Rule {
        invariant: "I14",
        promise: "a hold is open exactly while its job is unfinished",
        parameter: Parameter::None,
        text: "
        SELECT COUNT(*) AS broken, MIN(example) AS example FROM (
            SELECT jobs.id AS example FROM jobs JOIN holds ON holds.id = jobs.hold_id
            WHERE (holds.state = 'open')
                <> (jobs.state NOT IN ('settled', 'delivered', 'failed', 'cancelled'))
        ) places",
    },
    Rule {
        invariant: "I15",
        promise: "a job is charged exactly when its result is stored and on its way",
        parameter: Parameter::None,
        text: "
        SELECT COUNT(*) AS broken, MIN(example) AS example FROM (
            SELECT jobs.id AS example FROM jobs JOIN holds ON holds.id = jobs.hold_id
            LEFT JOIN assets ON assets.id = jobs.result AND assets.user_id = jobs.user_id
            LEFT JOIN outbox ON outbox.key = 'result:' || jobs.id
            WHERE (holds.state = 'captured') <> (jobs.state IN ('settled', 'delivered'))
                OR (holds.state = 'captured' AND (assets.id IS NULL OR outbox.seq IS NULL))
        ) places",
    },
    Rule {
        invariant: "I15",
        promise: "a hold is voided exactly when its job failed or was cancelled",
        parameter: Parameter::None,
        text: "
        SELECT COUNT(*) AS broken, MIN(example) AS example FROM (
            SELECT jobs.id AS example FROM jobs JOIN holds ON holds.id = jobs.hold_id
            WHERE (holds.state = 'voided') <> (jobs.state IN ('failed', 'cancelled'))
        ) places",
    },
    Rule {
        invariant: "I15",
        promise: "the journal closed each hold once, as its row says",
        parameter: Parameter::None,
        text: "
        SELECT COUNT(*) AS broken, MIN(example) AS example FROM (
            SELECT holds.id AS example FROM holds JOIN jobs ON jobs.hold_id = holds.id
            LEFT JOIN ledger ON ledger.idempotency_key = 'settle:' || jobs.id
            WHERE (holds.state = 'open') <> (ledger.seq IS NULL)
                OR (holds.state = 'captured' AND ledger.kind <> 'capture')
                OR (holds.state = 'voided' AND ledger.kind <> 'void')
                OR ledger.amount <> holds.amount
        ) places",
    },
    Rule {
        invariant: "I15",
        promise: "a usage session says what its job was charged",
        parameter: Parameter::None,
        text: "
        SELECT COUNT(*) AS broken, MIN(example) AS example FROM (
            SELECT jobs.id AS example FROM jobs
            LEFT JOIN usage_sessions sold ON sold.job_id = jobs.id
            WHERE sold.id IS NULL OR sold.held <> jobs.price
                OR (sold.ended_at IS NULL) = (jobs.state IN ('settled', 'delivered', 'failed', 'cancelled'))
                OR sold.charged <> CASE WHEN jobs.state IN ('settled', 'delivered') THEN jobs.price ELSE 0 END
        ) places",
    },
    Rule {
        invariant: "I16",
        promise: "no job is unfinished 15 minutes after its deadline",
        parameter: Parameter::Now,
        text: "
        SELECT COUNT(*) AS broken, MIN(example) AS example FROM (
            SELECT id AS example FROM jobs
            WHERE state NOT IN ('settled', 'delivered', 'failed', 'cancelled')
                AND deadline_at + 900000000 < ?
        ) places",
    },
    Rule {
        invariant: "I17",
        promise: "attempts are numbered without gaps up to the job's own count",
        parameter: Parameter::None,
        text: "
        SELECT COUNT(*) AS broken, MIN(example) AS example FROM (
            SELECT jobs.id AS example FROM jobs
            LEFT JOIN (
                SELECT job_id, COUNT(*) AS attempts, MAX(number) AS last FROM attempts GROUP BY job_id
            ) made ON made.job_id = jobs.id
            WHERE COALESCE(made.attempts, 0) <> jobs.attempt OR COALESCE(made.last, 0) <> jobs.attempt
        ) places",
    },
    Rule {
        invariant: "I17",
        promise: "at most the last attempt is open, and only while its job is worked on",
        parameter: Parameter::None,
        text: "
        SELECT COUNT(*) AS broken, MIN(example) AS example FROM (
            SELECT attempts.job_id AS example FROM attempts JOIN jobs ON jobs.id = attempts.job_id
            WHERE attempts.outcome = 'begun'
                AND (attempts.number <> jobs.attempt
                    OR jobs.state NOT IN ('submitting', 'unknown'))
        ) places",
    },
    Rule {
        invariant: "I24",
        promise: "no update waits unprocessed for more than ten minutes",
        parameter: Parameter::Now,
        text: "
        SELECT COUNT(*) AS broken, MIN(example) AS example FROM (
            SELECT CAST(update_id AS TEXT) AS example FROM inbox
            WHERE processed_at IS NULL AND received_at + 600000000 < ?
        ) places",
    },
    Rule {
        invariant: "D1",
        promise: "a draft is confirmed exactly when its job exists",
        parameter: Parameter::None,
        text: "
        SELECT COUNT(*) AS broken, MIN(example) AS example FROM (
            SELECT drafts.id AS example FROM drafts LEFT JOIN jobs ON jobs.draft_id = drafts.id
            WHERE (drafts.state = 'confirmed') <> (jobs.id IS NOT NULL)
        ) places",
    },
];

/// Every statement of this file.
pub const STATEMENTS: [&str; RULES.len()] = {
    let mut texts = [""; RULES.len()];
    let mut rule = 0;
    while rule < RULES.len() {
        texts[rule] = RULES[rule].text;
        rule += 1;
    }
    texts
};
