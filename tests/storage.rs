//! Where things are kept lets the house down: the database takes no writes, a region of pictures
//! is away. Nothing is lost, the node says so, and it goes on by itself when that is over.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use rei_actors::ports::clock::Clock as _;
use rei_bot::boot::SystemClock;
use rei_bot::store::verify;
use rei_sandbox::s3;

use crate::support::house::{
    ENGINES, Engine, PATIENCE, TestHouse, comes_true, is_bots, is_document,
};
use crate::support::process::{Bot, World, free_addr, get};

/// A user without rights of its own, for tests that run as one whom no permission binds.
const NOBODY: u32 = 65_534;

#[actix_rt::test]
async fn a_picture_is_soon_in_two_regions_and_outlives_the_first() {
    for engine in ENGINES {
        let (first, mirror) = (format!("s3://{}", s3::BUCKET), s3::MIRROR_BUCKET);
        let mirror_url = format!("s3://{mirror}/behind");
        let keys = [
            ("REI__ASSETS__URL", first.as_str()),
            ("REI__ASSETS__S3__REGION", s3::REGION),
            ("REI__ASSETS__S3__ACCESS_KEY_ID", s3::ACCESS_KEY_ID),
            ("REI__ASSETS__S3__SECRET_ACCESS_KEY", s3::SECRET_ACCESS_KEY),
            ("REI__ASSETS__MIRROR_URL", mirror_url.as_str()),
            ("REI__ASSETS__MIRROR_TICK_MS", "20"),
            ("REI__ASSETS__MIRROR_S3__REGION", s3::MIRROR_REGION),
            ("REI__ASSETS__MIRROR_S3__ACCESS_KEY_ID", s3::ACCESS_KEY_ID),
            (
                "REI__ASSETS__MIRROR_S3__SECRET_ACCESS_KEY",
                s3::SECRET_ACCESS_KEY,
            ),
        ];
        let house = TestHouse::start_with(engine, &keys).await;
        let ann = house.person(1);
        ann.orders("a lighthouse").await;
        ann.gets_picture().await;
        let buckets = &house.sandbox.s3;
        let copied = async || !buckets.keys(mirror).is_empty();
        assert!(comes_true(copied).await, "it is copied in time");
        assert_eq!(buckets.keys(s3::BUCKET).len(), 1);
        assert!(buckets.keys(mirror)[0].starts_with("behind/"));

        buckets.take_down(s3::REGION);
        ann.presses("As file").await;
        ann.sees("the file", |chat| {
            let found = chat.iter().any(|m| is_bots(m) && is_document(m));
            found.then_some(())
        })
        .await;
        buckets.bring_back(s3::REGION);
        house.finish().await;
    }
}

#[actix_rt::test]
async fn a_file_that_another_process_holds_is_waited_for_and_nothing_is_lost() {
    let world = World::make(Engine::Sqlite).await;
    let addr = free_addr();
    let mut command = Bot::command(&world);
    command
        .env("HTTP_ADDR", addr.to_string())
        .env("REI__DATABASE__BUSY_TIMEOUT_MS", "100");
    let bot = Bot::spawn(&mut command);
    let ann = world.person(1);
    ann.orders("before the lock").await;
    ann.gets_picture().await;
    assert_eq!(get(addr, "/readyz").await.0, 200);

    let path = world.folder.path().join("rei.db");
    let mut other = SqliteConnection::establish(&path.display().to_string()).expect("it opens");
    let hold = "PRAGMA busy_timeout = 10000; BEGIN EXCLUSIVE";
    other.batch_execute(hold).expect("it locks");
    ann.0.text("while it is locked");
    let (status, problem) = get(addr, "/readyz").await;
    assert_eq!(status, 503);
    assert!(
        problem.contains("the database takes no writes"),
        "{problem}"
    );
    assert_eq!(
        get(addr, "/healthz").await.0,
        200,
        "a restart would not help"
    );

    other.batch_execute("ROLLBACK").expect("it unlocks");
    ann.reads("while it is locked").await;
    ann.presses("✅").await;
    ann.gets_pictures(2).await;
    assert_eq!(get(addr, "/readyz").await.0, 200);
    assert_eq!(bot.terminate().await.code(), Some(0));
    is_sound(&world).await;
    world.sandbox.stop().await;
}

