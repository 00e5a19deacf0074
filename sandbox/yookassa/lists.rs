//! `GET /payments` and `GET /refunds`: filters, pages, cursors.
//!
//! Strict where the documentation is silent: a filter that does not exist is refused, and a
//! cursor holds the filters it was made with and serves no others.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::moment;
use super::payment::Payment;
use super::refund::Refund;
use super::refusal::Refusal;
use super::shelf::Shelf;

const LIMIT_DEFAULT: usize = 10;
const LIMIT_MAX: usize = 100;

/// Lists hold the objects of the last three years.
const HORIZON: Duration = Duration::from_secs(3 * 365 * 24 * 60 * 60);

/// Something that can be listed.
pub trait Listed {
    /// The filters it has besides `created_at`, `limit` and `cursor`.
    const FILTERS: &'static [&'static str];

    fn created_at(&self) -> Duration;

    /// Whether it passes a filter for a word; the name is one of [`Listed::FILTERS`].
    fn is(&self, filter: &str, word: &str) -> bool;

    /// The moment of a range filter other than `created_at`.
    fn captured_at(&self) -> Option<Duration>;

    fn render(&self, now: Duration) -> Value;
}

impl Listed for Payment {
    const FILTERS: &'static [&'static str] = &["status", "payment_method", "captured_at"];

    fn created_at(&self) -> Duration {
        self.created_at
    }

    fn is(&self, filter: &str, word: &str) -> bool {
        match filter {
            "status" => self.status.name() == word,
            "payment_method" => self.method.is_some_and(|method| method.name() == word),
            _ => false,
        }
    }

    fn captured_at(&self) -> Option<Duration> {
        Payment::captured_at(self)
    }

    fn render(&self, now: Duration) -> Value {
        Payment::render(self, now)
    }
}

impl Listed for Refund {
    const FILTERS: &'static [&'static str] = &["status", "payment_id"];

    fn created_at(&self) -> Duration {
        self.created_at
    }

    fn is(&self, filter: &str, word: &str) -> bool {
        match filter {
            "status" => self.status.name() == word,
            "payment_id" => self.payment_id == word,
            _ => false,
        }
    }

    fn captured_at(&self) -> Option<Duration> {
        None
    }

    fn render(&self, now: Duration) -> Value {
        Refund::render(self, now)
    }
}

/// What a query asks for.
#[derive(Debug, Default)]
struct Filters {
    limit: usize,
    /// Only objects made before this place.
    before: Option<usize>,
    words: Vec<(String, String)>,
    created: Vec<Bound>,
    captured: Vec<Bound>,
}

/// One end of a range.
#[derive(Debug)]
struct Bound {
    comparison: Comparison,
    moment: Duration,
}

#[derive(Debug)]
enum Comparison {
    Gte,
    Gt,
    Lte,
    Lt,
}

impl Bound {
    fn holds(&self, moment: Duration) -> bool {
        match self.comparison {
            Comparison::Gte => moment >= self.moment,
            Comparison::Gt => moment > self.moment,
            Comparison::Lte => moment <= self.moment,
            Comparison::Lt => moment < self.moment,
        }
    }
}

impl Filters {
    fn passes<T: Listed>(&self, item: &T) -> bool {
        let words = self.words.iter().all(|(name, word)| item.is(name, word));
        let created = self.created.iter().all(|it| it.holds(item.created_at()));
        let in_range = |moment| self.captured.iter().all(|it| it.holds(moment));
        words && created && (self.captured.is_empty() || item.captured_at().is_some_and(in_range))
    }
}

/// A page of a list, newest first.
pub fn page<T: Listed>(
    shelf: &Shelf<T>,
    query: &[(String, String)],
    now: Duration,
) -> Result<Value, Refusal> {
    let filters = parse(query, T::FILTERS)?;
    let oldest = now.saturating_sub(HORIZON);
    let mut found = shelf
        .newest(filters.before)
        .take_while(|(_, item)| item.created_at() >= oldest)
        .filter(|(_, item)| filters.passes(*item));
    let mut items = Vec::new();
    let mut last = None;
    for (place, item) in found.by_ref().take(filters.limit) {
        items.push(item.render(now));
        last = Some(place);
    }
    let mut page = json!({ "type": "list", "items": items });
    if let Some(last) = last
        && found.next().is_some()
    {
        page["next_cursor"] = json!(cursor(last, query));
    }
    Ok(page)
}

fn parse(query: &[(String, String)], names: &[&str]) -> Result<Filters, Refusal> {
    let mut filters = Filters {
        limit: LIMIT_DEFAULT,
        ..Filters::default()
    };
    for (name, value) in query {
        match name.as_str() {
            "limit" => {
                let limit = value.parse().ok();
                let limit = limit.filter(|limit| (1..=LIMIT_MAX).contains(limit));
                filters.limit =
                    limit.ok_or_else(|| Refusal::invalid("limit", "The limit is 1 to 100"))?;
            }
            "cursor" => filters.before = Some(place(value, query)?),
            name if names.contains(&name) && name != "captured_at" => {
                filters.words.push((name.to_owned(), value.clone()));
            }
            name => {
                let bound = bound(name, value)?;
                match name.split_once('.') {
                    Some(("created_at", _)) => filters.created.push(bound),
                    Some(("captured_at", _)) if names.contains(&"captured_at") => {
                        filters.captured.push(bound);
                    }
                    Some(_) | None => return Err(unknown(name)),
                }
            }
        }
    }
    Ok(filters)
}

fn bound(name: &str, value: &str) -> Result<Bound, Refusal> {
    let comparison = match name.split_once('.') {
        Some((_, "gte")) => Comparison::Gte,
        Some((_, "gt")) => Comparison::Gt,
        Some((_, "lte")) => Comparison::Lte,
        Some((_, "lt")) => Comparison::Lt,
        Some(_) | None => return Err(unknown(name)),
    };
    let moment = moment::read(value)
        .ok_or_else(|| Refusal::invalid(name, "A moment like 2026-07-18T10:51:18.139Z"))?;
    Ok(Bound { comparison, moment })
}

fn unknown(name: &str) -> Refusal {
    Refusal::invalid(name, "Unknown filter")
}

/// The filters a cursor belongs to, whatever their order.
fn signature(query: &[(String, String)]) -> Vec<(&str, &str)> {
    let mut filters: Vec<(&str, &str)> = query
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| *name != "cursor" && *name != "limit")
        .collect();
    filters.sort_unstable();
    filters
}

fn cursor(last: usize, query: &[(String, String)]) -> String {
    URL_SAFE_NO_PAD.encode(json!([last, signature(query)]).to_string())
}

fn place(cursor: &str, query: &[(String, String)]) -> Result<usize, Refusal> {
    let wrong = || Refusal::invalid("cursor", "Incorrect cursor");
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| wrong())?;
    let cursor: Value = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
    if cursor[1] != json!(signature(query)) {
        let what = "The cursor belongs to other filters";
        return Err(Refusal::invalid("cursor", what));
    }
    let place = cursor[0].as_u64().ok_or_else(wrong)?;
    usize::try_from(place).map_err(|_| wrong())
}
