use std::sync::Arc;

use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use rei_actors::ports::clock::Clock;
use rei_actors::ports::jobs::{
    AttemptEnd, AttemptOutcome, Job, JobStore, LeaseError, LeaseToken, POSITION_MAX,
};
use rei_actors::ports::outbox::{NewOutbox, OutboxBody};
use rei_actors::routes::decision::DecisionRecord;
use rei_actors::scheduler::dispatch::{Dispatch, DispatchPorts, DispatchSettings};
use rei_domain::ids::{AssetId, ChatId, Fence, JobId, UserId};
use rei_domain::job::{JobEvent, JobState, LaneName, step};
use rei_domain::spec::Kind;
use rei_domain::time::{Moment, Span};

use super::JobRows;
use crate::store::Db;
use crate::store::conn::Conn;
use crate::store::fixtures::{
    FIXTURE_DUE, FIXTURE_FENCE, FIXTURE_LEASE_UNTIL, FIXTURE_USER, for_both, for_both_twice,
    insert_asset, insert_job, insert_job_in,
};
use crate::store::stmt::sql;

/// After every lease and every waiting time of the fixtures.
const LATER: Moment = Moment(FIXTURE_LEASE_UNTIL.0 + 1_000);

async fn job(db: &Db, id: &str) -> Job {
    let jobs = JobRows::new(db.clone());
    jobs.job(&JobId::new(id)).await.unwrap().unwrap()
}

/// Why an attempt is made where it is made.
fn decision() -> DecisionRecord {
    DecisionRecord::begun_before(Moment(1))
}

fn token(id: &str, fence: Fence) -> LeaseToken {
    LeaseToken {
        job: JobId::new(id),
        fence,
    }
}

/// Does what `event` is under a lease; `None` for events that are not this store's.
async fn take_event(
    jobs: &JobRows,
    lease: &LeaseToken,
    attempt: u32,
    event: JobEvent,
) -> Option<Result<(), LeaseError>> {
    let at = Moment(FIXTURE_LEASE_UNTIL.0 + 2_000);
    match event {
        JobEvent::Lease => {
            let until = Moment(LATER.0 + 1_000);
            let job = jobs.lease(&lease.job, "w", LATER, until).await.unwrap();
            Some(job.map(drop).ok_or(LeaseError::Lost))
        }
        JobEvent::BeginSubmit => Some(
            jobs.begin_attempt(lease, attempt + 1, "dummy", &decision(), at)
                .await,
        ),
        JobEvent::Accept => Some(jobs.accepted(lease, attempt, "p2", at).await),
        JobEvent::Render => {
            let result = AssetId::new("picture");
            Some(jobs.rendered(lease, attempt, &result, at).await)
        }
        JobEvent::Requeue => {
            let rejected = AttemptEnd::rejected("HTTP 503");
            Some(jobs.requeue(lease, Some(rejected), Moment(77), at).await)
        }
        JobEvent::LoseAnswer
        | JobEvent::Settle
        | JobEvent::Deliver
        | JobEvent::Fail
        | JobEvent::Cancel => None,
    }
}

#[test]
fn every_step_is_taken_exactly_where_the_domain_allows_it() {
    for_both(async |db| {
        let jobs = JobRows::new(db.clone());
        insert_asset(&db, "picture").await;
        for state in JobState::ALL {
            for event in JobEvent::ALL {
                let id = format!("{}-{event:?}", state.as_str());
                insert_job(&db, &id, state).await;
                let before = job(&db, &id).await;
                let lease = token(&id, FIXTURE_FENCE);
                let Some(taken) = take_event(&jobs, &lease, before.attempt, event).await else {
                    continue;
                };
                let after = job(&db, &id).await;
                match step(state, event) {
                    Ok(next) => {
                        assert!(taken.is_ok(), "{id}: {taken:?}");
                        assert_eq!(after.state, next, "{id}");
                    }
                    Err(_) => {
                        assert!(matches!(taken, Err(LeaseError::Lost)), "{id}: {taken:?}");
                        assert_eq!(after, before, "{id}");
                    }
                }
            }
        }
    });
}

