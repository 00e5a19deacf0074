//! An act happens once, needs two where it says so, and its rows stand with the money.

use rei_actors::ports::audit::{AuditLog, AuditQuery};
use rei_actors::ports::drafts::{DraftStore, TurnCommit};
use rei_actors::ports::ledger::{
    Audited, CarriedOut, CommandRefusal, LedgerCommand, LedgerOutcome, LedgerStore, Rider, shard_of,
};
use rei_actors::ports::users::UserStore;
use rei_domain::admin::{Approval, Order, Shortfall};
use rei_domain::audit::AuditOutcome;
use rei_domain::conversation::Language;
use rei_domain::ids::{ChatId, IdempotencyKey, Nonce, TopupId};
use rei_domain::job::JobState;
use rei_domain::ledger::caps::Caps;
use rei_domain::ledger::{Applied, Operation, Posting, Refusal};
use rei_domain::money::Money;

use super::*;
use crate::store::fixtures::shop::{Shop, submit};
use crate::store::fixtures::{for_both, for_both_twice};
use crate::store::verify;
use crate::store::{AuditRows, DraftRows, LedgerRows, UserRows};

const ANN: UserId = UserId(42);
const ADMIN: UserId = UserId(1);
const OTHER: UserId = UserId(2);

fn money(kopecks: i64) -> Money {
    Money::from_kopecks(kopecks)
}

fn credit(kopecks: i64) -> Order {
    let amount = money(kopecks);
    Order::Credit { amount }
}

/// A shop with Ann in it.
async fn shop(db: Db) -> Shop {
    let users = UserRows::new(db.clone());
    let (chat, language) = (ChatId(ANN.0), Language::Russian);
    users.meet(ANN, chat, language, Moment(1)).await.unwrap();
    users.rename(ANN, Some("ann")).await.unwrap();
    Shop::new(db)
}

fn new_act(id: &str, update_id: i64, order: Order, approval: Approval, at: Moment) -> NewAct {
    NewAct {
        update_id,
        act: Act {
            id: ActId::new(id),
            user: ANN,
            order,
            reason: "за терпение".to_owned(),
            asker: ADMIN,
            chat: ChatId(ADMIN.0),
            nonce: Nonce::new("n"),
            approval,
            state: ActState::Asked,
            approver: None,
            created_at: at,
            expires_at: Moment(at.0 + 1_000_000_000),
        },
    }
}

async fn asked(shop: &Shop, id: &str, order: Order, approval: Approval) -> Act {
    let acts = ActRows::new(shop.db.clone());
    let update_id = i64::try_from(id.len()).unwrap() * 1_000 + shop.now().0;
    acts.ask(new_act(id, update_id, order, approval, shop.now()))
        .await
        .unwrap()
}

fn step(act: &Act, to: ActState, at: Moment) -> ActMove {
    ActMove {
        act: act.id.clone(),
        from: act.state,
        to,
        approver: None,
        expires_at: None,
        at,
        audit: act.entry(to, Actor::User(ADMIN), "", at),
        outbox: Vec::new(),
    }
}

fn carry_out(act: &Act, approver: Option<UserId>) -> LedgerCommand {
    LedgerCommand {
        posting: Posting {
            user: act.user,
            operations: vec![Operation {
                key: IdempotencyKey::new(format!("act:{}", act.id)),
                movement: act.order.movement().unwrap(),
                reference: format!("act:{}", act.id),
            }],
        },
        rider: Rider::None,
        outbox: Vec::new(),
        audit: Some(Audited {
            entry: act.entry(ActState::Done, Actor::User(ADMIN), "", Moment(1)),
            act: Some(CarriedOut {
                act: act.id.clone(),
                from: act.state,
                approver,
            }),
        }),
    }
}

async fn outcomes(shop: &Shop, about: &Act) -> Vec<AuditOutcome> {
    let log = AuditRows::new(shop.db.clone());
    let links = log.newest(AuditQuery::Everything, 100).await.unwrap();
    let prefix = format!("act:{}:", about.id);
    let of_act = links
        .into_iter()
        .rev()
        .filter(|link| link.entry.key.starts_with(&prefix));
    of_act.map(|link| link.entry.outcome).collect()
}

