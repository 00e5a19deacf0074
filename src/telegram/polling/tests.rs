use std::cell::RefCell;

use rei_actors::ports::inbox::{InboxStore, StoredUpdate};
use rei_domain::ids::ChatId;
use rei_domain::time::Moment;
use serde_json::{Value, json};

use super::*;
use crate::telegram::fake::{Reply, Telegram};

struct Frozen;

impl Clock for Frozen {
    fn now(&self) -> Moment {
        Moment(5)
    }
}

fn poller(telegram: &Telegram) -> Poller {
    Poller::new(telegram.api(), Arc::new(Frozen))
}

fn update(id: i64) -> Value {
    json!({"update_id": id, "message": {"chat": {"id": 7}, "text": "кот"}})
}

async fn stored(_: Vec<RawUpdate>) -> Result<(), StoreError> {
    Ok(())
}

async fn away(_: Vec<RawUpdate>) -> Result<(), StoreError> {
    Err(StoreError::Retryable("away".into()))
}

fn offsets(telegram: &Telegram) -> Vec<Option<i64>> {
    let polls = telegram.taken().into_iter();
    polls
        .map(|(_, body)| body.get("offset").and_then(Value::as_i64))
        .collect()
}

fn later(secs: u64, trouble: Trouble) -> Result<Polled, PollStop> {
    Ok(Polled::Later {
        after: Duration::from_secs(secs),
        trouble,
    })
}

#[tokio::test]
async fn an_update_is_confirmed_only_after_it_was_stored() {
    let batch = || Reply::ok(json!([update(10), update(12)]));
    let telegram = Telegram::start([batch(), batch(), Reply::ok(json!([]))]).await;
    let mut poller = poller(&telegram);
    assert_eq!(poller.next_batch(away).await, later(1, Trouble::Store));
    let taken = Polled::Stored { updates: 2 };
    assert_eq!(poller.next_batch(stored).await, Ok(taken));
    let quiet = Polled::Stored { updates: 0 };
    assert_eq!(poller.next_batch(stored).await, Ok(quiet));
    assert_eq!(offsets(&telegram), [None, None, Some(13)]);
}

#[tokio::test]
async fn after_a_quiet_poll_new_numbers_are_seen_whatever_they_are() {
    let one = |id| Reply::ok(json!([update(id)]));
    let telegram = Telegram::start([one(900), Reply::ok(json!([])), one(3), one(4)]).await;
    let mut poller = poller(&telegram);
    for _ in 0..4 {
        poller.next_batch(stored).await.unwrap();
    }
    assert_eq!(offsets(&telegram), [None, Some(901), None, Some(4)]);
}

