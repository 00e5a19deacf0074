-- Acts of admins: asked for, shown, allowed, carried out once.

-- Telegram's name without the sign, in lower case; people change it, and then it is another's.
ALTER TABLE users ADD COLUMN username TEXT;
CREATE INDEX users_by_username ON users (username) WHERE username IS NOT NULL;

CREATE TABLE acts (
    id TEXT NOT NULL PRIMARY KEY,
    -- The update that asked for it: a repeated turn finds its act.
    update_id BIGINT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('credit', 'debit', 'owe', 'refund_job', 'refund_payment',
                                       'ban', 'unban', 'set_caps', 'cancel_job')),
    user_id BIGINT NOT NULL,
    amount BIGINT CHECK (amount > 0),
    -- The job or the payment it is about, and what holds its money.
    subject TEXT,
    hold_id TEXT,
    until BIGINT,
    cap_hour BIGINT CHECK (cap_hour >= 0),
    cap_day BIGINT CHECK (cap_day >= 0),
    reason TEXT NOT NULL CHECK (length(reason) > 0),
    asker BIGINT NOT NULL,
    chat_id BIGINT NOT NULL,
    nonce TEXT NOT NULL,
    needs_second BIGINT NOT NULL CHECK (needs_second IN (0, 1)),
    approver BIGINT,
    state TEXT NOT NULL CHECK (state IN ('asked', 'confirmed', 'done', 'refused', 'withdrawn',
                                         'expired')),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    CHECK ((amount IS NOT NULL)
           = (kind IN ('credit', 'debit', 'owe', 'refund_job', 'refund_payment', 'cancel_job'))),
    CHECK ((subject IS NOT NULL) = (kind IN ('refund_job', 'refund_payment', 'cancel_job'))),
    -- Two are two people, whatever the code does.
    CHECK (approver IS NULL OR approver <> asker),
    CHECK (needs_second = 0 OR state <> 'done' OR approver IS NOT NULL),
    CHECK ((ended_at IS NULL) = (state IN ('asked', 'confirmed')))
);
CREATE INDEX acts_by_user ON acts (user_id, created_at);
