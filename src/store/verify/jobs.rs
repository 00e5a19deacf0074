//! Jobs: where they came from, how they ended, what was tried (I13, I14, I15, I17, I18, I21,
//! I26).

use super::check::{Check, Patience};
use crate::store::stmt::statements;

pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: "I13",
        sentence: "a job comes from a draft of its user, confirmed at its price",
        text: DRAFTS,
        patience: Patience::None,
    },
    Check {
        invariant: "I13",
        sentence: "a confirmed draft became a job",
        text: CONFIRMED,
        patience: Patience::None,
    },
    Check {
        invariant: "I14",
        sentence: "a job has an ending exactly when it is finished, and one that fits its state",
        text: ENDINGS,
        patience: Patience::None,
    },
    Check {
        invariant: "I15",
        sentence: "a charged job has a stored result and the message that brings it",
        text: RESULTS,
        patience: Patience::None,
    },
    Check {
        invariant: "I15",
        sentence: "a job is delivered exactly when the message with its result is",
        text: DELIVERED,
        patience: Patience::None,
    },
    Check {
        invariant: "I17",
        sentence: "attempts are numbered from 1, and the job knows the last",
        text: NUMBERS,
        patience: Patience::None,
    },
    Check {
        invariant: "I17",
        sentence: "no attempt follows one whose outcome is not known",
        text: BEGUN,
        patience: Patience::None,
    },
    Check {
        invariant: "I17",
        sentence: "a provider's work is accepted at most once, and always for a charged job",
        text: ACCEPTED,
        patience: Patience::None,
    },
    Check {
        invariant: "I18",
        sentence: "a job that is worked on has a lease and a fence, and any other has no lease",
        text: LEASES,
        patience: Patience::None,
    },
    Check {
        invariant: "I18",
        sentence: "fences never go back from one attempt to the next, nor from the last to the job",
        text: FENCES,
        patience: Patience::None,
    },
    Check {
        invariant: "I21",
        sentence: "a picture that was sent is one that was stored",
        text: PICTURES,
        patience: Patience::None,
    },
    Check {
        invariant: "I26",
        sentence: "a job's result belongs to the job's user",
        text: OWNERS,
        patience: Patience::None,
    },
];

