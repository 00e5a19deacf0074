//! What admins see, and what users are told of their acts.

use rei_domain::admin::{
    Act, ActCause, ActState, AdminCommand, AdminReply, Approval, AttemptStory, Ban, CandidateStory,
    CordonLine, Denied, Fault, JobLine, JobStory, Order, Payment, Person, ProviderLine, Role,
    Shortfall, Standing, SumFault, VerdictStory,
};
use rei_domain::audit::{Actor, AuditEntry, AuditLink, AuditOutcome, Via};
use rei_domain::breaker::BreakerState;
use rei_domain::conversation::Language;
use rei_domain::health::FaultClass;
use rei_domain::ids::{ActId, ChatId, HoldId, JobId, Nonce, TopupId, UserId};
use rei_domain::job::JobState;
use rei_domain::ledger::caps::Caps;
use rei_domain::money::Money;
use rei_domain::refund::RefundRefusal;
use rei_domain::spec::Kind;
use rei_domain::time::Span;

use super::{CREATED, ID, roubles};

const ANN: UserId = UserId(42);
const ADMIN: UserId = UserId(1);
const SECOND: UserId = UserId(2);

fn act(order: Order, approval: Approval, state: ActState) -> Box<Act> {
    Box::new(Act {
        id: ActId::new(ID),
        user: ANN,
        order,
        reason: "ждал долго & <терпеливо>".to_owned(),
        asker: ADMIN,
        chat: ChatId(ADMIN.0),
        nonce: Nonce::new("0123456789abcdef"),
        approval,
        state,
        approver: None,
        created_at: CREATED,
        expires_at: CREATED,
    })
}

fn orders() -> Vec<Order> {
    let job = JobId::new(ID);
    let amount = roubles(100);
    let debit = |shortfall| Order::Debit { amount, shortfall };
    vec![
        Order::Credit { amount },
        debit(Shortfall::Refuse),
        debit(Shortfall::Owe),
        Order::RefundJob {
            job: job.clone(),
            hold: HoldId::new(ID),
            amount,
        },
        Order::RefundPayment {
            topup: TopupId::new(ID),
            amount: roubles(50),
        },
        Order::CancelJob {
            job,
            price: roubles(25),
        },
        Order::SetCaps {
            caps: Caps {
                hour: Some(Money::ZERO),
                day: None,
            },
        },
        Order::Ban {
            until: Some(CREATED),
        },
        Order::Ban { until: None },
        Order::Unban,
    ]
}

fn faults() -> Vec<Fault> {
    vec![
        Fault::NoUser,
        Fault::NotAUser,
        Fault::Sum(SumFault::Missing),
        Fault::Sum(SumFault::Unreadable),
        Fault::Sum(SumFault::Ambiguous),
        Fault::Sum(SumFault::TooFine),
        Fault::Sum(SumFault::Zero),
        Fault::Sum(SumFault::TooLarge),
        Fault::NoSign,
        Fault::NoSubject,
        Fault::NoProvider,
        Fault::NotAnId,
        Fault::NotACap,
        Fault::TermTooLong,
        Fault::NoReason,
        Fault::ReasonTooLong,
        Fault::NotAFilter,
        Fault::TooMuch,
    ]
}

fn person() -> Person {
    Person {
        user: ANN,
        name: Some("ann".to_owned()),
        language: Language::Russian,
        blocked_the_bot: true,
        known_since: CREATED,
        standing: Standing {
            available: roubles(10),
            held: roubles(25),
            owed: roubles(5),
        },
        holds: 1,
        caps_by_admin: Caps {
            hour: Some(roubles(100)),
            day: None,
        },
        caps_by_user: Caps::default(),
        ban: Some(Ban {
            since: CREATED,
            until: Some(CREATED),
            reason: "спам".to_owned(),
        }),
        jobs: vec![job_line()],
        payments: vec![Payment {
            id: TopupId::new(ID),
            amount: roubles(500),
            left: roubles(10),
            at: CREATED,
        }],
    }
}