#[actix_rt::test]
async fn a_file_that_became_read_only_keeps_the_node_from_taking_work_until_it_is_writable() {
    let world = World::make(Engine::Sqlite).await;
    let folder = world.folder.path();
    let bound = Bound::prepare(folder);
    let bot = Bot::spawn(&mut bound.command(&world));
    let ann = world.person(1);
    ann.orders("while it was writable").await;
    ann.gets_picture().await;
    // Killed, so that the files beside the database stay and are read-only too.
    bot.kill();

    set_mode(folder, 0o444);
    let addr = free_addr();
    let bot = Bot::spawn(bound.command(&world).env("HTTP_ADDR", addr.to_string()));
    let (status, problem) = get(addr, "/readyz").await;
    assert_eq!(status, 503);
    assert!(
        problem.contains("the database takes no writes"),
        "{problem}"
    );
    ann.0.text("while it is read-only");

    set_mode(folder, 0o644);
    ann.reads("while it is read-only").await;
    ann.presses("✅").await;
    ann.gets_pictures(2).await;
    assert_eq!(get(addr, "/readyz").await.0, 200);
    assert_eq!(bot.terminate().await.code(), Some(0));
    is_sound(&world).await;
    world.sandbox.stop().await;
}

#[actix_rt::test]
async fn a_new_bot_in_a_folder_that_it_may_not_write_says_so_in_one_sentence() {
    let world = World::make(Engine::Sqlite).await;
    let folder = world.folder.path();
    let bound = Bound::prepare(folder);
    fs::set_permissions(folder, Permissions::from_mode(0o555)).expect("it is ours");
    let ended = bound.command(&world).stderr(Stdio::piped()).output();
    let ended = ended.expect("the bot's binary can be started");
    assert_eq!(ended.status.code(), Some(1));
    let said = String::from_utf8(ended.stderr).expect("it speaks UTF-8");
    assert!(
        said.contains("the database's file cannot be opened"),
        "{said}"
    );
    assert_eq!(said.trim().lines().count(), 1, "{said}");
    fs::set_permissions(folder, Permissions::from_mode(0o755)).expect("it is ours");
    world.sandbox.stop().await;
}

/// A bot whom permissions bind, whoever runs the tests.
struct Bound {
    is_root: bool,
}

impl Bound {
    fn prepare(folder: &Path) -> Bound {
        let is_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
        if is_root {
            chown(folder, Some(NOBODY), Some(NOBODY)).expect("root may give away");
            fs::copy(env!("CARGO_BIN_EXE_rei-bot"), folder.join("rei-bot")).expect("it copies");
        }
        Bound { is_root }
    }

    fn command(&self, world: &World) -> Command {
        let command = Bot::command(world);
        if !self.is_root {
            return command;
        }
        let mut bound = Command::new(world.folder.path().join("rei-bot"));
        bound
            .args(command.get_args())
            .current_dir(world.folder.path())
            .env_clear()
            .envs(
                command
                    .get_envs()
                    .filter_map(|(key, value)| Some((key, value?))),
            )
            .uid(NOBODY)
            .gid(NOBODY)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        bound
    }
}

/// Sets the mode of the database's files.
fn set_mode(folder: &Path, mode: u32) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let entry = entry.expect("the folder can be read");
        if entry.file_name().to_string_lossy().starts_with("rei.db") {
            fs::set_permissions(entry.path(), Permissions::from_mode(mode)).expect("it is ours");
        }
    }
}

async fn is_sound(world: &World) {
    let db = world.db();
    let audit = verify::audit(&db, SystemClock.now());
    let audit = tokio::time::timeout(PATIENCE, audit).await;
    let report = audit.expect("it ends in time").expect("it runs");
    assert!(report.is_sound(), "{report}");
}