async fn assert_sound(shop: &Shop) {
    let report = verify::audit(&shop.db, shop.now()).await.unwrap();
    assert!(report.findings.is_empty(), "{report}");
}

fn is_act_refusal(outcome: &LedgerOutcome) -> bool {
    matches!(outcome, LedgerOutcome::Refused(CommandRefusal::Act { .. }))
}

#[test]
fn an_order_of_each_kind_survives_its_row() {
    for_both(async |db| {
        let shop = shop(db).await;
        let job = shop_job(&shop).await;
        let orders = [
            credit(5),
            Order::Debit {
                amount: money(5),
                shortfall: Shortfall::Refuse,
            },
            Order::Debit {
                amount: money(5),
                shortfall: Shortfall::Owe,
            },
            Order::RefundJob {
                job: JobId::new("j"),
                hold: job.hold,
                amount: money(3),
            },
            Order::CancelJob {
                job: JobId::new("j"),
                price: money(3),
            },
            Order::RefundPayment {
                topup: TopupId::new("t"),
                amount: money(3),
            },
            Order::SetCaps {
                caps: Caps {
                    hour: Some(Money::ZERO),
                    day: None,
                },
            },
            Order::Ban {
                until: Some(Moment(9)),
            },
            Order::Ban { until: None },
            Order::Unban,
        ];
        for (number, order) in orders.into_iter().enumerate() {
            let act = asked(&shop, &format!("a{number}"), order.clone(), Approval::Two).await;
            let acts = ActRows::new(shop.db.clone());
            assert_eq!(acts.act(&act.id).await.unwrap(), Some(act.clone()));
            assert_eq!((act.order, act.approval), (order, Approval::Two));
        }
        assert_sound(&shop).await;
    });
}

async fn shop_job(shop: &Shop) -> rei_actors::ports::jobs::Job {
    shop.grant(ANN, 1_000).await;
    shop.order_in(ANN, "j", 300, JobState::Delivered).await
}

#[test]
fn a_repeated_turn_finds_its_act() {
    for_both(async |db| {
        let shop = shop(db).await;
        let acts = ActRows::new(shop.db.clone());
        let one = new_act("a", 7, credit(5), Approval::One, shop.now());
        let again = new_act("b", 7, credit(5), Approval::One, shop.now());
        let first = acts.ask(one).await.unwrap();
        let second = acts.ask(again).await.unwrap();
        assert_eq!(first, second);
        assert_eq!(outcomes(&shop, &first).await, [AuditOutcome::Asked]);
    });
}

#[test]
fn money_moves_with_the_act_and_its_audit_entry_once() {
    for_both(async |db| {
        let shop = shop(db).await;
        let act = asked(&shop, "a", credit(500), Approval::One).await;
        let command = carry_out(&act, None);
        shop.post_new(&command).await;
        let again = shop.post(&command).await;
        assert!(matches!(
            again,
            LedgerOutcome::Applied {
                applied: Applied::Before,
                ..
            }
        ));
        let acts = ActRows::new(shop.db.clone());
        assert_eq!(acts.standing(ANN).await.unwrap().available, money(500));
        let stored = acts.act(&act.id).await.unwrap().unwrap();
        assert_eq!(stored.state, ActState::Done);
        let expected = [AuditOutcome::Asked, AuditOutcome::Done];
        assert_eq!(outcomes(&shop, &act).await, expected);
        let late = acts.take(step(&act, ActState::Withdrawn, shop.now()));
        assert_eq!(late.await.unwrap(), Moved::Not(ActState::Done));
        assert_sound(&shop).await;
    });
}

