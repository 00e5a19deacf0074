//! Top-ups' and refunds' rows. What moves money is not here: it commits with the ledger
//! (`ports::ledger::Rider`).

use async_trait::async_trait;
use rei_domain::conversation::Language;
use rei_domain::ids::{ChatId, DraftId, RefundId, TopupId, UserId};
use rei_domain::money::Money;
use rei_domain::payment::{Due, PaidSum, PaymentReport};
use rei_domain::refund::{RefundStage, Spent};
use rei_domain::time::Moment;
use rei_domain::topup::{Email, ParkReason, TopupState};

use crate::ports::StoreError;
use crate::ports::notices::NoticeId;
use crate::ports::outbox::NewOutbox;

/// A top-up as its user asked for it. Nothing of it ever changes, so the order that is made of
/// it is the same every time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTopup {
    pub id: TopupId,
    pub user: UserId,
    pub chat: ChatId,
    /// The payment method's name.
    pub method: String,
    /// What the balance grows by.
    pub amount: Money,
    /// What the payer is asked for.
    pub due: PaidSum,
    /// The language of the payment page.
    pub language: Language,
    /// Kept only where the method needs it for a receipt.
    pub email: Option<Email>,
    /// The request that lacked the money; it is offered again after the payment.
    pub draft: Option<DraftId>,
    pub created_at: Moment,
}

/// A top-up's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topup {
    pub order: NewTopup,
    pub state: TopupState,
    /// The method's own id of the payment.
    pub external: Option<String>,
    /// Where it is paid.
    pub pay_url: Option<String>,
    /// Why it was canceled or parked: a word of the method or of [`ParkReason`].
    pub cause: Option<String>,
    /// Failed calls since the last that worked.
    pub failures: u32,
    /// When it was credited.
    pub credited_at: Option<Moment>,
}

/// What the method said when it was asked: kept with the credit, and free of personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    pub external: String,
    pub sum: PaidSum,
    /// When the payment was made, by the method's clock.
    pub paid_created_at: Moment,
    pub captured_at: Option<Moment>,
    /// When the method was asked.
    pub seen_at: Moment,
}

impl Evidence {
    /// Keeps what a report says.
    pub fn of(report: &PaymentReport, seen_at: Moment) -> Self {
        Self {
            external: report.external.clone(),
            sum: report.due.clone(),
            paid_created_at: report.created_at,
            captured_at: report.captured_at,
            seen_at,
        }
    }
}

/// How a top-up moves without money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopupMove {
    /// The method says where it is paid (`TopupEvent::Offer`).
    Offer {
        external: Option<String>,
        pay_url: String,
        /// What the payer is asked for; it replaces what was expected.
        due: Due,
        /// When to ask after it.
        due_at: Moment,
    },
    /// It will not be paid (`TopupEvent::Cancel`).
    Cancel { cause: Option<String> },
    /// It was paid and does not agree (`TopupEvent::Park`).
    Park {
        reason: ParkReason,
        evidence: Evidence,
    },
    /// A person asks for another look (`TopupEvent::Release`).
    Release,
}

/// Whether a row moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    Now,
    /// It had moved on before; nothing changed.
    Not,
}

/// Who asked for a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedBy {
    User,
    Admin(UserId),
    /// It was made in the method's own office, or by the payer's bank.
    Method,
}

/// A refund to be written together with its hold, or with its reversal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRefund {
    pub id: RefundId,
    pub topup: TopupId,
    pub user: UserId,
    pub amount: Money,
    pub asked_by: AskedBy,
    pub created_at: Moment,
}

/// A refund's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    pub order: NewRefund,
    pub method: String,
    pub stage: RefundStage,
    /// The method's own id of the refund.
    pub external: Option<String>,
    /// When the method was first asked under the key that it keeps now.
    pub posted_at: Option<Moment>,
    /// Why it failed: a word of the method.
    pub cause: Option<String>,
    /// Failed calls since the last that worked.
    pub failures: u32,
    pub finished_at: Option<Moment>,
}

/// How a refund moves without money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundMove {
    /// The method is about to be asked (`RefundEvent::Submit`). `posted_at` begins the life of
    /// the key.
    Submit { posted_at: Moment },
    /// The method has it (`RefundEvent::Accept`).
    Accept { external: String, due_at: Moment },
    /// The answer was lost (`RefundEvent::LoseAnswer`).
    LoseAnswer { due_at: Moment },
}

/// A payment of which something may go back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returnable {
    pub topup: Topup,
    pub spent: Spent,
}

/// What a user is being asked about a top-up: his next words may be the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopupForm {
    pub question: Question,
    pub draft: Option<DraftId>,
    pub asked_at: Moment,
}

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// How much.
    Amount,
    /// Where the receipt goes.
    Email { method: String, amount: Money },
}

/// A difference between a method's list and the ledger. Its key is (method, kind, object).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub method: String,
    pub kind: DifferenceKind,
    /// The method's id of the payment or refund; ours where it has none.
    pub object: String,
    pub topup: Option<TopupId>,
    /// What the method says less what the ledger says.
    pub amount: Money,
    pub repair: Repair,
}

/// In what a method's list and the ledger differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DifferenceKind {
    /// A paid payment that agrees and was not credited.
    MissingCredit,
    /// A paid payment that does not agree with its top-up.
    Disagreement,
    /// A paid payment of which there is no top-up.
    UnknownPayment,
    /// A second paid payment of one top-up.
    SecondPayment,
    /// A credit of a payment that the method does not call paid.
    CreditWithoutPayment,
    /// A refund that the method made and the ledger does not know.
    MissingReversal,
    /// A refund of ours that the method made and the ledger had not settled.
    MissingSettlement,
    /// A refund of a payment of which there is no credit.
    UnknownRefund,
    /// A refund that the ledger settled and the method did not make.
    RefundWithoutReturn,
}

