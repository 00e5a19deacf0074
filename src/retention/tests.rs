use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use rei_actors::gc::{Round, Sweep, round};
use rei_actors::ports::assets::{Assets, Media, MediaKind};
use rei_actors::ports::clock::Clock;
use rei_actors::ports::mirror::Mirror;
use rei_domain::ids::{AssetId, UserId};
use rei_domain::job::JobState;
use rei_domain::time::Span;

use super::*;
use crate::assets::{AssetStore, Copies, Places};
use crate::boot::SystemClock;
use crate::store::fixtures::{for_both, insert_job};
use crate::store::{AssetRows, Conn, Db};

const DAY: i64 = 86_400;

const PERIODS: Periods = Periods {
    results: Span::from_secs(30 * DAY),
    inputs: Span::from_secs(2 * DAY),
    orphans: Span::from_secs(2 * DAY),
    grace: Span::from_secs(DAY),
    updates: Span::from_secs(7 * DAY),
    set_aside: Span::from_secs(30 * DAY),
    drafts: Span::from_secs(30 * DAY),
};

struct Archive {
    db: Db,
    folder: tempfile::TempDir,
    mirror: tempfile::TempDir,
    copies: Copies,
    assets: AssetStore,
    collector: Collector,
    /// Files carry the time of the machine, so the story begins there.
    begun: Moment,
}

struct At(Moment);

impl Clock for At {
    fn now(&self) -> Moment {
        self.0
    }
}

impl Archive {
    fn open(db: Db) -> Archive {
        let folder = tempfile::tempdir().unwrap();
        let mirror = tempfile::tempdir().unwrap();
        let places = Places::in_folders(folder.path(), Some(mirror.path()));
        let begun = SystemClock.now();
        let rows = AssetRows::new(db.clone());
        let clock = Arc::new(At(begun));
        Archive {
            copies: Copies::new(places.clone(), rows.clone(), clock.clone()),
            assets: AssetStore::new(places.clone(), rows, clock),
            collector: Collector::new(places, RetentionRows::new(db.clone())),
            db,
            folder,
            mirror,
            begun,
        }
    }

    async fn put(&self, id: &str) {
        let media = Media {
            bytes: Bytes::copy_from_slice(b"the same for everybody"),
            kind: MediaKind::Png,
            width: 1,
            height: 1,
            millis: 0,
        };
        let (id, user) = (AssetId::new(id), UserId(7));
        self.assets.put(&id, user, &media).await.unwrap();
    }

    /// A job that ended at the beginning, with a result.
    async fn delivered(&self, id: &str) {
        insert_job(&self.db, id, JobState::Delivered).await;
        let end = format!(
            "UPDATE jobs SET result = '{id}', ending = 'delivered', finished_at = {}
             WHERE id = '{id}'",
            self.begun.0
        );
        self.run(&end).await;
        self.run("DELETE FROM assets WHERE id LIKE '%-result'")
            .await;
        self.put(id).await;
    }

    /// A request that shall change a picture.
    async fn request(&self, id: &str, state: &str, picture: &str, expires_at: Moment) {
        self.run(&format!(
            "INSERT INTO drafts (id, user_id, chat_id, state, prompt, aspect, size, inputs, price,
                                 nonce, created_at, expires_at)
             VALUES ('{id}', 7, 7, '{state}', 'words', 'auto', '1K',
                     '[{{\"asset\":\"{picture}\"}}]', 100, 'n', 1, {})",
            expires_at.0
        ))
        .await;
    }

    async fn run(&self, text: &str) {
        let text = text.to_owned();
        self.db
            .write(async move |conn: &mut Conn| conn.batch(&text).await)
            .await
            .unwrap();
    }

    async fn round(&self, days: i64) -> Round {
        let now = self.begun + Span::from_secs(days * DAY);
        round(&self.collector, &PERIODS, now, Sweep::Do)
            .await
            .unwrap()
    }

    async fn has(&self, id: &str) -> bool {
        let found = self.assets.get(&AssetId::new(id)).await.unwrap();
        found.is_some()
    }

    fn files(&self) -> usize {
        count_files(self.folder.path())
    }
}