#[test]
fn a_stale_fence_changes_nothing() {
    for_both(async |db| {
        let jobs = JobRows::new(db.clone());
        insert_asset(&db, "picture").await;
        let events = [
            (JobState::Leased, JobEvent::BeginSubmit),
            (JobState::Submitting, JobEvent::Accept),
            (JobState::Running, JobEvent::Render),
            (JobState::Running, JobEvent::Requeue),
        ];
        for (state, event) in events {
            let id = format!("{}-{event:?}", state.as_str());
            insert_job(&db, &id, state).await;
            let before = job(&db, &id).await;
            let attempts = jobs.attempts(&before.id).await.unwrap();
            for fence in [Fence(FIXTURE_FENCE.0 - 1), Fence(FIXTURE_FENCE.0 + 1)] {
                let stale = token(&id, fence);
                let taken = take_event(&jobs, &stale, before.attempt, event).await;
                assert!(matches!(taken, Some(Err(LeaseError::Lost))), "{id}");
                let held = jobs
                    .renew(std::slice::from_ref(&stale), LATER)
                    .await
                    .unwrap();
                assert_eq!(held, []);
                jobs.release(&[stale], Moment(1)).await.unwrap();
            }
            assert_eq!(job(&db, &id).await, before);
            assert_eq!(jobs.attempts(&before.id).await.unwrap(), attempts);
            let leasable = jobs
                .candidates(
                    Kind::Image,
                    before.lane,
                    Moment(FIXTURE_LEASE_UNTIL.0 - 1),
                    100,
                )
                .await
                .unwrap();
            assert_eq!(leasable, [], "{id}: released by a stale token");
        }
    });
}

#[test]
fn a_job_goes_its_way_and_each_repeat_succeeds_without_doing_anything() {
    for_both(async |db| {
        let jobs = JobRows::new(db.clone());
        insert_job(&db, "j", JobState::Queued).await;
        insert_asset(&db, "picture").await;
        let id = JobId::new("j");
        let until = Moment(FIXTURE_DUE.0 + 100);
        let leased = jobs.lease(&id, "w", FIXTURE_DUE, until).await.unwrap();
        let lease = token("j", leased.unwrap().fence);
        assert_eq!(lease.fence, Fence(FIXTURE_FENCE.0 + 1));

        for _ in 0..2 {
            jobs.begin_attempt(&lease, 1, "dummy", &decision(), Moment(20))
                .await
                .unwrap();
            let begun = job(&db, "j").await;
            assert_eq!((begun.state, begun.attempt), (JobState::Submitting, 1));
            assert_eq!(begun.provider.as_deref(), Some("dummy"));
            assert_eq!(begun.provider_job, None);
        }
        let other = jobs
            .begin_attempt(&lease, 1, "another", &decision(), Moment(20))
            .await;
        assert!(matches!(other, Err(LeaseError::Lost)), "{other:?}");
        let skipped = jobs
            .begin_attempt(&lease, 3, "dummy", &decision(), Moment(20))
            .await;
        assert!(matches!(skipped, Err(LeaseError::Lost)), "{skipped:?}");

        for _ in 0..2 {
            jobs.requeue(
                &lease,
                Some(AttemptEnd::rejected("HTTP 503")),
                Moment(30),
                Moment(21),
            )
            .await
            .unwrap();
            let back = job(&db, "j").await;
            assert_eq!((back.state, back.attempt), (JobState::Queued, 1));
        }
        let early = jobs.lease(&id, "w", Moment(29), until).await.unwrap();
        assert_eq!(early, None);
        let leased = jobs.lease(&id, "w", Moment(30), until).await.unwrap();
        let lease = token("j", leased.unwrap().fence);

        jobs.begin_attempt(&lease, 2, "dummy", &decision(), Moment(31))
            .await
            .unwrap();
        for _ in 0..2 {
            jobs.accepted(&lease, 2, "p1", Moment(32)).await.unwrap();
            let running = job(&db, "j").await;
            assert_eq!(running.state, JobState::Running);
            assert_eq!(running.provider_job.as_deref(), Some("p1"));
        }
        let other = jobs.accepted(&lease, 2, "p9", Moment(32)).await;
        assert!(matches!(other, Err(LeaseError::Lost)), "{other:?}");

        let result = AssetId::new("picture");
        for _ in 0..2 {
            jobs.rendered(&lease, 2, &result, Moment(33)).await.unwrap();
            let rendered = job(&db, "j").await;
            assert_eq!(rendered.state, JobState::Rendered);
            assert_eq!(rendered.result.as_ref(), Some(&result));
        }
        let other = AssetId::new("another");
        let other = jobs.rendered(&lease, 2, &other, Moment(33)).await;
        assert!(matches!(other, Err(LeaseError::Lost)), "{other:?}");

        let attempts = jobs.attempts(&id).await.unwrap();
        let known: Vec<_> = attempts
            .iter()
            .map(|attempt| (attempt.number, attempt.provider.as_str(), attempt.outcome))
            .collect();
        assert_eq!(
            known,
            [
                (1, "dummy", AttemptOutcome::Rejected),
                (2, "dummy", AttemptOutcome::Accepted)
            ]
        );
    });
}

