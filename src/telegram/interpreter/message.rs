//! What a message in a private chat means.

use rei_domain::conversation::{Inbound, PaidEvent, RepliedTo, Unsupported};
use serde_json::Value;

use super::command;
use super::reading::{Shown, has, message_id, object, shown, words};

/// Content that has a sentence of its own. Before documents, because an animation carries a
/// document as well.
const MEDIA: [(&str, Unsupported); 5] = [
    ("animation", Unsupported::Video),
    ("video_note", Unsupported::Voice),
    ("voice", Unsupported::Voice),
    ("audio", Unsupported::Voice),
    ("sticker", Unsupported::Sticker),
];

/// Messages that Telegram writes about the chat: nobody said anything, so nobody is answered.
/// What is neither here nor known otherwise is taken as something a person sent.
const SERVICE: [&str; 17] = [
    "boost_added",
    "chat_background_set",
    "chat_shared",
    "connected_website",
    "forum_topic_closed",
    "forum_topic_created",
    "forum_topic_edited",
    "forum_topic_reopened",
    "gift",
    "message_auto_delete_timer_changed",
    "passport_data",
    "pinned_message",
    "proximity_alert_triggered",
    "unique_gift",
    "users_shared",
    "web_app_data",
    "write_access_allowed",
];

/// Reads a message: media with a sentence of their own, then pictures, then words, which newer
/// kinds of content carry for older readers.
pub fn inbound(message: &Value) -> Inbound {
    for (field, why) in MEDIA {
        if has(message, field) {
            return Inbound::Unsupported(why);
        }
    }
    if let Some(paid) = paid(message) {
        return paid;
    }
    if let Some(shown) = shown(message) {
        return picture(message, shown);
    }
    if let Some(text) = words(message, "text").or_else(|| words(message, "caption")) {
        return command::parse(&text).unwrap_or_else(|| said(message, text));
    }
    if has(message, "text") {
        return Inbound::Unsupported(Unsupported::Empty);
    }
    if SERVICE.iter().any(|field| has(message, field)) {
        return Inbound::Ignored;
    }
    Inbound::Unsupported(Unsupported::Other)
}

/// Money that the messenger took or gave back (Bot API, `successful_payment`,
/// `refunded_payment`). Without an id there is nothing to ask about.
fn paid(message: &Value) -> Option<Inbound> {
    let events = [
        ("successful_payment", PaidEvent::Paid),
        ("refunded_payment", PaidEvent::Refunded),
    ];
    let (told, event) = events
        .into_iter()
        .find_map(|(field, event)| Some((object(message, field)?, event)))?;
    Some(match words(told, "telegram_payment_charge_id") {
        Some(charge) => Inbound::Paid { event, charge },
        None => Inbound::Ignored,
    })
}

fn picture(message: &Value, shown: Shown) -> Inbound {
    match shown {
        Shown::Input(input) => Inbound::Picture {
            input,
            caption: words(message, "caption").or_else(|| words(message, "text")),
            album: words(message, "media_group_id"),
        },
        Shown::TooLarge => Inbound::Unsupported(Unsupported::TooLarge),
        Shown::ClipTooLarge => Inbound::Unsupported(Unsupported::ClipTooLarge),
        Shown::OtherFile => Inbound::Unsupported(Unsupported::File),
    }
}

/// Words, perhaps about the picture of another message. When that picture is too large the
/// words cannot be followed, and drawing something else from them would be a paid surprise.
fn said(message: &Value, text: String) -> Inbound {
    let replied = message.get("reply_to_message");
    let reply_to = replied.and_then(|replied| Some((message_id(replied)?, shown(replied))));
    let Some((message, shown)) = reply_to else {
        return Inbound::Words {
            text,
            reply_to: None,
        };
    };
    let picture = match shown {
        Some(Shown::Input(input)) => Some(input),
        Some(Shown::TooLarge) => return Inbound::Unsupported(Unsupported::TooLarge),
        Some(Shown::ClipTooLarge) => return Inbound::Unsupported(Unsupported::ClipTooLarge),
        Some(Shown::OtherFile) | None => None,
    };
    Inbound::Words {
        text,
        reply_to: Some(RepliedTo { message, picture }),
    }
}