impl DifferenceKind {
    /// Every kind.
    pub const ALL: [DifferenceKind; 9] = [
        DifferenceKind::MissingCredit,
        DifferenceKind::Disagreement,
        DifferenceKind::UnknownPayment,
        DifferenceKind::SecondPayment,
        DifferenceKind::CreditWithoutPayment,
        DifferenceKind::MissingReversal,
        DifferenceKind::MissingSettlement,
        DifferenceKind::UnknownRefund,
        DifferenceKind::RefundWithoutReturn,
    ];

    /// The name in rows and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            DifferenceKind::MissingCredit => "missing_credit",
            DifferenceKind::Disagreement => "disagreement",
            DifferenceKind::UnknownPayment => "unknown_payment",
            DifferenceKind::SecondPayment => "second_payment",
            DifferenceKind::CreditWithoutPayment => "credit_without_payment",
            DifferenceKind::MissingReversal => "missing_reversal",
            DifferenceKind::MissingSettlement => "missing_settlement",
            DifferenceKind::UnknownRefund => "unknown_refund",
            DifferenceKind::RefundWithoutReturn => "refund_without_return",
        }
    }
}

/// Whether a difference was put right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Repair {
    /// By the same transactions that a notice would have led to.
    Done,
    /// A person must decide.
    Left,
}

impl Repair {
    /// The name in rows and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Repair::Done => "done",
            Repair::Left => "left",
        }
    }
}

/// Whether a difference was new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    New,
    /// It was written before, by this or another run.
    Known,
}

/// Top-ups' and refunds' rows. Top-ups begin with a turn of the conversation
/// (`ports::drafts::TurnCommit`), refunds with their hold.
#[async_trait]
pub trait TopupStore: Send + Sync + 'static {
    /// A top-up by id.
    async fn topup(&self, id: &TopupId) -> Result<Option<Topup>, StoreError>;

    /// The top-up of a method's payment.
    async fn topup_of(&self, method: &str, external: &str) -> Result<Option<Topup>, StoreError>;

    /// Takes unpaid top-ups of a method that are due at `now`, the longest due first, and keeps
    /// them from others until `until`: whoever dies over one leaves it to be taken again then.
    async fn take_topups(
        &self,
        method: &str,
        now: Moment,
        until: Moment,
        limit: u32,
    ) -> Result<Vec<Topup>, StoreError>;

    /// Moves a top-up, ends the notice that told of it and writes the messages, together. When
    /// the top-up had moved on, the notice ends all the same and nothing is said.
    async fn move_topup(
        &self,
        id: &TopupId,
        how: TopupMove,
        notice: Option<NoticeId>,
        outbox: Vec<NewOutbox>,
        at: Moment,
    ) -> Result<Moved, StoreError>;

    /// Makes an unpaid top-up due again at `due_at`; `failures` in a row led to that.
    async fn put_off_topup(
        &self,
        id: &TopupId,
        failures: u32,
        due_at: Moment,
    ) -> Result<(), StoreError>;

    /// Where the user's last receipt went.
    async fn last_email(&self, user: UserId) -> Result<Option<Email>, StoreError>;

    /// What the chat is being asked, if it was asked since `since`.
    async fn form(&self, chat: ChatId, since: Moment) -> Result<Option<TopupForm>, StoreError>;

    /// The user's credited payments, newest first, at most `limit`, with what may go back.
    async fn returnables(&self, user: UserId, limit: u32) -> Result<Vec<Returnable>, StoreError>;

    /// A credited payment with what may go back; `None` when it was not credited.
    async fn returnable(&self, id: &TopupId) -> Result<Option<Returnable>, StoreError>;

    /// A refund by id.
    async fn refund(&self, id: &RefundId) -> Result<Option<Refund>, StoreError>;

    /// A refund by the method's own id.
    async fn refund_of(&self, method: &str, external: &str) -> Result<Option<Refund>, StoreError>;

    /// The refund of a payment, by the method's own id of the payment, that did not fail.
    async fn refund_under(&self, method: &str, payment: &str)
    -> Result<Option<Refund>, StoreError>;

    /// As [`TopupStore::take_topups`], for refunds that are not finished.
    async fn take_refunds(
        &self,
        method: &str,
        now: Moment,
        until: Moment,
        limit: u32,
    ) -> Result<Vec<Refund>, StoreError>;

    /// Moves a refund.
    async fn move_refund(&self, id: &RefundId, how: RefundMove) -> Result<Moved, StoreError>;

    /// Makes a refund due again at `due_at`; `failures` in a row led to that.
    async fn put_off_refund(
        &self,
        id: &RefundId,
        failures: u32,
        due_at: Moment,
    ) -> Result<(), StoreError>;

    /// Since when the oldest payment of a method waits to be credited: a notice of it came and
    /// was not worked off, or it is parked.
    async fn oldest_uncredited(&self, method: &str) -> Result<Option<Moment>, StoreError>;

    /// Credited top-ups whose payment was made in `from..to` by the method's clock.
    async fn credited(
        &self,
        method: &str,
        from: Moment,
        to: Moment,
    ) -> Result<Vec<Topup>, StoreError>;

    /// Refunds of a method that succeeded, asked for in `from..to`.
    async fn refunded(
        &self,
        method: &str,
        from: Moment,
        to: Moment,
    ) -> Result<Vec<Refund>, StoreError>;

    /// Writes a difference down unless it is known. One that was left and is repaired now is
    /// marked so.
    async fn record(&self, difference: &Difference, at: Moment) -> Result<Recorded, StoreError>;
}
