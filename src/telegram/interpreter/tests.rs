use proptest::prelude::*;
use rei_domain::conversation::{PaidEvent, RepliedTo, Unsupported};
use rei_domain::ids::{DraftId, MessageId};
use rei_domain::spec::{CLIP_BYTES_MAX, Clip, INPUT_BYTES_MAX, Input, Media, Still, StillKind};
use serde_json::json;

use super::*;

fn read_update(update: &Value) -> Envelope {
    TelegramInterpreter.interpret(&update.to_string())
}

fn person() -> Value {
    json!({"id": 7, "is_bot": false, "first_name": "A", "language_code": "en"})
}

/// A private message with these fields beside the usual ones.
fn message(fields: Value) -> Value {
    let mut message = json!({
        "message_id": 5,
        "date": 1_700_000_000,
        "from": person(),
        "chat": {"id": 7, "type": "private", "first_name": "A"},
    });
    for (name, value) in fields.as_object().unwrap() {
        message[name] = value.clone();
    }
    json!({"update_id": 1, "message": message})
}

fn meaning(fields: Value) -> Inbound {
    let envelope = read_update(&message(fields));
    assert!(envelope.sender.is_some());
    envelope.inbound
}

fn words(text: &str) -> Inbound {
    Inbound::Words {
        text: text.into(),
        reply_to: None,
    }
}

fn file(file_id: &str, bytes: Option<u64>) -> Input {
    Input::sent_picture(file_id, bytes)
}

/// A photo, of which Telegram tells the size.
fn photo(file_id: &str, bytes: Option<u64>, width: u32, height: u32) -> Input {
    let still = Still {
        kind: StillKind::Jpeg,
        width,
        height,
    };
    Input {
        media: Media::Picture(Some(still)),
        ..file(file_id, bytes)
    }
}

fn large_photo() -> Input {
    photo("large", Some(90_000), 1_280, 853)
}

fn large_photo_said(caption: Option<&str>) -> Inbound {
    Inbound::Picture {
        input: large_photo(),
        caption: caption.map(str::to_owned),
        album: None,
    }
}

fn picture(file_id: &str, bytes: Option<u64>, caption: Option<&str>) -> Inbound {
    Inbound::Picture {
        input: file(file_id, bytes),
        caption: caption.map(str::to_owned),
        album: None,
    }
}

fn photo_sizes() -> Value {
    let size = |id: &str, width: u32, height: u32, bytes: u64| {
        json!({"file_id": id, "file_unique_id": id, "width": width, "height": height,
               "file_size": bytes})
    };
    json!([
        size("small", 90, 60, 1_000),
        size("large", 1280, 853, 90_000),
        size("middle", 320, 213, 9_000)
    ])
}

fn document(mime: Option<&str>, name: Option<&str>, bytes: u64) -> Value {
    let mut document = json!({"file_id": "doc", "file_unique_id": "d", "file_size": bytes});
    if let Some(mime) = mime {
        document["mime_type"] = json!(mime);
    }
    if let Some(name) = name {
        document["file_name"] = json!(name);
    }
    json!({"document": document})
}

fn ignored() -> Envelope {
    Envelope {
        sender: None,
        inbound: Inbound::Ignored,
    }
}

// What a typed model loses, row by row of `contracts/telegram.md`, 12.5.

#[test]
fn an_unknown_kind_of_update_is_ignored() {
    let update = json!({"update_id": 1, "guest_message": {"text": "hi"}});
    assert_eq!(read_update(&update), ignored());
}