#[test]
fn fifty_presses_at_once_are_one_credit() {
    for_both_twice(async |one, other| {
        let shop = shop(one.clone()).await;
        let act = asked(&shop, "a", credit(500), Approval::One).await;
        let mut presses = Vec::new();
        for number in 0..50 {
            let node = if number % 2 == 0 { &one } else { &other };
            let ledger = LedgerRows::new(node.clone());
            let command = carry_out(&act, None);
            presses.push(tokio::spawn(async move {
                let shard = shard_of(ANN, ledger.shards().await.unwrap());
                ledger.apply(shard, &[command], Moment(5_000_000)).await
            }));
        }
        let mut now = 0;
        for press in presses {
            let outcomes = press.await.unwrap().unwrap();
            if let LedgerOutcome::Applied {
                applied: Applied::Now,
                ..
            } = outcomes[0]
            {
                now += 1;
            }
        }
        assert_eq!(now, 1);
        let acts = ActRows::new(one.clone());
        assert_eq!(acts.standing(ANN).await.unwrap().available, money(500));
        assert_sound(&shop).await;
    });
}

#[test]
fn what_was_not_shown_to_two_is_not_carried_out() {
    for_both(async |db| {
        let shop = shop(db).await;
        let acts = ActRows::new(shop.db.clone());
        let asked = asked(&shop, "a", credit(500), Approval::Two).await;
        // One alone, and one twice.
        assert!(is_act_refusal(&shop.post(&carry_out(&asked, None)).await));
        let other = Some(OTHER);
        assert!(is_act_refusal(&shop.post(&carry_out(&asked, other)).await));
        let confirm = step(&asked, ActState::Confirmed, shop.now());
        assert_eq!(acts.take(confirm).await.unwrap(), Moved::Now);
        let act = acts.act(&asked.id).await.unwrap().unwrap();
        assert_eq!(act.state, ActState::Confirmed);
        assert!(is_act_refusal(&shop.post(&carry_out(&act, None)).await));
        let himself = carry_out(&act, Some(ADMIN));
        assert!(is_act_refusal(&shop.post(&himself).await));
        // Another sum, another user, an act that is none.
        let mut larger = act.clone();
        larger.order = credit(501);
        assert!(is_act_refusal(&shop.post(&carry_out(&larger, other)).await));
        let mut another = act.clone();
        another.user = UserId(43);
        assert!(is_act_refusal(
            &shop.post(&carry_out(&another, other)).await
        ));
        let mut none = act.clone();
        none.id = ActId::new("none");
        assert!(is_act_refusal(&shop.post(&carry_out(&none, other)).await));
        assert_eq!(acts.standing(ANN).await.unwrap(), Standing::default());
        shop.post_new(&carry_out(&act, other)).await;
        let done = acts.act(&act.id).await.unwrap().unwrap();
        assert_eq!((done.state, done.approver), (ActState::Done, other));
        assert_sound(&shop).await;
    });
}

#[test]
fn an_act_that_expired_moves_nothing() {
    for_both(async |db| {
        let shop = shop(db).await;
        let act = asked(&shop, "a", credit(500), Approval::One).await;
        shop.wait(rei_domain::time::Span(1_000_000_000));
        assert!(is_act_refusal(&shop.post(&carry_out(&act, None)).await));
    });
}

#[test]
fn the_database_itself_keeps_two_apart_from_one() {
    for_both(async |db| {
        let shop = shop(db).await;
        asked(&shop, "a", credit(500), Approval::Two).await;
        for text in [
            "UPDATE acts SET approver = asker",
            "UPDATE acts SET state = 'done', ended_at = 1",
            "UPDATE acts SET state = 'done', approver = 2",
            "UPDATE acts SET reason = ''",
        ] {
            let done = shop
                .db
                .write(async move |conn: &mut Conn| conn.batch(text).await);
            assert!(matches!(done.await, Err(StoreError::Broken(_))), "{text}");
        }
    });
}

#[test]
fn a_debit_takes_what_is_there_and_only_by_name_more() {
    for_both(async |db| {
        let shop = shop(db).await;
        shop.grant(ANN, 300).await;
        let debit = |shortfall| Order::Debit {
            amount: money(500),
            shortfall,
        };
        let refused = asked(&shop, "a", debit(Shortfall::Refuse), Approval::One).await;
        let outcome = shop.post(&carry_out(&refused, None)).await;
        let short = Refusal::InsufficientFunds {
            available: money(300),
            required: money(500),
        };
        assert_eq!(
            outcome,
            LedgerOutcome::Refused(CommandRefusal::Money(short))
        );
        let acts = ActRows::new(shop.db.clone());
        let stored = acts.act(&refused.id).await.unwrap().unwrap();
        assert_eq!(stored.state, ActState::Asked, "a refusal changes nothing");
        let owed = asked(&shop, "bb", debit(Shortfall::Owe), Approval::One).await;
        let before = acts.standing(ANN).await.unwrap();
        shop.post_new(&carry_out(&owed, None)).await;
        let after = acts.standing(ANN).await.unwrap();
        assert_eq!(after, owed.order.after(before));
        assert_eq!((after.available, after.owed), (Money::ZERO, money(200)));
        assert_sound(&shop).await;
    });
}

