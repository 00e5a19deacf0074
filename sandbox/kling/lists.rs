//! Questions about tasks, in both generations, and about the account's packs.

use std::time::Duration;

use serde_json::{Value, json};

use super::account::{MissingTask, PayBy, UNIT_MICROS};
use super::fields::Fields;
use super::film::Generation;
use super::model::Way;
use super::refusal::Refusal;
use super::state::State;
use super::task::{Status, Task, millis};

/// Ids in one query.
const IDS_MAX: usize = 20;

/// Tasks of a page.
const LIMIT_DEFAULT: u32 = 100;
const LIMIT_MAX: u32 = 500;

/// How far back a list goes when no time is given.
const WINDOW: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The parameters of a query string.
pub type Query = [(String, String)];

fn parameter<'a>(query: &'a Query, name: &str) -> Option<&'a str> {
    let found = query.iter().find(|(known, _)| known == name)?;
    Some(found.1.as_str()).filter(|value| !value.is_empty())
}

/// `GET /tasks`.
pub fn query(state: &State, query: &Query) -> Result<Value, Refusal> {
    let ids = parameter(query, "task_ids");
    let external_ids = parameter(query, "external_task_ids");
    let found: Vec<Option<&Task>> = match (ids, external_ids) {
        (Some(_), Some(_)) => {
            return Err(Refusal::value(
                "task_ids and external_task_ids exclude each other",
            ));
        }
        (None, None) => {
            return Err(Refusal::parameter(
                "task_ids or external_task_ids is required",
            ));
        }
        (Some(ids), None) => split(ids)?.map(|id| state.by_id(id)).collect(),
        (None, Some(ids)) => split(ids)?.map(|id| state.by_external_id(id)).collect(),
    };
    let is_new = |task: &&Task| task.generation == Generation::New;
    let tasks: Vec<Value> = found
        .into_iter()
        .flatten()
        .filter(is_new)
        .map(Task::render)
        .collect();
    if tasks.is_empty() && state.account.missing_task == MissingTask::BadValue {
        return Err(Refusal::value("task not found"));
    }
    Ok(json!(tasks))
}

fn split(ids: &str) -> Result<impl Iterator<Item = &str>, Refusal> {
    let ids = || ids.split(',').map(str::trim).filter(|id| !id.is_empty());
    if ids().count() > IDS_MAX {
        return Err(Refusal::value(format!("at most {IDS_MAX} ids are allowed")));
    }
    Ok(ids())
}

/// `POST /tasks`, newest first.
pub fn list(state: &State, body: Value) -> Result<Value, Refusal> {
    let mut fields = Fields::of(body, "")?;
    let start = fields.millis("start_time")?;
    let end = fields.millis("end_time")?;
    let cursor = fields.text("cursor")?.filter(|cursor| !cursor.is_empty());
    let limit = fields.whole("limit")?.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Refusal::value(format!("limit must be 1 to {LIMIT_MAX}")));
    }
    let filters = Filters::read(fields.objects("filters")?)?;
    fields.finish()?;

    let now = state.clock.now();
    let (before, start, end) = match cursor {
        Some(cursor) => {
            let place: usize = cursor
                .parse()
                .map_err(|_| Refusal::value("cursor is none of ours"))?;
            (place, 0, u64::MAX)
        }
        None => {
            let start = start.unwrap_or(millis(now.saturating_sub(WINDOW)));
            (usize::MAX, start, end.unwrap_or(u64::MAX))
        }
    };
    let wanted = |(place, task): &(usize, &Task)| {
        let created = millis(task.created);
        *place < before
            && task.generation == Generation::New
            && (start..=end).contains(&created)
            && filters.take(task)
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut found: Vec<(usize, &Task)> = state.newest().filter(wanted).take(limit + 1).collect();
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = match found.last() {
        Some((place, _)) if has_more => place.to_string(),
        Some(_) | None => String::new(),
    };
    let result: Vec<Value> = found.iter().map(|(_, task)| task.render()).collect();
    Ok(json!({
        "count": result.len(),
        "result": result,
        "next_cursor": next_cursor,
        "has_more": has_more,
    }))
}

