//! Random batches on the real stores, told beforehand by a model that knows sums and stages only.

use std::collections::{BTreeMap, BTreeSet};

use rei_actors::ports::jobs::Job;
use rei_domain::billing::Ending;
use rei_domain::conversation::Balance;
use rei_domain::draft::Draft;
use rei_domain::ids::Fence;
use rei_domain::money::Money;

use super::*;
use crate::store::fixtures::for_both;
use crate::store::fixtures::shop::{cancel, finish, grant, retry_lost, submit};

const BATCHES: usize = 120;
const BATCH_MAX: u64 = 24;
/// All of one shard, on both databases.
const USERS: [UserId; 3] = [UserId(2), UserId(4), UserId(6)];

/// Numbers that look random and are the same for the same seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let place = self.below(items.len() as u64);
        &items[usize::try_from(place).unwrap()]
    }
}

/// What the model knows of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Draft,
    Queued,
    Begun,
    Rendered,
    Captured,
    Voided,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Now,
    Before,
    Refused,
}

struct Order {
    draft: Draft,
    /// As it was read before the batch; none before the order is confirmed.
    job: Option<Job>,
    stage: Stage,
}

/// What a command of the batch is.
#[derive(Clone, Copy, Debug)]
enum Act {
    Grant { bonus: u64 },
    Submit,
    Cancel,
    Capture,
    Fail,
    FailStale,
    Retry,
}

#[derive(Default)]
struct Model {
    balances: BTreeMap<UserId, (i64, i64)>,
    bonuses: BTreeSet<(UserId, u64)>,
    lost: BTreeSet<(String, u32)>,
    orders: BTreeMap<String, Order>,
}

impl Model {
    fn balance(&self, user: UserId) -> Balance {
        let (available, held) = self.balances.get(&user).copied().unwrap_or_default();
        Balance {
            available: Money::from_kopecks(available),
            held: Money::from_kopecks(held),
        }
    }

    fn grant(&mut self, user: UserId, bonus: u64, kopecks: i64) -> Expected {
        if !self.bonuses.insert((user, bonus)) {
            return Expected::Before;
        }
        self.balances.entry(user).or_default().0 += kopecks;
        Expected::Now
    }

    /// Foretells a command on an order, and does it.
    fn act(&mut self, id: &str, act: Act) -> Expected {
        let order = self.orders.get_mut(id).unwrap();
        let price = order.draft.price.kopecks();
        let (available, held) = self.balances.entry(order.draft.user).or_default();
        let (now, free) = (order.stage, *available);
        let mut go = |stage: Stage, to_available: i64, to_held: i64| {
            order.stage = stage;
            *available += to_available;
            *held += to_held;
            Expected::Now
        };
        match (act, now) {
            (Act::Grant { .. }, _) => unreachable!("a grant has no order"),
            (Act::Submit, Stage::Draft) if free >= price => go(Stage::Queued, -price, price),
            (Act::Submit, Stage::Draft) => Expected::Refused,
            (Act::Submit, _) => Expected::Before,
            (_, Stage::Draft) => Expected::Refused,

            (Act::Cancel | Act::Fail | Act::FailStale, Stage::Voided) => Expected::Before,
            (Act::Cancel, Stage::Queued) => go(Stage::Voided, price, -price),
            (Act::Fail, Stage::Queued | Stage::Begun | Stage::Rendered) => {
                go(Stage::Voided, price, -price)
            }
            (Act::Cancel | Act::Fail | Act::FailStale, _) => Expected::Refused,

            (Act::Capture, Stage::Captured) => Expected::Before,
            (Act::Capture, Stage::Rendered) => go(Stage::Captured, 0, -price),
            (Act::Capture, _) => Expected::Refused,

            (Act::Retry, stage) => {
                let attempt = order.job.as_ref().map_or(0, |job| job.attempt);
                let key = (id.to_owned(), attempt);
                if self.lost.contains(&key) {
                    Expected::Before
                } else if stage == Stage::Begun {
                    self.lost.insert(key);
                    go(Stage::Queued, 0, 0)
                } else {
                    Expected::Refused
                }
            }
        }
    }
}

/// Bonuses of the same number are the same.
fn bonus_of(number: u64) -> i64 {
    i64::try_from(number % 7 * 50 + 1).unwrap()
}

