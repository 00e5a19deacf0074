//! What a notification says: which event about which object. The rest stays raw.
//!
//! A key that is read and stands twice is refused: two readers could differ about it. So is a
//! list in an object's place, which serde would fill in by position.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::Rejection;

const EVENT_CHARS_MAX: usize = 64;
/// Ids of payments and refunds have 36 characters; other objects have other forms.
const OBJECT_CHARS_MAX: usize = 64;
/// The only type of message there is.
const TYPE: &str = "notification";

/// What is read of a notification.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Notification {
    pub event: String,
    pub object: String,
}

impl Notification {
    /// Reads the whole text as JSON. Errors are reasons: they quote nothing.
    pub(super) fn parse(body: &str) -> Result<Notification, Rejection> {
        let told: Body = serde_json::from_str(body).map_err(|error| {
            if error.is_data() {
                Rejection::NotANotification
            } else {
                Rejection::NotJson
            }
        })?;
        if told.r#type != TYPE {
            return Err(Rejection::NotANotification);
        }
        if !is_event(&told.event) {
            return Err(Rejection::EventMalformed);
        }
        if !is_object_id(&told.object) {
            return Err(Rejection::ObjectMalformed);
        }
        Ok(Notification {
            event: told.event,
            object: told.object,
        })
    }
}

/// Words of small letters and underscores, joined by dots.
fn is_event(text: &str) -> bool {
    let word =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    text.len() <= EVENT_CHARS_MAX && text.contains('.') && text.split('.').all(word)
}

fn is_object_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !text.is_empty() && text.len() <= OBJECT_CHARS_MAX && text.bytes().all(fits)
}

/// The keys of a notification.
struct Body {
    r#type: String,
    event: String,
    /// The object's id.
    object: String,
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(BodyVisitor)
    }
}

struct BodyVisitor;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = Body;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a notification")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Body, A::Error> {
        let (mut kind, mut event, mut object) = (None, None, None);
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match key.as_ref() {
                "type" => once(&mut kind, map.next_value()?)?,
                "event" => once(&mut event, map.next_value()?)?,
                "object" => once(&mut object, map.next_value::<Object>()?.0)?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        match (kind, event, object) {
            (Some(r#type), Some(event), Some(object)) => Ok(Body {
                r#type,
                event,
                object,
            }),
            _ => Err(A::Error::custom("a key is missing")),
        }
    }
}

/// The id of an object.
struct Object(String);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with an id")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut id = None;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match key.as_ref() {
                "id" => once(&mut id, map.next_value()?)?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        id.map(Object)
            .ok_or_else(|| A::Error::custom("the id is missing"))
    }
}

fn once<E: Error>(place: &mut Option<String>, value: String) -> Result<(), E> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(E::custom("a key stands twice")),
    }
}