fn count_files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    let (folders, files): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| path.is_dir());
    files.len() + folders.iter().map(|path| count_files(path)).sum::<usize>()
}

fn removed(round: &Round) -> [u64; 3] {
    round.removed.map(|amount| amount.count)
}

#[test]
fn what_nobody_needs_goes_in_two_rounds_and_takes_nothing_else_along() {
    for_both(async |db| {
        let archive = Archive::open(db);
        archive.delivered("done").await;
        archive.put("doneclip").await;
        archive.put("lost").await;
        insert_job(&archive.db, "running", JobState::Running).await;
        archive.put("runningclip").await;
        assert_eq!(archive.files(), 4);

        assert_eq!(archive.round(1).await, Round::default());
        let third = archive.round(3).await;
        assert_eq!((third.marked, removed(&third)), (2, [0; 3]), "marked only");
        let fourth = archive.round(4).await;
        assert_eq!(removed(&fourth), [0, 1, 1]);
        assert_eq!(fourth.bytes(), 2 * 22);
        assert!(!archive.has("doneclip").await && !archive.has("lost").await);
        assert!(archive.has("done").await && archive.has("runningclip").await);

        assert_eq!(archive.round(30).await.marked, 1);
        assert_eq!(removed(&archive.round(31).await), [1, 0, 0]);
        assert!(archive.has("runningclip").await, "its job is not over");
        assert_eq!(archive.files(), 1);
        assert_eq!(archive.round(400).await, Round::default());
    });
}

#[test]
fn what_is_needed_again_loses_its_mark() {
    for_both(async |db| {
        let archive = Archive::open(db);
        archive.delivered("done").await;
        assert_eq!(archive.round(30).await.marked, 1);
        let open_until = archive.begun + Span::from_secs(32 * DAY);
        archive.request("edit", "open", "done", open_until).await;
        assert_eq!(archive.round(31).await, Round::default());
        assert!(archive.has("done").await);
        archive.run("UPDATE drafts SET state = 'cancelled'").await;
        let marked_anew = archive.round(40).await;
        assert_eq!((marked_anew.marked, removed(&marked_anew)), (1, [0; 3]));
        assert_eq!(removed(&archive.round(41).await), [1, 0, 0]);
    });
}

#[test]
fn favourites_stay_until_they_are_none_and_the_clip_they_were_made_from_goes() {
    for_both(async |db| {
        let archive = Archive::open(db);
        archive.delivered("done").await;
        archive.put("doneclip").await;
        archive.run("UPDATE jobs SET favourite_at = 1").await;
        assert_eq!(archive.round(3).await.marked, 1);
        assert_eq!(removed(&archive.round(4).await), [0, 1, 0]);
        assert_eq!(archive.round(400).await, Round::default());
        assert!(archive.has("done").await);
        archive.run("UPDATE jobs SET favourite_at = NULL").await;
        assert_eq!(archive.round(401).await.marked, 1, "its time was over");
        assert_eq!(removed(&archive.round(402).await), [1, 0, 0]);
    });
}

#[test]
fn what_an_admin_is_to_decide_about_is_not_removed_meanwhile() {
    for_both(async |db| {
        let archive = Archive::open(db);
        archive.delivered("done").await;
        assert_eq!(archive.round(30).await.marked, 1);
        let until = archive.begun + Span::from_secs(31 * DAY);
        archive
            .run(&format!(
                "INSERT INTO acts (id, update_id, kind, user_id, amount, subject, reason, asker,
                                   chat_id, nonce, needs_second, state, created_at, expires_at)
                 VALUES ('a', 1, 'refund_job', 7, 100, 'done', 'ugly', 2, 2, 'n', 0, 'asked', 1,
                         {})",
                until.0
            ))
            .await;
        let put_off = archive.round(31).await;
        assert_eq!((put_off.marked, removed(&put_off)), (1, [0; 3]));
        assert!(archive.has("done").await);
        // Nobody decided in time: what lapsed keeps nothing.
        assert_eq!(removed(&archive.round(32).await), [1, 0, 0]);
    });
}