#[test]
fn an_unknown_key_before_the_kind_changes_nothing() {
    let body = message(json!({"text": "a cat"})).to_string();
    let body = body.replacen('{', r#"{"a_new_key":{"deep":[1]},"#, 1);
    assert_eq!(TelegramInterpreter.interpret(&body).inbound, words("a cat"));
}

#[test]
fn unknown_content_is_answered_and_service_messages_are_not() {
    let rich = json!({"rich_message": {"blocks": []}});
    assert_eq!(meaning(rich), Inbound::Unsupported(Unsupported::Other));
    let pinned = json!({"pinned_message": {"message_id": 3}});
    assert_eq!(meaning(pinned), Inbound::Ignored);
}

#[test]
fn text_survives_an_unknown_entity() {
    let text = json!({"text": "a cat tomorrow",
        "entities": [{"type": "date_time", "offset": 6, "length": 8, "unix_time": 1}]});
    assert_eq!(meaning(text), words("a cat tomorrow"));
}

#[test]
fn text_survives_a_link_that_is_none() {
    let text = json!({"text": "look",
        "entities": [{"type": "text_link", "offset": 0, "length": 4, "url": "http://["}]});
    assert_eq!(meaning(text), words("look"));
}

#[test]
fn text_survives_an_unknown_origin_and_an_unknown_button() {
    let text = json!({"text": "forwarded", "forward_origin": {"type": "from_mars"},
        "reply_markup": {"inline_keyboard": [[{"text": "x", "teleport": true}]]}});
    assert_eq!(meaning(text), words("forwarded"));
}

#[test]
fn a_video_without_a_type_and_a_huge_one_are_still_videos() {
    let huge = json!({"video": {"file_id": "v", "file_size": 1_u64 << 33}, "caption": "x"});
    let too_large = Inbound::Unsupported(Unsupported::ClipTooLarge);
    assert_eq!(meaning(huge), too_large);
    let bare = json!({"video": {"file_id": "v", "duration": 7, "width": 640, "height": 360}});
    let clip = Clip {
        millis: 7_000,
        width: 640,
        height: 360,
    };
    let expected = Inbound::Picture {
        input: Input {
            media: Media::Clip(clip),
            ..file("v", None)
        },
        caption: None,
        album: None,
    };
    assert_eq!(meaning(bare), expected);
}

#[test]
fn an_animation_without_a_type_is_not_taken_for_a_file() {
    let mut gif = document(None, Some("a.png"), 10);
    gif["animation"] = json!({"file_id": "doc"});
    assert_eq!(meaning(gif), Inbound::Unsupported(Unsupported::Video));
}

#[test]
fn a_live_photo_is_its_photo() {
    let live = json!({"live_photo": {"file_id": "l"}, "photo": photo_sizes()});
    assert_eq!(meaning(live), large_photo_said(None));
}

#[test]
fn text_beside_a_photo_is_its_caption() {
    let both = json!({"text": "make it blue", "photo": photo_sizes()});
    let expected = large_photo_said(Some("make it blue"));
    assert_eq!(meaning(both), expected);
}

#[test]
fn a_broken_reply_costs_only_the_reply() {
    for broken in [json!({"date": "?"}), json!(5), json!(null), json!([])] {
        let text = json!({"text": "a cat", "reply_to_message": broken});
        assert_eq!(meaning(text), words("a cat"));
    }
}

#[test]
fn a_payment_and_its_refund_are_told_apart_and_bring_their_charge() {
    let told = |field: &str| {
        let payment = json!({
            "currency": "XTR", "total_amount": 100, "invoice_payload": "t1",
            "telegram_payment_charge_id": "stx42", "provider_payment_charge_id": "",
        });
        meaning(json!({ field: payment }))
    };
    for (field, event) in [
        ("successful_payment", PaidEvent::Paid),
        ("refunded_payment", PaidEvent::Refunded),
    ] {
        let charge = "stx42".to_owned();
        assert_eq!(told(field), Inbound::Paid { event, charge });
    }
    let nameless = json!({"successful_payment": {"currency": "XTR", "total_amount": 100}});
    assert_eq!(meaning(nameless), Inbound::Ignored);
}

#[test]
fn a_negative_update_id_is_read() {
    let mut update = message(json!({"text": "a cat"}));
    update["update_id"] = json!(-3);
    assert_eq!(read_update(&update).inbound, words("a cat"));
    let found = chat_of(update.to_string().as_bytes());
    assert_eq!(found, Some((-3, ChatId(7))));
}

// Messages.

#[test]
fn a_sender_has_the_language_of_the_client() {
    let sender = read_update(&message(json!({"text": "hi"}))).sender.unwrap();
    let expected = Sender {
        user: UserId(7),
        chat: ChatId(7),
        language: Language::English,
        name: None,
    };
    assert_eq!(sender, expected);
}

#[test]
fn commands_stand_at_the_beginning_and_nowhere_else() {
    let command = |name: &str, args: &str| Inbound::Command {
        name: name.into(),
        args: args.into(),
    };
    let check = |text: &str, expected| assert_eq!(meaning(json!({"text": text})), expected);
    check("/start ref_12", command("start", "ref_12"));
    check("/Lang@ReiBot  ru ", command("lang", "ru"));
    check("/cancel\nnow", command("cancel", "now"));
    check("/balance", command("balance", ""));
    for text in [
        "draw /start",
        " /start",
        "/",
        "/ x",
        "/usr/bin",
        "/a@",
        "/кот",
        "/start,",
    ] {
        check(text, words(text));
    }
    let long = format!("/{}", "x".repeat(33));
    check(&long, words(&long));
}

#[test]
fn a_photo_is_its_largest_size() {
    let photo = json!({"photo": photo_sizes(), "caption": "as a stamp"});
    let expected = large_photo_said(Some("as a stamp"));
    assert_eq!(meaning(photo), expected);
}

#[test]
fn an_album_keeps_its_name() {
    let photo = json!({"photo": photo_sizes(), "media_group_id": "1387"});
    let expected = Inbound::Picture {
        input: large_photo(),
        caption: None,
        album: Some("1387".into()),
    };
    assert_eq!(meaning(photo), expected);
}

#[test]
fn a_picture_sent_as_a_file_is_a_picture() {
    for (mime, name) in [
        (Some("image/png"), None),
        (Some("image/jpeg"), Some("holiday")),
        (Some("IMAGE/WEBP"), None),
        (None, Some("a.JPG")),
        (Some("application/octet-stream"), Some("a.webp")),
    ] {
        let expected = picture("doc", Some(10), None);
        assert_eq!(
            meaning(document(mime, name, 10)),
            expected,
            "{mime:?} {name:?}"
        );
    }
    for (mime, name) in [
        (Some("image/heic"), Some("a.heic")),
        (Some("application/pdf"), Some("a.png")),
        (None, None),
        (None, Some("png")),
    ] {
        let expected = Inbound::Unsupported(Unsupported::File);
        assert_eq!(
            meaning(document(mime, name, 10)),
            expected,
            "{mime:?} {name:?}"
        );
    }
}

#[test]
fn a_clip_sent_as_a_file_is_a_clip_of_which_nothing_is_known() {
    let nothing = Clip {
        millis: 0,
        width: 0,
        height: 0,
    };
    for (mime, name) in [
        (Some("video/mp4"), None),
        (Some("video/quicktime"), Some("holiday")),
        (None, Some("a.MOV")),
    ] {
        let expected = Inbound::Picture {
            input: Input {
                media: Media::Clip(nothing),
                ..file("doc", Some(10))
            },
            caption: None,
            album: None,
        };
        assert_eq!(
            meaning(document(mime, name, 10)),
            expected,
            "{mime:?} {name:?}"
        );
    }
    let huge = document(Some("video/mp4"), None, CLIP_BYTES_MAX + 1);
    let too_large = Inbound::Unsupported(Unsupported::ClipTooLarge);
    assert_eq!(meaning(huge), too_large);
}

#[test]
fn a_picture_above_the_limit_is_too_large() {
    let at = |bytes| meaning(document(Some("image/png"), None, bytes));
    let most = INPUT_BYTES_MAX;
    assert_eq!(at(most), picture("doc", Some(most), None));
    assert_eq!(at(most + 1), Inbound::Unsupported(Unsupported::TooLarge));
}

#[test]
fn what_the_bot_cannot_work_with_is_named() {
    for (field, why) in [
        ("sticker", Unsupported::Sticker),
        ("voice", Unsupported::Voice),
        ("video_note", Unsupported::Voice),
        ("audio", Unsupported::Voice),
        ("animation", Unsupported::Video),
        ("location", Unsupported::Other),
        ("poll", Unsupported::Other),
        ("contact", Unsupported::Other),
        ("dice", Unsupported::Other),
    ] {
        let content = json!({field: {"file_id": "x"}});
        assert_eq!(meaning(content), Inbound::Unsupported(why), "{field}");
    }
    let blank = json!({"text": " \n"});
    assert_eq!(meaning(blank), Inbound::Unsupported(Unsupported::Empty));
}

#[test]
fn a_reply_brings_the_picture_it_is_about() {
    let reply = |fields: Value| {
        let mut replied = fields;
        replied["message_id"] = json!(4);
        meaning(json!({"text": "make it blue", "reply_to_message": replied}))
    };
    let about = |picture| Inbound::Words {
        text: "make it blue".into(),
        reply_to: Some(RepliedTo {
            message: MessageId(4),
            picture,
        }),
    };
    let photo = json!({"photo": photo_sizes()});
    assert_eq!(reply(photo), about(Some(large_photo())));
    let png = document(Some("image/png"), None, 10);
    assert_eq!(reply(png), about(Some(file("doc", Some(10)))));
    assert_eq!(reply(json!({"text": "hello"})), about(None));
    let pdf = document(Some("application/pdf"), None, 10);
    assert_eq!(reply(pdf), about(None));
    let huge = document(Some("image/png"), None, INPUT_BYTES_MAX + 1);
    assert_eq!(reply(huge), Inbound::Unsupported(Unsupported::TooLarge));
}

#[test]
fn a_nul_character_never_reaches_the_rows() {
    assert_eq!(meaning(json!({"text": "a\u{0}cat"})), words("acat"));
}

// Everything else.

#[test]
fn groups_channels_bots_and_edits_are_ignored() {
    for kind in ["group", "supergroup", "channel"] {
        let mut update = message(json!({"text": "hi"}));
        update["message"]["chat"]["type"] = json!(kind);
        assert_eq!(read_update(&update), ignored(), "{kind}");
    }
    let mut bot = message(json!({"text": "hi"}));
    bot["message"]["from"]["is_bot"] = json!(true);
    assert_eq!(read_update(&bot), ignored());
    let mut nobody = message(json!({"text": "hi"}));
    nobody["message"]["from"] = json!(null);
    assert_eq!(read_update(&nobody), ignored());
    let text = message(json!({"text": "hi"}));
    for kind in ["edited_message", "channel_post", "business_message"] {
        let update = json!({"update_id": 1, kind: text["message"]});
        assert_eq!(read_update(&update), ignored(), "{kind}");
    }
}

fn press(fields: Value) -> Value {
    let mut query = json!({"id": "77", "from": person(), "chat_instance": "-1"});
    for (name, value) in fields.as_object().unwrap() {
        query[name] = value.clone();
    }
    json!({"update_id": 2, "callback_query": query})
}

#[test]
fn a_tap_is_read_from_every_kind_of_message() {
    let discard = Tap::Discard {
        draft: DraftId::new("d1"),
    };
    let tapped = |message| Inbound::Tap {
        callback_id: "77".into(),
        tap: Ok(discard.clone()),
        message,
    };
    let data = discard.render();
    let chat = json!({"id": 7, "type": "private"});
    let gone = json!({"chat": chat, "message_id": 5, "date": 0});
    let newer = json!({"chat": chat, "message_id": 5, "date": 1, "rich_message": {}});
    for message in [gone, newer] {
        let update = press(json!({"data": data, "message": message}));
        assert_eq!(read_update(&update).inbound, tapped(Some(MessageId(5))));
    }
    for fields in [
        json!({"data": data}),
        json!({"data": data, "message": null}),
    ] {
        let without = read_update(&press(fields));
        assert_eq!(without.inbound, tapped(None));
        assert_eq!(without.sender.unwrap().chat, ChatId(7));
    }
}

#[test]
fn a_tap_that_is_not_known_is_still_answered() {
    for fields in [json!({"data": "m:flux"}), json!({"game_short_name": "g"})] {
        let Inbound::Tap { tap, .. } = read_update(&press(fields)).inbound else {
            panic!("a press of a button is a tap");
        };
        assert_eq!(tap, Err(UnknownTap));
    }
}

#[test]
fn a_tap_in_a_group_is_ignored() {
    let chat = json!({"id": -5, "type": "group"});
    let update = press(json!({"data": "l.ru", "message": {"chat": chat, "message_id": 1}}));
    assert_eq!(read_update(&update), ignored());
}

#[test]
fn blocking_and_unblocking_are_told_apart() {
    let change = |status: &str, kind: &str| {
        read_update(&json!({"update_id": 3, "my_chat_member": {
            "chat": {"id": 7, "type": kind}, "from": person(), "date": 1,
            "old_chat_member": {"status": "member", "user": {"id": 1}},
            "new_chat_member": {"status": status, "user": {"id": 1}, "until_date": 0}}}))
    };
    assert_eq!(change("kicked", "private").inbound, Inbound::Blocked);
    assert_eq!(change("member", "private").inbound, Inbound::Unblocked);
    assert_eq!(change("restricted", "private").inbound, Inbound::Ignored);
    assert_eq!(change("kicked", "supergroup"), ignored());
}

// The chat, from bodies that may be anything.

#[test]
fn garbage_has_no_chat_and_no_panic() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [
        &b""[..],
        b"null",
        b"[]",
        b"{}",
        b"{\"update_id\":\"1\"}",
        b"{\"update_id\":1.5}",
        b"{\"update_id\":99999999999999999999}",
        b"{\"update_id\":1} x",
        b"{\"update_id\":1,\"message\":{\"text\":\"\xff\"}}",
        deep.as_bytes(),
    ] {
        assert_eq!(chat_of(body), None, "{}", String::from_utf8_lossy(body));
    }
}