#[test]
fn the_attempt_of_another_is_no_repeat_of_ones_own() {
    for_both(async |db| {
        let jobs = JobRows::new(db.clone());
        insert_job(&db, "j", JobState::Submitting).await;
        let id = JobId::new("j");
        let until = Moment(LATER.0 + 100);
        let rescued = jobs.lease(&id, "w2", LATER, until).await.unwrap().unwrap();
        assert_eq!(rescued.state, JobState::Submitting);
        let lease = token("j", rescued.fence);
        let again = jobs
            .begin_attempt(&lease, 1, "dummy", &decision(), LATER)
            .await;
        assert!(matches!(again, Err(LeaseError::Lost)), "{again:?}");
        let next = jobs
            .begin_attempt(&lease, 2, "dummy", &decision(), LATER)
            .await;
        assert!(matches!(next, Err(LeaseError::Lost)), "{next:?}");
    });
}

#[test]
fn a_job_given_back_before_its_next_attempt_keeps_what_is_known_of_the_last() {
    for_both(async |db| {
        let jobs = JobRows::new(db.clone());
        insert_job(&db, "j", JobState::Submitting).await;
        let id = JobId::new("j");
        let lease = token("j", FIXTURE_FENCE);
        jobs.requeue(
            &lease,
            Some(AttemptEnd::rejected("HTTP 503")),
            Moment(1),
            Moment(50),
        )
        .await
        .unwrap();
        let until = Moment(LATER.0 + 100);
        let leased = jobs.lease(&id, "w", LATER, until).await.unwrap().unwrap();
        let lease = token("j", leased.fence);
        jobs.requeue(
            &lease,
            Some(AttemptEnd::lost("late")),
            Moment(2),
            Moment(51),
        )
        .await
        .unwrap();
        let attempts = jobs.attempts(&id).await.unwrap();
        assert_eq!(attempts.len(), 1);
        assert_eq!(attempts[0].outcome, AttemptOutcome::Rejected);
        assert_eq!(attempts[0].cause.as_deref(), Some("HTTP 503"));
    });
}

#[test]
fn a_lease_that_runs_out_is_taken_over_and_the_work_goes_on() {
    for_both(async |db| {
        let jobs = JobRows::new(db.clone());
        for state in JobState::ALL
            .into_iter()
            .filter(|state| state.is_worked_on())
        {
            insert_job(&db, state.as_str(), state).await;
            let id = JobId::new(state.as_str());
            let before = Moment(FIXTURE_LEASE_UNTIL.0 - 1);
            let until = Moment(LATER.0 + 100);
            let early = jobs.lease(&id, "w2", before, until).await.unwrap();
            assert_eq!(early, None);
            let rescued = jobs
                .lease(&id, "w2", FIXTURE_LEASE_UNTIL, until)
                .await
                .unwrap()
                .unwrap();
            assert_eq!(rescued.state, state);
            assert_eq!(rescued.fence, Fence(FIXTURE_FENCE.0 + 1));
            let second = jobs
                .lease(&id, "w3", FIXTURE_LEASE_UNTIL, until)
                .await
                .unwrap();
            assert_eq!(second, None);
        }
        let unknown = JobId::new("no such job");
        let none = jobs.lease(&unknown, "w", LATER, LATER).await.unwrap();
        assert_eq!(none, None);
    });
}