statements! {
    DRAFTS = "
        SELECT COUNT(*) AS broken,
               MIN('job ' || job.id || ' of draft ' || job.draft_id || ', '
                   || COALESCE(draft.state, 'none')) AS example
        FROM jobs job LEFT JOIN drafts draft ON draft.id = job.draft_id
        WHERE draft.id IS NULL OR COALESCE(draft.job_id, '') <> job.id
           OR draft.user_id <> job.user_id OR draft.chat_id <> job.chat_id
           OR draft.price <> job.price";

    CONFIRMED = "
        SELECT COUNT(*) AS broken,
               MIN('draft ' || draft.id || ' for job ' || COALESCE(draft.job_id, 'none'))
                   AS example
        FROM drafts draft LEFT JOIN jobs job ON job.id = draft.job_id
        WHERE draft.state = 'confirmed' AND job.id IS NULL";

    ENDINGS = "
        SELECT COUNT(*) AS broken,
               MIN('job ' || id || ' is ' || state || ', ending ' || COALESCE(ending, 'none'))
                   AS example
        FROM jobs
        WHERE (ending IS NULL) <> (finished_at IS NULL)
           OR COALESCE(ending, 'none') NOT IN (
               SELECT allowed.ending FROM (
                   SELECT 'delivered' AS ending, 'settled' AS state
                   UNION ALL SELECT 'delivered', 'delivered'
                   UNION ALL SELECT 'cancelled', 'cancelled'
                   UNION ALL SELECT 'moderation', 'failed'
                   UNION ALL SELECT 'provider', 'failed'
                   UNION ALL SELECT 'timeout', 'failed'
                   UNION ALL SELECT 'input', 'failed'
                   UNION ALL SELECT 'input_size', 'failed'
                   UNION ALL SELECT 'ours', 'failed'
                   UNION ALL SELECT 'none', 'queued'
                   UNION ALL SELECT 'none', 'leased'
                   UNION ALL SELECT 'none', 'submitting'
                   UNION ALL SELECT 'none', 'running'
                   UNION ALL SELECT 'none', 'rendered'
                   UNION ALL SELECT 'none', 'unknown'
               ) allowed WHERE allowed.state = jobs.state)";

    RESULTS = "
        SELECT COUNT(*) AS broken,
               MIN('job ' || job.id || ': picture ' || COALESCE(picture.id, 'none')
                   || ', message ' || COALESCE(message.state, 'none')) AS example
        FROM jobs job
        LEFT JOIN assets picture ON picture.id = job.result
        LEFT JOIN outbox message ON message.key = 'result:' || job.id
                                AND message.job_id = job.id AND message.chat_id = job.chat_id
        WHERE job.state IN ('settled', 'delivered')
          AND (picture.id IS NULL OR message.seq IS NULL)";

    DELIVERED = "
        SELECT COUNT(*) AS broken,
               MIN('job ' || job.id || ' is ' || job.state || ', its message '
                   || message.state) AS example
        FROM jobs job JOIN outbox message ON message.key = 'result:' || job.id
        WHERE (job.state = 'delivered') <> (message.state = 'delivered')";

    NUMBERS = "
        SELECT COUNT(*) AS broken,
               MIN('job ' || id || ': ' || tries || ' attempts, the last ' || last
                   || ', the job says ' || attempt) AS example
        FROM (
            SELECT job.id, job.attempt, COUNT(try.number) AS tries,
                   COALESCE(MAX(try.number), 0) AS last
            FROM jobs job LEFT JOIN attempts try ON try.job_id = job.id
            GROUP BY job.id, job.attempt
        ) counted
        WHERE tries <> attempt OR last <> attempt";

    // The outcome of an attempt is known before another begins and before the job ends. A job
    // that waits has none under way.
    BEGUN = "
        SELECT COUNT(*) AS broken,
               MIN('job ' || job.id || ' is ' || job.state || ', attempt ' || try.number
                   || ' of ' || job.attempt || ' is ' || try.outcome) AS example
        FROM attempts try JOIN jobs job ON job.id = try.job_id
        WHERE try.outcome = 'begun'
          AND (try.number <> job.attempt
               OR job.state NOT IN ('submitting', 'running', 'unknown'))";

    ACCEPTED = "
        SELECT COUNT(*) AS broken,
               MIN('job ' || id || ' is ' || state || ', ' || accepted || ' attempts accepted')
                   AS example
        FROM (
            SELECT job.id, job.state,
                   COUNT(CASE WHEN try.outcome = 'accepted' THEN 1 END) AS accepted,
                   COUNT(CASE WHEN try.outcome = 'accepted' AND try.number = job.attempt
                              THEN 1 END) AS last_accepted
            FROM jobs job LEFT JOIN attempts try ON try.job_id = job.id
            GROUP BY job.id, job.state
        ) counted
        WHERE accepted > 1
           OR (state IN ('rendered', 'settled', 'delivered') AND last_accepted <> 1)";

    LEASES = "
        SELECT COUNT(*) AS broken,
               MIN('job ' || id || ' is ' || state || ', fence ' || fence || ', lease of '
                   || COALESCE(lease_owner, 'nobody')) AS example
        FROM jobs
        WHERE CASE WHEN state IN ('leased', 'submitting', 'running', 'rendered', 'unknown')
              THEN lease_owner IS NULL OR lease_until IS NULL OR fence < 1
              ELSE lease_owner IS NOT NULL OR lease_until IS NOT NULL END";

    FENCES = "
        SELECT COUNT(*) AS broken,
               MIN('job ' || job_id || ', attempt ' || number || ': fence ' || fence
                   || ', then ' || next_fence) AS example
        FROM (
            SELECT try.job_id, try.number, try.fence,
                   COALESCE(LEAD(try.fence) OVER (PARTITION BY try.job_id ORDER BY try.number),
                            job.fence) AS next_fence
            FROM attempts try JOIN jobs job ON job.id = try.job_id
        ) fences
        WHERE fence > next_fence OR fence < 1";

    PICTURES = "
        SELECT COUNT(*) AS broken,
               MIN('job ' || sent.job_id || ': picture ' || sent.asset_id) AS example
        FROM sent_pictures sent
        JOIN jobs job ON job.id = sent.job_id
        LEFT JOIN assets picture ON picture.id = sent.asset_id
        WHERE picture.id IS NULL OR COALESCE(job.result, '') <> sent.asset_id
           OR job.chat_id <> sent.chat_id";

    OWNERS = "
        SELECT COUNT(*) AS broken,
               MIN('job ' || job.id || ' of user ' || job.user_id || ': picture of user '
                   || picture.user_id) AS example
        FROM jobs job JOIN assets picture ON picture.id = job.result
        WHERE picture.user_id <> job.user_id";
}