#[test]
fn bytes_that_a_crash_left_behind_are_swept_and_strange_files_are_not() {
    for_both(async |db| {
        let archive = Archive::open(db);
        archive.delivered("done").await;
        archive.delivered("crashed").await;
        archive
            .run("UPDATE assets SET removed_at = 1 WHERE id = 'crashed'")
            .await;
        let strange = archive.folder.path().join("notes.txt");
        std::fs::write(&strange, "an operator's").unwrap();
        assert_eq!(
            archive.round(1).await.swept.count,
            0,
            "it may be on its way"
        );
        let swept = archive.round(3).await.swept;
        assert_eq!(
            swept,
            Amount {
                count: 1,
                bytes: 22
            }
        );
        assert!(archive.has("done").await && strange.exists());
    });
}

#[test]
fn what_goes_goes_from_the_mirror_too_and_so_does_what_a_crash_left_there() {
    for_both(async |db| {
        let archive = Archive::open(db);
        archive.delivered("done").await;
        archive.put("lost").await;
        archive.copies.copy_after(None, 10).await.unwrap();
        assert_eq!(count_files(archive.mirror.path()), 2);
        archive.round(3).await;
        assert_eq!(removed(&archive.round(4).await), [0, 0, 1]);
        assert_eq!(count_files(archive.mirror.path()), 1);
        archive
            .run("UPDATE assets SET removed_at = 1 WHERE id = 'done'")
            .await;
        assert_eq!(archive.round(5).await.swept.count, 2, "in each place");
        assert_eq!(count_files(archive.mirror.path()), 0);
    });
}

#[test]
fn answered_updates_and_dropped_requests_are_forgotten_and_nothing_that_waits_is() {
    for_both(async |db| {
        let archive = Archive::open(db);
        let at = archive.begun.0;
        archive
            .run(&format!(
                "INSERT INTO inbox (update_id, chat_id, body, received_at, attempts, processed_at,
                                    set_aside_cause)
                 VALUES (1, 7, '{{}}', {at}, 1, {at}, NULL), (2, 7, '{{}}', {at}, 1, {at}, 'odd'),
                        (3, 7, '{{}}', {at}, 0, NULL, NULL), (4, 7, '{{}}', {at}, 1, {at}, NULL)"
            ))
            .await;
        archive.request("dropped", "open", "a", archive.begun).await;
        archive
            .request("late", "cancelled", "a", archive.begun)
            .await;
        insert_job(&archive.db, "job", JobState::Queued).await;
        archive
            .run(&format!(
                "INSERT INTO drafts (id, user_id, chat_id, state, job_id, prompt, aspect, size,
                                     inputs, price, nonce, created_at, expires_at)
                 VALUES ('d-job', 7, 7, 'confirmed', 'job', 'w', 'auto', '1K', '[]', 100, 'n', 1,
                         {at})"
            ))
            .await;
        let counted = async |days: i64| {
            let done = archive.round(days).await;
            (done.updates, done.drafts)
        };
        assert_eq!(counted(6).await, (0, 0));
        assert_eq!(counted(8).await, (1, 0), "the answered one");
        let now = archive.begun + Span::from_secs(31 * DAY);
        let survey = archive.collector.survey(&PERIODS, now).await.unwrap();
        assert_eq!((survey.updates, survey.drafts), (1, 2));
        assert_eq!(
            counted(31).await,
            (1, 2),
            "the one set aside, and both requests"
        );
        assert_eq!(
            counted(400).await,
            (0, 0),
            "what waits, what is newest, what is a job's"
        );
    });
}

#[test]
fn a_survey_counts_what_would_go_and_removes_nothing() {
    for_both(async |db| {
        let archive = Archive::open(db);
        archive.delivered("done").await;
        archive.put("doneclip").await;
        let now = archive.begun + Span::from_secs(60 * DAY);
        let survey = archive.collector.survey(&PERIODS, now).await.unwrap();
        let one = Amount {
            count: 1,
            bytes: 22,
        };
        assert_eq!(survey.assets, [one, one, Amount::default()]);
        assert!(archive.has("done").await && archive.has("doneclip").await);
    });
}
