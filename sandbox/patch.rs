//! JSON merge patches (RFC 7396): how answers are altered and settings changed.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Applies a merge patch: objects are merged, `null` takes away, everything else replaces.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, change) in changes {
        if change.is_null() {
            if let Some(fields) = target.as_object_mut() {
                fields.remove(name);
            }
        } else {
            merge(&mut target[name], change);
        }
    }
}

/// Settings with a merge patch applied.
pub fn patched<T: Serialize + DeserializeOwned>(
    settings: &T,
    patch: &Value,
) -> Result<T, serde_json::Error> {
    let mut object = serde_json::to_value(settings)?;
    merge(&mut object, patch);
    serde_json::from_value(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merge_patch_changes_adds_and_takes_away() {
        let mut object = json!({ "amount": { "value": "5.00", "currency": "RUB" }, "paid": true });
        merge(
            &mut object,
            &json!({ "amount": { "value": "1.00" }, "paid": null, "new": { "x": 1 } }),
        );
        let changed =
            json!({ "amount": { "value": "1.00", "currency": "RUB" }, "new": { "x": 1 } });
        assert_eq!(object, changed);
    }
}