fn job_line() -> JobLine {
    JobLine {
        id: JobId::new(ID),
        user: ANN,
        state: JobState::Queued,
        cause: Some("HTTP 503".to_owned()),
        price: roubles(25),
        created_at: CREATED,
    }
}

fn provider_lines() -> Vec<ProviderLine> {
    let well = ProviderLine {
        name: "nano_banana".to_owned(),
        kind: Kind::Image,
        success_percent: 95,
        p95: None,
        breaker: None,
        cordon: None,
    };
    let tripped = |state| ProviderLine {
        name: "kling".to_owned(),
        kind: Kind::Video,
        success_percent: 40,
        p95: Some(Span::from_secs(140)),
        breaker: Some((FaultClass::Account, state)),
        cordon: None,
    };
    let out = ProviderLine {
        name: "fal".to_owned(),
        cordon: Some(CordonLine {
            reason: "счёт & <ключ>".to_owned(),
            until: Some(CREATED),
        }),
        ..well.clone()
    };
    let open = tripped(BreakerState::Open { until: CREATED });
    vec![well, open, tripped(BreakerState::HalfOpen), out]
}

fn story() -> JobStory {
    let candidate = |provider: &str, verdict, chosen| CandidateStory {
        provider: provider.to_owned(),
        cost: roubles(12),
        success_percent: 95,
        p95: Some(Span::from_secs(31)),
        places: 8,
        free: 3,
        verdict,
        chosen,
    };
    let first = AttemptStory {
        number: 1,
        provider: "kling".to_owned(),
        outcome: "rejected",
        cause: Some("HTTP 503".to_owned()),
        decided_at: Some(CREATED),
        candidates: vec![
            candidate("kling", VerdictStory::Score(412), true),
            candidate("fal", VerdictStory::Full, false),
            candidate("one", VerdictStory::Cordoned, false),
            candidate("two", VerdictStory::TooDear, false),
            candidate("three", VerdictStory::Tripped, false),
        ],
    };
    let second = AttemptStory {
        number: 2,
        outcome: "accepted",
        cause: None,
        candidates: Vec::new(),
        ..first.clone()
    };
    JobStory {
        job: job_line(),
        ending: Some("provider"),
        attempts: vec![first, second],
    }
}

fn entry(detail: &str) -> AuditLink {
    AuditLink {
        seq: 7,
        entry: AuditEntry {
            key: "k".to_owned(),
            at: CREATED,
            actor: Actor::User(ADMIN),
            via: Via::Bot,
            action: "credit".to_owned(),
            target: "user:42".to_owned(),
            detail: detail.to_owned(),
            outcome: AuditOutcome::Done,
        },
        hash: String::new(),
    }
}

