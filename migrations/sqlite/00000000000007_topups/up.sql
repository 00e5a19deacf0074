-- Money on its way in and back. Sums of the user's balance in kopecks; sums of the payment
-- method in the smallest unit of its own currency. The same text stands in the other folder.

CREATE TABLE topups (
    id TEXT NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL,
    chat_id BIGINT NOT NULL,
    method TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    due_amount BIGINT NOT NULL CHECK (due_amount > 0),
    due_currency TEXT NOT NULL,
    language TEXT NOT NULL CHECK (language IN ('ru', 'en')),
    -- Kept only where the method needs it for a receipt.
    email TEXT,
    draft_id TEXT,
    state TEXT NOT NULL CHECK (state IN ('asked', 'pending', 'succeeded', 'canceled', 'parked')),
    external_id TEXT,
    pay_url TEXT,
    cause TEXT,
    failures BIGINT NOT NULL CHECK (failures >= 0),
    due_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    -- What the method itself said when it was asked, kept with the credit or the parking, never
    -- later than it, and free of personal data. The state only of a payment that agrees.
    seen_state TEXT CHECK (seen_state IN ('succeeded')),
    seen_amount BIGINT,
    seen_currency TEXT,
    seen_created_at BIGINT,
    seen_captured_at BIGINT,
    seen_at BIGINT,
    UNIQUE (method, external_id),
    CHECK ((finished_at IS NOT NULL) = (state IN ('succeeded', 'canceled', 'parked'))),
    -- Nothing is credited without evidence that agrees.
    CHECK (state <> 'succeeded'
           OR (external_id IS NOT NULL AND seen_state IS NOT NULL AND seen_at <= finished_at
               AND seen_amount = due_amount AND seen_currency = due_currency))
);
CREATE INDEX topups_due ON topups (method, due_at) WHERE state IN ('asked', 'pending');
CREATE INDEX topups_parked ON topups (method, seen_at) WHERE state = 'parked';
CREATE INDEX topups_by_user ON topups (user_id, created_at);
CREATE INDEX topups_seen ON topups (method, seen_created_at) WHERE state = 'succeeded';

CREATE TABLE refunds (
    -- Also the id of its hold.
    id TEXT NOT NULL PRIMARY KEY,
    topup_id TEXT NOT NULL REFERENCES topups (id),
    user_id BIGINT NOT NULL,
    method TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    -- 'method': made in its own office or by the payer's bank; there was no hold.
    asked_by TEXT NOT NULL CHECK (asked_by IN ('user', 'admin', 'method')),
    admin_id BIGINT,
    stage TEXT NOT NULL CHECK (stage IN ('held', 'submitting', 'pending', 'succeeded', 'failed',
                                         'unknown')),
    external_id TEXT,
    -- Since when the method keeps the idempotence key.
    posted_at BIGINT,
    cause TEXT,
    failures BIGINT NOT NULL CHECK (failures >= 0),
    due_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    UNIQUE (method, external_id),
    CHECK ((asked_by = 'admin') = (admin_id IS NOT NULL)),
    CHECK (asked_by <> 'method' OR (stage = 'succeeded' AND external_id IS NOT NULL)),
    CHECK (stage = 'held' OR asked_by = 'method' OR posted_at IS NOT NULL),
    CHECK (stage <> 'pending' OR external_id IS NOT NULL),
    CHECK (stage <> 'succeeded' OR external_id IS NOT NULL),
    CHECK ((finished_at IS NOT NULL) = (stage IN ('succeeded', 'failed')))
);
CREATE INDEX refunds_due ON refunds (method, due_at)
    WHERE stage IN ('held', 'submitting', 'pending', 'unknown');
CREATE INDEX refunds_by_topup ON refunds (topup_id);

-- What a chat is being asked about a top-up; its next words may be the answer.
CREATE TABLE topup_forms (
    chat_id BIGINT NOT NULL PRIMARY KEY,
    question TEXT NOT NULL CHECK (question IN ('amount', 'email')),
    method TEXT,
    amount BIGINT,
    draft_id TEXT,
    asked_at BIGINT NOT NULL,
    CHECK ((question = 'email') = (method IS NOT NULL AND amount IS NOT NULL))
);

-- Differences between a method's lists and the ledger; each is written once.
CREATE TABLE reconciliations (
    method TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN (
        'missing_credit', 'disagreement', 'unknown_payment', 'second_payment',
        'credit_without_payment', 'missing_reversal', 'missing_settlement', 'unknown_refund',
        'refund_without_return')),
    object TEXT NOT NULL,
    topup_id TEXT,
    -- Kopecks: what the method says less what the ledger says.
    amount BIGINT NOT NULL,
    repair TEXT NOT NULL CHECK (repair IN ('done', 'left')),
    found_at BIGINT NOT NULL,
    repaired_at BIGINT,
    PRIMARY KEY (method, kind, object),
    CHECK ((repaired_at IS NOT NULL) = (repair = 'done'))
);