#[tokio::test]
async fn a_body_is_stored_untouched() {
    let body = r#"{"update_id": 4,  "message":{"z":1e2,"a":"\ud83e\udd80","chat":{"id":7}}}"#;
    let answer = format!(r#"{{"ok":true,"result":[{body}]}}"#);
    let telegram = Telegram::start([Reply::raw(200, answer)]).await;
    let seen = RefCell::new(Vec::new());
    let keep = async |updates: Vec<RawUpdate>| {
        seen.borrow_mut().extend(updates);
        Ok(())
    };
    poller(&telegram).next_batch(keep).await.unwrap();
    let expected = RawUpdate {
        update_id: 4,
        chat: ChatId(7),
        body: body.to_owned(),
        received_at: Moment(5),
    };
    assert_eq!(seen.into_inner(), [expected]);
}

#[tokio::test]
async fn a_poll_asks_for_the_kinds_the_bot_reads() {
    let telegram = Telegram::start([Reply::ok(json!([]))]).await;
    poller(&telegram).next_batch(stored).await.unwrap();
    let (method, body) = telegram.taken().remove(0);
    assert_eq!(method, "GetUpdates");
    let expected = json!({"limit": 100, "timeout": 25,
        "allowed_updates": ["message", "callback_query", "my_chat_member", "pre_checkout_query"]});
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_leftover_webhook_is_removed_once() {
    let conflict = || {
        let told = "Conflict: can't use getUpdates method while webhook is active; use \
                    deleteWebhook to delete the webhook first";
        Reply::error(409, told)
    };
    let telegram = Telegram::start([conflict(), Reply::ok(json!(true)), conflict()]).await;
    let mut poller = poller(&telegram);
    let at_once = later(0, Trouble::Webhook);
    assert_eq!(poller.next_batch(stored).await, at_once);
    assert_eq!(poller.next_batch(stored).await, later(1, Trouble::Webhook));
    let methods: Vec<String> = telegram.taken().into_iter().map(|(name, _)| name).collect();
    assert_eq!(methods, ["GetUpdates", "DeleteWebhook", "GetUpdates"]);
    assert_eq!(telegram.taken()[1].1, json!({}));
}

#[tokio::test]
async fn two_pollers_wait_for_each_other_and_never_longer_than_the_limit() {
    let told = "Conflict: terminated by other getUpdates request; make sure that only one bot \
                instance is running";
    let telegram = Telegram::start((0..6).map(|_| Reply::error(409, told))).await;
    let mut poller = poller(&telegram);
    for secs in [1, 2, 4, 8, 15, 15] {
        let expected = later(secs, Trouble::OtherPoller);
        assert_eq!(poller.next_batch(stored).await, expected);
    }
}

#[tokio::test]
async fn a_success_ends_the_back_off() {
    let script = [
        Reply::HangUp,
        Reply::HangUp,
        Reply::ok(json!([])),
        Reply::HangUp,
    ];
    let telegram = Telegram::start(script).await;
    let mut poller = poller(&telegram);
    assert_eq!(
        poller.next_batch(stored).await,
        later(1, Trouble::Unreachable)
    );
    assert_eq!(
        poller.next_batch(stored).await,
        later(2, Trouble::Unreachable)
    );
    poller.next_batch(stored).await.unwrap();
    assert_eq!(
        poller.next_batch(stored).await,
        later(1, Trouble::Unreachable)
    );
}

#[tokio::test]
async fn a_flood_is_waited_out_as_told() {
    let body = json!({"ok": false, "error_code": 429, "description": "Too Many Requests",
        "parameters": {"retry_after": 33}});
    let telegram = Telegram::start([Reply::raw(429, body.to_string())]).await;
    let polled = poller(&telegram).next_batch(stored).await;
    assert_eq!(polled, later(33, Trouble::Flooded));
}

#[tokio::test]
async fn a_refused_token_ends_polling() {
    for (code, told) in [(401, "Unauthorized"), (404, "Not Found")] {
        let telegram = Telegram::start([Reply::error(code, told)]).await;
        let polled = poller(&telegram).next_batch(stored).await;
        assert_eq!(polled, Err(PollStop::UnknownBot));
    }
}

#[tokio::test]
async fn garbage_is_not_stored_and_not_confirmed() {
    let unnumbered = Reply::ok(json!([{"message": {}}, 5, null]));
    let telegram =
        Telegram::start([unnumbered, Reply::raw(200, "<html>"), Reply::ok(json!([]))]).await;
    let mut poller = poller(&telegram);
    assert_eq!(poller.next_batch(stored).await, later(1, Trouble::Garbled));
    assert_eq!(
        poller.next_batch(stored).await,
        later(2, Trouble::Unreachable)
    );
    poller.next_batch(stored).await.unwrap();
    assert_eq!(offsets(&telegram), [None, None, None]);
}

#[tokio::test]
async fn a_poll_ends_with_its_caller() {
    let telegram = Telegram::start([Reply::Silence]).await;
    let mut poller = poller(&telegram);
    tokio::select! {
        polled = poller.next_batch(stored) => panic!("a silent telegram answered: {polled:?}"),
        () = telegram.until(|seen| seen.asked.len() == 1) => {}
    }
    telegram.until(|seen| seen.abandoned == 1).await;
}

#[tokio::test]
async fn a_poll_can_run_on_any_thread() {
    fn sendable(future: impl Future<Output = Result<Polled, PollStop>> + Send) {
        drop(future);
    }
    let telegram = Telegram::start([]).await;
    let store: Arc<dyn InboxStore> = Arc::new(NoInbox);
    let keep = async move |updates| store.store(updates).await.map(drop);
    sendable(poller(&telegram).next_batch(keep));
}

struct NoInbox;

#[async_trait::async_trait]
impl InboxStore for NoInbox {
    async fn store(&self, _: Vec<RawUpdate>) -> Result<Vec<i64>, StoreError> {
        Ok(Vec::new())
    }

    async fn waiting(&self, _: ChatId, _: u32) -> Result<Vec<StoredUpdate>, StoreError> {
        Ok(Vec::new())
    }

    async fn begin(&self, _: &[i64]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn waiting_chats(&self, _: u32) -> Result<Vec<ChatId>, StoreError> {
        Ok(Vec::new())
    }

    async fn set_aside(&self, _: &[i64], _: &str, _: Moment) -> Result<(), StoreError> {
        Ok(())
    }
}