pub(super) fn replies() -> Vec<(String, AdminReply)> {
    let before = Standing {
        available: roubles(60),
        held: roubles(25),
        owed: roubles(10),
    };
    let job = JobId::new(ID);
    let mut replies = Vec::new();
    for role in [Role::Support, Role::Admin, Role::Owner] {
        replies.push((
            format!("admin, help of {role:?}"),
            AdminReply::Help { role },
        ));
    }
    for command in AdminCommand::ALL {
        let fault = Fault::NoReason;
        let title = format!("admin, usage of {}", command.name());
        replies.push((title, AdminReply::Usage { command, fault }));
    }
    for fault in faults() {
        let command = AdminCommand::Add;
        let title = format!("admin, fault {fault:?}");
        replies.push((title, AdminReply::Usage { command, fault }));
    }
    for order in orders() {
        let title = format!("admin, card of {}", order.kind().as_str());
        let card = AdminReply::Card {
            act: act(order.clone(), Approval::One, ActState::Asked),
            before,
            reader: ADMIN,
        };
        replies.push((title, card));
        let title = format!("told of {}", order.kind().as_str());
        let reason = "ждал долго".to_owned();
        replies.push((title, AdminReply::Told { order, reason }));
    }
    let amount = roubles(20_000);
    for (title, state, reader) in [
        ("to be confirmed by two", ActState::Asked, ADMIN),
        ("waiting for the second", ActState::Confirmed, ADMIN),
        ("to the second", ActState::Confirmed, SECOND),
    ] {
        let card = AdminReply::Card {
            act: act(Order::Credit { amount }, Approval::Two, state),
            before,
            reader,
        };
        replies.push((format!("admin, card {title}"), card));
    }
    for state in ActState::ALL {
        let mut act = act(Order::Credit { amount }, Approval::Two, state);
        act.approver = (state == ActState::Done).then_some(SECOND);
        let title = format!("admin, act that is {}", state.as_str());
        replies.push((title, AdminReply::Ended { act, cause: None }));
    }
    let available = roubles(3);
    for cause in [
        ActCause::NotEnough { available },
        ActCause::MoreThanLeft { left: available },
        ActCause::NotReturnable,
        ActCause::JobMoved,
        ActCause::Ledger,
    ] {
        let act = act(Order::Credit { amount }, Approval::One, ActState::Refused);
        let title = format!("admin, refused: {cause}");
        let cause = Some(cause);
        replies.push((title, AdminReply::Ended { act, cause }));
    }
    let limit = roubles(5_000);
    for denied in [
        Denied::NotHis,
        Denied::OwnersOnly,
        Denied::AboveLimit { limit },
    ] {
        replies.push((
            format!("admin, denied: {denied}"),
            AdminReply::Denied(denied),
        ));
    }
    for state in [JobState::Running, JobState::Delivered] {
        let title = format!("admin, cannot withdraw what is {}", state.as_str());
        let job = job.clone();
        replies.push((title, AdminReply::JobNotWaiting { job, state }));
    }
    let sum = roubles(7);
    for refusal in [
        RefundRefusal::TooOld,
        RefundRefusal::NothingLeft,
        RefundRefusal::MoreThanLeft { left: sum },
        RefundRefusal::WholeOnly {
            whole: sum,
            spent: sum,
        },
        RefundRefusal::TooSmall { min: sum },
    ] {
        let title = format!("admin, payment not returnable: {refusal}");
        replies.push((title, AdminReply::NotReturnable(refusal)));
    }
    let left = Money::ZERO;
    let ban = Ban {
        since: CREATED,
        until: None,
        reason: "спам".to_owned(),
    };
    let mut bare = person();
    bare.name = None;
    bare.ban = None;
    bare.jobs.clear();
    bare.payments.clear();
    bare.standing = Standing::default();
    bare.holds = 0;
    bare.blocked_the_bot = false;
    let young = JobStory {
        ending: None,
        attempts: Vec::new(),
        ..story()
    };
    let long = vec![entry(&"ы".repeat(1_000)); 30];
    let others = [
        ("no user", AdminReply::UserNotFound),
        ("no job", AdminReply::JobNotFound),
        ("no job and no payment", AdminReply::SubjectNotFound),
        (
            "nothing to refund",
            AdminReply::NothingToRefund { job, left },
        ),
        ("not banned", AdminReply::NotBanned),
        ("nobody to approve", AdminReply::NobodyToApprove),
        ("a person", AdminReply::Person(Box::new(person()))),
        ("a bare person", AdminReply::Person(Box::new(bare))),
        ("jobs", AdminReply::Jobs(vec![job_line(); 2])),
        ("no jobs", AdminReply::Jobs(Vec::new())),
        ("audit", AdminReply::Audit(vec![entry("+100; reason: <b>")])),
        ("a long audit", AdminReply::Audit(long)),
        ("no audit", AdminReply::Audit(Vec::new())),
        ("why", AdminReply::Why(Box::new(story()))),
        ("why, at the beginning", AdminReply::Why(Box::new(young))),
        ("providers", AdminReply::Providers(provider_lines())),
        (
            "no provider",
            AdminReply::ProviderNotFound {
                known: vec!["kling".to_owned(), "fal".to_owned()],
            },
        ),
        ("not cordoned", AdminReply::NotCordoned),
        ("replayed", AdminReply::Replayed { user: UserId(7) }),
        ("not replayable", AdminReply::NotReplayable),
        ("banned", AdminReply::Banned(ban)),
    ];
    replies.extend(others.map(|(title, reply)| (format!("admin, {title}"), reply)));
    replies
}