/// What a list is cut down to.
#[derive(Default)]
struct Filters {
    statuses: Option<Vec<String>>,
    products: Option<Vec<String>>,
}

impl Filters {
    fn read(items: Vec<Fields>) -> Result<Filters, Refusal> {
        let mut filters = Filters::default();
        for mut item in items {
            let key = item.text("key")?;
            let values = item.texts("values")?;
            item.finish()?;
            match key.as_deref() {
                Some("status") => filters.statuses = Some(values),
                Some("product_type") => filters.products = Some(values),
                Some(_) | None => {
                    return Err(Refusal::value("a filter is status or product_type"));
                }
            }
        }
        Ok(filters)
    }

    fn take(&self, task: &Task) -> bool {
        let has = |values: &Option<Vec<String>>, word: &str| {
            values
                .as_ref()
                .is_none_or(|values| values.iter().any(|value| value == word))
        };
        has(&self.statuses, task.status.word(Generation::New)) && has(&self.products, "video")
    }
}

/// `GET /v1/videos/{kind}/{id}`, by either id.
pub fn legacy_query(state: &State, way: Way, id: &str) -> Result<Value, Refusal> {
    let task = state.by_id(id).or_else(|| state.by_external_id(id));
    task.filter(|task| is_legacy(task, way))
        .map(Task::render)
        .ok_or_else(|| Refusal::value("task not found"))
}

/// `GET /v1/videos/{kind}`, newest first.
pub fn legacy_list(state: &State, way: Way, query: &Query) -> Result<Value, Refusal> {
    let number = |name: &str, default: usize, most: usize| {
        let Some(text) = parameter(query, name) else {
            return Ok(default);
        };
        text.parse()
            .ok()
            .filter(|number| (1..=most).contains(number))
            .ok_or_else(|| Refusal::value(format!("{name} must be 1 to {most}")))
    };
    let page = number("pageNum", 1, 1000)?;
    let size = number("pageSize", 30, 500)?;
    let tasks: Vec<Value> = state
        .newest()
        .filter(|(_, task)| is_legacy(task, way))
        .skip((page - 1) * size)
        .take(size)
        .map(|(_, task)| task.render())
        .collect();
    Ok(json!(tasks))
}

fn is_legacy(task: &Task, way: Way) -> bool {
    task.generation == Generation::Legacy && task.order.way == way
}

/// `GET /account/costs`.
pub fn costs(state: &mut State, query: &Query) -> Result<Value, Refusal> {
    state.ask_costs()?;
    for name in ["start_time", "end_time"] {
        let moment = parameter(query, name)
            .ok_or_else(|| Refusal::parameter(format!("{name} is required")))?;
        if moment.parse::<u64>().is_err() {
            return Err(Refusal::value(format!("{name} must be milliseconds")));
        }
    }
    const NAME: &str = "Sandbox pack";
    let named = parameter(query, "resource_pack_name").is_none_or(|name| name == NAME);
    let account = &state.account;
    let packs = match account.pay_by {
        PayBy::Units if named => {
            let left = account.balance_micros as f64 / UNIT_MICROS as f64;
            json!([{
                "resource_pack_name": NAME,
                "resource_pack_id": "sandbox",
                "resource_pack_type": "decreasing_total",
                "total_quantity": account.pack_units as f64,
                "remaining_quantity": left,
                "purchase_time": 0,
                "effective_time": 0,
                "invalid_time": millis(state.clock.now() + WINDOW),
                "status": if left > 0.0 { "online" } else { "runOut" },
            }])
        }
        PayBy::Units | PayBy::Cash => json!([]),
    };
    Ok(json!({ "code": 0, "msg": "", "resource_pack_subscribe_infos": packs }))
}

/// The open tasks, for whoever looks from outside.
pub fn open(state: &State) -> usize {
    let open = |(_, task): &(usize, &Task)| match task.status {
        Status::Submitted | Status::Processing => true,
        Status::Succeeded | Status::Failed => false,
    };
    state.newest().filter(open).count()
}