#[test]
fn a_refund_of_a_job_never_passes_what_was_charged() {
    for_both(async |db| {
        let shop = shop(db).await;
        let job = shop_job(&shop).await;
        let acts = ActRows::new(shop.db.clone());
        let left = acts.job_money(&job.id).await.unwrap().unwrap().left;
        assert_eq!(left, money(300));
        let refund = |kopecks| Order::RefundJob {
            job: job.id.clone(),
            hold: job.hold.clone(),
            amount: money(kopecks),
        };
        let first = asked(&shop, "a", refund(200), Approval::One).await;
        let second = asked(&shop, "bb", refund(200), Approval::One).await;
        shop.post_new(&carry_out(&first, None)).await;
        let outcome = shop.post(&carry_out(&second, None)).await;
        let left = Refusal::MoreThanLeft { left: money(100) };
        assert_eq!(outcome, LedgerOutcome::Refused(CommandRefusal::Money(left)));
        let left = acts.job_money(&job.id).await.unwrap().unwrap().left;
        assert_eq!(left, money(100));
        assert_sound(&shop).await;
    });
}

#[test]
fn a_ban_keeps_new_jobs_out_until_it_ends_or_is_lifted() {
    for_both(async |db| {
        let shop = shop(db).await;
        shop.grant(ANN, 1_000).await;
        let acts = ActRows::new(shop.db.clone());
        let until = Moment(shop.now().0 + 60_000_000);
        let ban = Order::Ban { until: Some(until) };
        let act = asked(&shop, "a", ban, Approval::One).await;
        let done = step(&act, ActState::Done, shop.now());
        assert_eq!(acts.take(done.clone()).await.unwrap(), Moved::Now);
        assert_eq!(
            acts.take(done).await.unwrap(),
            Moved::Not(ActState::Done),
            "a repeat changes nothing"
        );
        let draft = shop.draft(ANN, "d", 100).await;
        let outcome = shop.post(&submit(&draft, shop.now())).await;
        let banned = CommandRefusal::Banned { until: Some(until) };
        assert_eq!(outcome, LedgerOutcome::Refused(banned));
        let seen = acts.ban(ANN, shop.now()).await.unwrap().unwrap();
        assert_eq!(
            (seen.until, seen.reason.as_str()),
            (Some(until), "за терпение")
        );
        assert_eq!(acts.ban(ANN, until).await.unwrap(), None, "its end");
        let lift = asked(&shop, "bb", Order::Unban, Approval::One).await;
        acts.take(step(&lift, ActState::Done, shop.now()))
            .await
            .unwrap();
        assert_eq!(acts.ban(ANN, shop.now()).await.unwrap(), None);
        shop.post_new(&submit(&draft, shop.now())).await;
        assert_sound(&shop).await;
    });
}

#[test]
fn a_ban_beside_a_hundred_orders_leaves_none_after_it() {
    for_both_twice(async |one, other| {
        let shop = shop(one.clone()).await;
        shop.grant(ANN, 100_000).await;
        let mut drafts = Vec::new();
        for number in 0..40 {
            drafts.push(shop.draft(ANN, &format!("d{number}"), 100).await);
        }
        let act = asked(&shop, "a", Order::Ban { until: None }, Approval::One).await;
        let at = shop.now();
        let mut orders = Vec::new();
        for draft in drafts {
            let (ledger, db) = (LedgerRows::new(other.clone()), one.clone());
            let command = submit(&draft, at);
            orders.push(tokio::spawn(async move {
                let acts = ActRows::new(db);
                let banned_before = acts.ban(ANN, at).await.unwrap().is_some();
                let shard = shard_of(ANN, ledger.shards().await.unwrap());
                let outcomes = ledger.apply(shard, &[command], at).await.unwrap();
                let ordered = matches!(outcomes[0], LedgerOutcome::Applied { .. });
                assert!(!(banned_before && ordered), "an order after the ban");
            }));
        }
        let acts = ActRows::new(one.clone());
        acts.take(step(&act, ActState::Done, at)).await.unwrap();
        // What was ordered before the ban is seen now; nothing comes after it.
        let seen = acts.jobs(JobsOf::User(ANN), 100).await.unwrap().len();
        for order in orders {
            order.await.unwrap();
        }
        let at_last = acts.jobs(JobsOf::User(ANN), 100).await.unwrap().len();
        assert_eq!(seen, at_last);
        assert_sound(&shop).await;
    });
}