#[test]
fn a_renewed_lease_is_kept_and_a_released_one_is_free_at_once() {
    for_both(async |db| {
        let jobs = JobRows::new(db.clone());
        insert_job(&db, "a", JobState::Running).await;
        insert_job(&db, "b", JobState::Leased).await;
        insert_job(&db, "c", JobState::Delivered).await;
        let tokens = ["a", "b", "c"].map(|id| token(id, FIXTURE_FENCE));
        let mut held = jobs.renew(&tokens, Moment(LATER.0 + 50)).await.unwrap();
        held.sort_by(|a, b| a.job.cmp(&b.job));
        assert_eq!(held, tokens[..2]);
        let leasable = async |now| {
            let jobs = jobs
                .candidates(Kind::Image, LaneName::Normal, now, 10)
                .await
                .unwrap();
            jobs.len()
        };
        assert_eq!(leasable(LATER).await, 0);

        for _ in 0..2 {
            jobs.release(&tokens, Moment(LATER.0 + 1)).await.unwrap();
            assert_eq!(leasable(LATER).await, 0);
            assert_eq!(leasable(Moment(LATER.0 + 1)).await, 2);
        }
        assert_eq!(job(&db, "a").await.state, JobState::Running);
        assert_eq!(jobs.renew(&[], LATER).await.unwrap(), []);
        jobs.release(&[], LATER).await.unwrap();
    });
}

#[test]
fn candidates_are_those_of_the_lane_oldest_first() {
    for_both(async |db| {
        let jobs = JobRows::new(db.clone());
        let rows = [
            ("d", LaneName::Normal, JobState::Queued, 4),
            ("b", LaneName::Normal, JobState::Running, 2),
            ("a", LaneName::Normal, JobState::Queued, 1),
            ("c", LaneName::Normal, JobState::Settled, 3),
            ("x", LaneName::High, JobState::Queued, 0),
        ];
        for (id, lane, state, created_at) in rows {
            insert_job_in(&db, id, lane, state, Moment(created_at)).await;
        }
        let ids = async |lane, now, limit| {
            let candidates = jobs
                .candidates(Kind::Image, lane, now, limit)
                .await
                .unwrap();
            let ids = candidates.into_iter().map(|candidate| {
                assert_eq!((candidate.lane, candidate.user), (lane, FIXTURE_USER));
                candidate.id.as_str().to_owned()
            });
            ids.collect::<Vec<_>>()
        };
        assert_eq!(ids(LaneName::Normal, LATER, 10).await, ["a", "b", "d"]);
        assert_eq!(ids(LaneName::Normal, LATER, 2).await, ["a", "b"]);
        assert_eq!(ids(LaneName::Normal, FIXTURE_DUE, 10).await, ["a", "d"]);
        let early = Moment(FIXTURE_DUE.0 - 1);
        assert_eq!(ids(LaneName::Normal, early, 10).await, [""; 0]);
        assert_eq!(ids(LaneName::High, LATER, 10).await, ["x"]);
        assert_eq!(ids(LaneName::Low, LATER, 10).await, [""; 0]);
        let videos = jobs.candidates(Kind::Video, LaneName::Normal, LATER, 10);
        assert_eq!(videos.await.unwrap(), []);
    });
}

#[test]
fn waiting_jobs_know_their_place() {
    for_both(async |db| {
        let jobs = JobRows::new(db.clone());
        let rows = [
            ("c", LaneName::Normal, JobState::Queued, 3),
            ("b", LaneName::Normal, JobState::Queued, 2),
            ("b2", LaneName::Normal, JobState::Queued, 2),
            ("a", LaneName::Normal, JobState::Leased, 1),
            ("x", LaneName::Low, JobState::Queued, 0),
        ];
        for (id, lane, state, created_at) in rows {
            insert_job_in(&db, id, lane, state, Moment(created_at)).await;
        }
        let places = [("b", 0), ("b2", 1), ("c", 2), ("x", 0)];
        for (id, place) in places {
            let position = jobs.position(&JobId::new(id)).await.unwrap();
            assert_eq!(position, Some(place), "{id}");
        }
        assert_eq!(jobs.position(&JobId::new("a")).await.unwrap(), None);
        assert_eq!(jobs.position(&JobId::new("none")).await.unwrap(), None);
        assert_eq!(
            jobs.waiting().await.unwrap(),
            [
                (LaneName::High, 0),
                (LaneName::Normal, 3),
                (LaneName::Low, 1)
            ]
        );
        // Who is far behind is not told how far, so that nobody's progress is dear.
        for number in 0..1_005 {
            let (lane, at) = (LaneName::Low, Moment(10));
            insert_job_in(&db, &format!("f{number:04}"), lane, JobState::Queued, at).await;
        }
        let far = jobs.position(&JobId::new("f1004")).await.unwrap();
        assert_eq!(far, Some(POSITION_MAX));
    });
}