fn command(order: &Order, act: Act, now: Moment) -> Option<LedgerCommand> {
    if let Act::Submit = act {
        return Some(submit(&order.draft, now));
    }
    let job = order.job.as_ref()?;
    match act {
        Act::Grant { .. } | Act::Submit => None,
        Act::Cancel => Some(cancel(job, now)),
        Act::Capture => Some(finish(job, Ending::Delivered, None, now)),
        Act::Fail => {
            let rejected = Some(rei_actors::ports::jobs::AttemptEnd::rejected("HTTP 503"));
            let attempt = rejected.filter(|_| order.stage == Stage::Begun);
            Some(finish(job, Ending::OurFault, attempt, now))
        }
        Act::FailStale => {
            let stale = Job {
                fence: Fence(job.fence.0 + 1),
                ..job.clone()
            };
            Some(finish(&stale, Ending::OurFault, None, now))
        }
        Act::Retry => Some(retry_lost(job, now)),
    }
}

/// Makes an order, or takes one a step further as a worker does.
async fn work(shop: &Shop, model: &mut Model, dice: &mut Dice) {
    for _ in 0..dice.below(4) {
        let id = format!("order-{}", model.orders.len());
        let user = *dice.pick(&USERS);
        let price = i64::try_from(dice.below(300) + 1).unwrap();
        let draft = shop.draft(user, &id, price).await;
        let order = Order {
            draft,
            job: None,
            stage: Stage::Draft,
        };
        model.orders.insert(id, order);
    }
    for (id, order) in &mut model.orders {
        if order.stage == Stage::Queued && dice.below(2) == 0 {
            if dice.below(2) == 0 {
                shop.begin(id).await;
                order.stage = Stage::Begun;
            } else {
                shop.render(id).await;
                order.stage = Stage::Rendered;
            }
        }
        if order.stage != Stage::Draft {
            order.job = Some(shop.job(id).await);
        }
    }
}

async fn batch(shop: &Shop, model: &mut Model, dice: &mut Dice) {
    let (mut commands, mut told) = (Vec::new(), Vec::new());
    for _ in 0..=dice.below(BATCH_MAX) {
        let ids: Vec<String> = model.orders.keys().cloned().collect();
        let bonus = dice.below(30);
        let act = *dice.pick(&[
            Act::Grant { bonus },
            Act::Submit,
            Act::Submit,
            Act::Cancel,
            Act::Capture,
            Act::Capture,
            Act::Fail,
            Act::FailStale,
            Act::Retry,
        ]);
        let now = shop.now();
        if let Act::Grant { bonus } = act {
            let (user, kopecks) = (*dice.pick(&USERS), bonus_of(bonus));
            commands.push(grant(user, &format!("bonus:{user}:{bonus}"), kopecks));
            let expected = model.grant(user, bonus, kopecks);
            told.push((expected, model.balance(user)));
        } else if !ids.is_empty() {
            let id = dice.pick(&ids);
            let order = &model.orders[id];
            let Some(command) = command(order, act, now) else {
                continue;
            };
            commands.push(command);
            let user = order.draft.user;
            let expected = model.act(id, act);
            told.push((expected, model.balance(user)));
        }
    }
    if commands.is_empty() {
        return;
    }
    let outcomes = apply(&shop.db, &commands, shop.now()).await.unwrap();
    for ((outcome, command), (expected, expected_balance)) in
        outcomes.iter().zip(&commands).zip(&told)
    {
        match outcome {
            LedgerOutcome::Applied { applied, balance } => {
                let wanted = match applied {
                    Applied::Now => Expected::Now,
                    Applied::Before => Expected::Before,
                };
                assert_eq!(wanted, *expected, "{command:?}");
                assert_eq!(balance, expected_balance, "{command:?}");
            }
            LedgerOutcome::Refused(refusal) => {
                assert_eq!(*expected, Expected::Refused, "{refusal:?}: {command:?}");
            }
        }
    }
}

#[test]
fn random_business_goes_as_a_simple_model_says_and_the_books_are_sound() {
    let seed = rand_seed();
    println!("seed {seed}");
    for_both(async |db| {
        let shop = Shop::new(db);
        let (mut dice, mut model) = (Dice(seed), Model::default());
        for number in 0..BATCHES {
            work(&shop, &mut model, &mut dice).await;
            batch(&shop, &mut model, &mut dice).await;
            if number % 20 == 19 {
                audited(&shop).await;
            }
        }
        let stages: Vec<Stage> = model.orders.values().map(|order| order.stage).collect();
        for stage in [Stage::Captured, Stage::Voided] {
            assert!(stages.contains(&stage), "the dice never ended an order so");
        }
    });
}

/// A seed that is new in each run; the test prints it. `REI_TEST_SEED` repeats one.
fn rand_seed() -> u64 {
    match std::env::var("REI_TEST_SEED") {
        Ok(seed) => seed.parse().expect("REI_TEST_SEED is a number"),
        Err(_) => {
            let (high, low) = uuid::Uuid::now_v7().as_u64_pair();
            high ^ low
        }
    }
}
