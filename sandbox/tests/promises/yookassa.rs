//! The YooKassa emulator: what a shop, its payers and its tests can count on.

mod checkout;
mod control;
mod faults;
mod idempotence;
mod lists;
mod notifications;
mod payments;
mod receiver;
mod refunds;

use rei_sandbox::yookassa::{Handle, SECRET_KEY, SHOP_ID};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

use crate::support::{House, house};

/// A shop that talks to the emulator as YooKassa's documentation says.
pub struct Shop {
    pub house: House,
    pub yookassa: Handle,
}

/// An answer of the API.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    /// The object of a good answer.
    pub fn good(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    /// Status, code and parameter of a refusal.
    pub fn refusal(&self) -> String {
        assert_eq!(self.body["type"], "error", "{}", self.body);
        let parameter = self.body["parameter"].as_str().unwrap_or("-");
        let code = self.body["code"].as_str().unwrap();
        format!("{} {code} {parameter}", self.status)
    }
}

pub async fn shop() -> Shop {
    let house = house().await;
    let yookassa = house.sandbox.yookassa.clone();
    Shop { house, yookassa }
}

impl Shop {
    pub fn url(&self, path: &str) -> String {
        format!("{}/v3/{path}", self.house.sandbox.url("yookassa"))
    }

    pub fn get_request(&self, path: &str) -> RequestBuilder {
        let request = self.house.client.get(self.url(path));
        request.basic_auth(SHOP_ID, Some(SECRET_KEY))
    }

    pub fn post_request(&self, path: &str, key: &str, body: &Value) -> RequestBuilder {
        let request = self.house.client.post(self.url(path));
        request
            .basic_auth(SHOP_ID, Some(SECRET_KEY))
            .header("Idempotence-Key", key)
            .json(body)
    }

    pub async fn get(&self, path: &str) -> Answer {
        answer(self.get_request(path).send().await.unwrap()).await
    }

    pub async fn post(&self, path: &str, key: &str, body: &Value) -> Answer {
        let response = self.post_request(path, key, body).send().await;
        answer(response.unwrap()).await
    }

    /// A pending payment under a key of its own; gives its id.
    pub async fn payment(&self, key: &str, value: &str) -> String {
        id(&self.post("payments", key, &order(value)).await.good())
    }

    /// A payment that has been paid.
    pub async fn paid(&self, key: &str, value: &str) -> String {
        let id = self.payment(key, value).await;
        self.yookassa.pay(&id, Default::default()).unwrap();
        id
    }
}

pub async fn answer(response: Response) -> Answer {
    Answer {
        status: response.status().as_u16(),
        body: response.json().await.unwrap(),
    }
}

pub fn id(object: &Value) -> String {
    object["id"].as_str().unwrap().to_owned()
}

pub fn rub(value: &str) -> Value {
    json!({ "value": value, "currency": "RUB" })
}

/// A body of `POST /payments`.
pub fn order(value: &str) -> Value {
    json!({
        "amount": rub(value),
        "capture": true,
        "confirmation": { "type": "redirect", "return_url": "https://t.me/rei_bot" },
        "description": "Balance top-up",
        "metadata": { "topup_id": "t1", "user_id": "42" },
    })
}

/// A body with one field changed.
pub fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}