#[test]
fn caps_of_an_admin_are_set_and_forgotten() {
    for_both(async |db| {
        let shop = shop(db).await;
        let acts = ActRows::new(shop.db.clone());
        let caps = |hour| Caps { hour, day: None };
        for (id, hour) in [
            ("a", Some(money(100))),
            ("bb", Some(Money::ZERO)),
            ("ccc", None),
        ] {
            let order = Order::SetCaps { caps: caps(hour) };
            let act = asked(&shop, id, order, Approval::One).await;
            acts.take(step(&act, ActState::Done, shop.now()))
                .await
                .unwrap();
            let person = acts.person(ANN, shop.now()).await.unwrap().unwrap();
            assert_eq!(person.caps_by_admin, caps(hour));
        }
    });
}

#[test]
fn a_person_is_shown_with_all_that_is_his() {
    for_both(async |db| {
        let shop = shop(db).await;
        shop_job(&shop).await;
        shop.order(ANN, "waiting", 200).await;
        let acts = ActRows::new(shop.db.clone());
        let found = acts.find(&Who::Name("ann".to_owned())).await.unwrap();
        assert_eq!(found.map(|user| user.id), Some(ANN));
        let nobody = acts.find(&Who::Id(UserId(9))).await.unwrap();
        assert_eq!(nobody, None);
        let person = acts.person(ANN, shop.now()).await.unwrap().unwrap();
        assert_eq!(person.standing.available, money(500));
        assert_eq!((person.standing.held, person.holds), (money(200), 1));
        assert_eq!(person.jobs.len(), 2);
        assert_eq!(person.name.as_deref(), Some("ann"));
        let unfinished = acts.jobs(JobsOf::Unfinished, 9).await.unwrap();
        assert_eq!(unfinished.len(), 1);
        let delivered = acts.jobs(JobsOf::In(JobState::Delivered), 9).await.unwrap();
        assert_eq!(delivered.len(), 1);
        assert_eq!(acts.person(UserId(9), shop.now()).await.unwrap(), None);
        assert_eq!(acts.job_money(&JobId::new("none")).await.unwrap(), None);
    });
}

#[test]
fn a_job_that_its_user_withdrew_first_does_not_end_the_act() {
    for_both(async |db| {
        let shop = shop(db).await;
        shop.grant(ANN, 1_000).await;
        let job = shop.order(ANN, "j", 100).await;
        let order = Order::CancelJob {
            job: job.id.clone(),
            price: money(100),
        };
        let act = asked(&shop, "a", order, Approval::One).await;
        let mut command = crate::store::fixtures::shop::cancel(&job, shop.now());
        shop.post_new(&command).await;
        command.audit = carry_out(
            &Act {
                order: credit(1),
                ..act.clone()
            },
            None,
        )
        .audit;
        let outcome = shop.post(&command).await;
        assert!(matches!(
            outcome,
            LedgerOutcome::Applied {
                applied: Applied::Before,
                ..
            }
        ));
        let acts = ActRows::new(shop.db.clone());
        let stored = acts.act(&act.id).await.unwrap().unwrap();
        assert_eq!(stored.state, ActState::Asked);
        let drafts = DraftRows::new(shop.db.clone());
        drafts
            .commit(TurnCommit::default(), shop.now())
            .await
            .unwrap();
        assert_sound(&shop).await;
    });
}