#[test]
fn unfinished_jobs_of_a_user_come_newest_first() {
    for_both(async |db| {
        let jobs = JobRows::new(db.clone());
        for (created_at, state) in (0..).zip(JobState::ALL) {
            let created_at = Moment(created_at);
            insert_job_in(&db, state.as_str(), LaneName::Normal, state, created_at).await;
        }
        let unfinished = jobs.unfinished(FIXTURE_USER, 100).await.unwrap();
        let states: Vec<JobState> = unfinished.iter().map(|job| job.state).collect();
        let mut expected = JobState::ALL.to_vec();
        expected.retain(|state| !state.is_settled());
        expected.reverse();
        assert_eq!(states, expected);
        assert_eq!(jobs.unfinished(FIXTURE_USER, 2).await.unwrap().len(), 2);
        assert_eq!(jobs.unfinished(UserId(99), 2).await.unwrap(), []);
        assert_eq!(jobs.job(&JobId::new("none")).await.unwrap(), None);
    });
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[test]
fn a_job_out_of_time_gets_its_late_result_and_one_message_once() {
    for_both(async |db| {
        let jobs = JobRows::new(db.clone());
        let endings = [
            ("late", Some("p1"), "timeout", 50),
            ("later", Some("p2"), "timeout", 60),
            ("unasked", None, "timeout", 50),
            ("refused", Some("p3"), "moderation", 50),
            ("old", Some("p4"), "timeout", 9),
        ];
        for (id, provider_job, ending, finished_at) in endings {
            insert_job(&db, id, JobState::Failed).await;
            let stmt = sql!(
                "UPDATE jobs SET provider = 'dummy', provider_job = ?, ending = ?, finished_at = ?
                 WHERE id = ?",
                provider_job,
                ending,
                finished_at,
                id,
            );
            db.write(async move |conn: &mut Conn| conn.execute(stmt).await)
                .await
                .unwrap();
        }
        insert_asset(&db, "clip").await;
        let overdue = async || -> Vec<String> {
            let found = jobs.overdue(Moment(10), 10).await.unwrap();
            found.iter().map(|job| job.id.to_string()).collect()
        };
        assert_eq!(overdue().await, ["late", "later"]);
        let keep = async |id: &str| {
            let id = JobId::new(id);
            let message = NewOutbox {
                key: format!("late:{id}"),
                chat: ChatId(7),
                slot: None,
                body: OutboxBody::result(&id),
                created_at: Moment(70),
            };
            jobs.keep_late(&id, &AssetId::new("clip"), message)
                .await
                .unwrap()
        };
        assert!(keep("late").await);
        assert!(!keep("late").await, "it has one");
        assert!(!keep("refused").await, "it did not run out of time");
        assert_eq!(overdue().await, ["later"]);
        assert_eq!(job(&db, "late").await.result.unwrap(), AssetId::new("clip"));
        let messages = db
            .read(async |conn: &mut Conn| {
                conn.one::<Count>(sql!(
                    "SELECT COUNT(*) AS count FROM outbox WHERE key LIKE 'late:%'"
                ))
                .await
            })
            .await
            .unwrap();
        assert_eq!(messages.count, 1);
    });
}

#[test]
fn one_job_behind_a_thousand_of_another_user_is_next_but_one() {
    for_both(async |db| {
        for number in 0..300 {
            let id = format!("flood{number:03}");
            let at = Moment(number);
            insert_job_in(&db, &id, LaneName::Normal, JobState::Queued, at).await;
        }
        for (user, id) in [(8, "single"), (9, "other")] {
            insert_job_in(&db, id, LaneName::Normal, JobState::Queued, Moment(5_000)).await;
            let move_over = sql!("UPDATE jobs SET user_id = ? WHERE id = ?", user, id);
            db.write(async move |conn: &mut Conn| conn.execute(move_over).await)
                .await
                .unwrap();
        }
        let ports = DispatchPorts {
            clock: Arc::new(Later),
            jobs: Arc::new(JobRows::new(db)),
        };
        let settings = DispatchSettings {
            node: "node".to_owned(),
            lease: Span::from_secs(10),
            lane_capacity: 256,
            read_at_once: 64,
        };
        let mut dispatch = Dispatch::new(ports, settings);
        let mut begun = Vec::new();
        for _ in 0..4 {
            dispatch.refill().await.unwrap();
            let next = dispatch.next(Kind::Image, 1, |_| Some(())).await.unwrap();
            begun.push(next.first().expect("many wait").0.id.to_string());
        }
        begun.sort();
        assert_eq!(begun, ["flood000", "flood001", "other", "single"]);
    });
}

#[test]
fn users_come_in_turns_each_with_his_oldest_job() {
    for_both(async |db| {
        let jobs = JobRows::new(db.clone());
        let rows = [("b", 2, 20), ("a", 2, 10), ("c", 5, 1), ("d", 9, 1)];
        for (id, user, created_at) in rows {
            let at = Moment(created_at);
            insert_job_in(&db, id, LaneName::Normal, JobState::Queued, at).await;
            let move_over = sql!("UPDATE jobs SET user_id = ? WHERE id = ?", user, id);
            db.write(async move |conn: &mut Conn| conn.execute(move_over).await)
                .await
                .unwrap();
        }
        let oldest = async |after, limit| {
            let found = jobs
                .oldest_of_users(Kind::Image, LaneName::Normal, UserId(after), LATER, limit)
                .await
                .unwrap();
            let ids = found.into_iter().map(|found| found.id.to_string());
            ids.collect::<Vec<_>>()
        };
        assert_eq!(oldest(0, 10).await, ["a", "c", "d"]);
        assert_eq!(oldest(0, 2).await, ["a", "c"]);
        assert_eq!(oldest(5, 2).await, ["d"]);
        assert_eq!(oldest(9, 2).await, [""; 0]);
    });
}

struct Later;

impl Clock for Later {
    fn now(&self) -> Moment {
        LATER
    }
}

#[test]
fn of_thirty_two_workers_one_leases_each_of_two_hundred_jobs() {
    for_both_twice(async |one, other| {
        for n in 0..200 {
            insert_job(&one, &format!("j{n}"), JobState::Queued).await;
        }
        let mut workers = Vec::new();
        for n in 0..32 {
            let jobs = JobRows::new(if n % 2 == 0 {
                one.clone()
            } else {
                other.clone()
            });
            workers.push(tokio::spawn(async move {
                let mut leased = Vec::new();
                loop {
                    let candidates = jobs
                        .candidates(Kind::Image, LaneName::Normal, FIXTURE_DUE, 20)
                        .await
                        .unwrap();
                    if candidates.is_empty() {
                        return leased;
                    }
                    for candidate in candidates {
                        let owner = format!("w{n}");
                        let job = jobs
                            .lease(&candidate.id, &owner, FIXTURE_DUE, LATER)
                            .await
                            .unwrap();
                        leased.extend(job.map(|job| (job.id, job.fence)));
                    }
                }
            }));
        }
        let mut leased = Vec::new();
        for worker in workers {
            leased.extend(worker.await.unwrap());
        }
        assert_eq!(leased.len(), 200);
        leased.sort_by(|a, b| a.0.cmp(&b.0));
        leased.dedup_by(|a, b| a.0 == b.0);
        assert_eq!(leased.len(), 200);
        let fence = Fence(FIXTURE_FENCE.0 + 1);
        assert!(leased.iter().all(|(_, found)| *found == fence));
    });
}