#[test]
fn an_update_without_a_chat_is_kept_all_the_same() {
    let none = Some((9, ChatId(0)));
    assert_eq!(chat_of(br#"{"update_id":9,"poll":{"id":"1"}}"#), none);
    assert_eq!(chat_of(br#"{"update_id":9,"message":[]}"#), none);
    assert_eq!(
        chat_of(br#"{"update_id":9,"message":{"chat":{"id":"x"}}}"#),
        none
    );
}

#[test]
fn a_body_of_any_depth_is_stored_under_its_chat() {
    let deep = format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000));
    let body = format!(r#"{{"update_id":9,"message":{{"x":{deep},"chat":{{"id":-4}}}}}}"#);
    assert_eq!(chat_of(body.as_bytes()), Some((9, ChatId(-4))));
    assert_eq!(TelegramInterpreter.interpret(&body), ignored());
}

// Properties.

/// JSON that looks like updates here and there.
fn json_like() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "update_id",
        "message",
        "callback_query",
        "my_chat_member",
        "chat",
        "from",
        "id",
        "type",
        "text",
        "caption",
        "photo",
        "document",
        "file_id",
        "file_size",
        "width",
        "data",
        "reply_to_message",
        "message_id",
        "mime_type",
        "new_chat_member",
        "status",
        "is_bot",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec!["private", "/start", "kicked", "image/png", "l.ru", ""])
            .prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..8).prop_map(|fields| {
                let fields = fields
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value));
                Value::Object(fields.collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        chat_of(&bytes);
        TelegramInterpreter.interpret(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_json_is_read_without_a_panic_and_under_one_chat(value in json_like()) {
        for update in [value.clone(), json!({"update_id": 1, "message": value})] {
            let sender = read_update(&update).sender;
            let found = chat_of(update.to_string().as_bytes());
            if let Some(sender) = sender {
                prop_assert_eq!(found.map(|(_, chat)| chat), Some(sender.chat));
            }
        }
    }

    #[test]
    fn any_cut_of_an_update_is_read_without_a_panic(at in 0_usize..400) {
        let body = message(json!({"text": "кот", "photo": photo_sizes()})).to_string();
        let cut = body.char_indices().map(|(index, _)| index).filter(|index| *index <= at).max();
        let cut = &body[..cut.unwrap_or(0)];
        prop_assert_eq!(chat_of(cut.as_bytes()), None);
        prop_assert_eq!(TelegramInterpreter.interpret(cut), ignored());
    }

    #[test]
    fn where_a_typed_model_keeps_the_content_both_agree(
        text in prop::option::of("[a-z/ ]{1,20}"),
        caption in prop::option::of("[a-z ]{1,20}"),
        sides in prop::collection::vec((1_u32..4000, 1_u32..4000), 1..4),
        album in prop::option::of("[0-9]{1,8}"),
    ) {
        let sizes: Vec<Value> = sides.iter().enumerate().map(|(at, (width, height))| {
            json!({"file_id": format!("f{at}"), "file_unique_id": "u", "width": width,
                   "height": height, "file_size": 10})
        }).collect();
        let update = match &text {
            Some(text) => message(json!({"text": text})),
            None => {
                let mut fields = json!({"photo": sizes});
                if let Some(caption) = &caption { fields["caption"] = json!(caption); }
                if let Some(album) = &album { fields["media_group_id"] = json!(album); }
                message(fields)
            }
        };
        let typed: teloxide_core::types::Message =
            serde_json::from_value(update["message"].clone()).unwrap();
        match read_update(&update).inbound {
            Inbound::Words { text, .. } => prop_assert_eq!(Some(text.as_str()), typed.text()),
            Inbound::Command { name, .. } => {
                let head = format!("/{name}");
                prop_assert!(typed.text().unwrap().starts_with(&head));
            }
            Inbound::Picture { input, caption, album } => {
                let largest = typed.photo().unwrap().iter()
                    .map(|size| size.width * size.height).max().unwrap();
                let chosen = typed.photo().unwrap().iter()
                    .find(|size| {
                        photo(&size.file.id.0, Some(10), size.width, size.height) == input
                    })
                    .unwrap();
                prop_assert_eq!(chosen.width * chosen.height, largest);
                let kept = typed.caption().filter(|caption| !caption.trim().is_empty());
                prop_assert_eq!(caption.as_deref(), kept);
                prop_assert_eq!(album, typed.media_group_id().map(|id| id.0.clone()));
            }
            Inbound::Unsupported(Unsupported::Empty) => {
                prop_assert_eq!(typed.text().map(str::trim), Some(""));
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }
}
