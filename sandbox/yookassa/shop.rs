//! The shop: who it is, with which keys, and what it asks of a payment.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The shop a sandbox starts with.
pub const SHOP_ID: &str = "100500";

/// Its secret key.
pub const SECRET_KEY: &str = "test_sandbox-key-that-opens-nothing-else";

/// A shop. A test may change it while the sandbox runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shop {
    /// `shopId`, the user of Basic authentication.
    pub account_id: String,
    /// The password of Basic authentication.
    pub secret_key: String,
    pub gateway_id: String,
    /// The one currency of its payments.
    pub currency: String,
    pub environment: Environment,
    pub receipts: Receipts,
}

/// Whether real money would move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// Objects carry `"test":true`; bank cards and wallets only.
    Test,
    Live,
}

/// Who sends fiscal receipts (54-FZ), and so what a payment must carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Receipts {
    /// Nobody: a receipt may be left out, and is checked when it is there.
    NotNeeded,
    /// YooKassa: a receipt must come, with the payer's e-mail and each item's measure.
    FromYookassa,
    /// The shop's own register: a receipt must come, with e-mail or phone.
    OwnRegister,
}

impl Default for Shop {
    fn default() -> Shop {
        Shop {
            account_id: SHOP_ID.to_owned(),
            secret_key: SECRET_KEY.to_owned(),
            gateway_id: "100700".to_owned(),
            currency: "RUB".to_owned(),
            environment: Environment::Test,
            receipts: Receipts::NotNeeded,
        }
    }
}

impl Shop {
    /// The answer of `GET /me`.
    pub fn me(&self) -> Value {
        let methods: Vec<&str> = Method::ALL
            .into_iter()
            .filter(|method| method.works_in(self.environment))
            .map(Method::name)
            .collect();
        let mut me = json!({
            "account_id": self.account_id,
            "status": "enabled",
            "test": self.environment == Environment::Test,
            "payment_methods": methods,
        });
        match self.receipts {
            Receipts::NotNeeded => {}
            Receipts::FromYookassa => {
                me["fiscalization"] = json!({ "enabled": true, "provider": "avanpost" });
            }
            Receipts::OwnRegister => {
                me["fiscalization"] = json!({ "enabled": true, "provider": "atol" });
            }
        }
        me
    }
}

/// A way to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    BankCard,
    Sbp,
    YooMoney,
    Sberbank,
    TinkoffBank,
}

impl Method {
    /// Every method, the most usual first.
    pub const ALL: [Method; 5] = [
        Method::BankCard,
        Method::Sbp,
        Method::YooMoney,
        Method::Sberbank,
        Method::TinkoffBank,
    ];

    /// The `type` on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Method::BankCard => "bank_card",
            Method::Sbp => "sbp",
            Method::YooMoney => "yoo_money",
            Method::Sberbank => "sberbank",
            Method::TinkoffBank => "tinkoff_bank",
        }
    }

    /// The method of a `type`.
    pub fn named(name: &str) -> Option<Method> {
        Method::ALL.into_iter().find(|method| method.name() == name)
    }

    /// Test shops have cards and wallets only.
    pub fn works_in(self, environment: Environment) -> bool {
        match environment {
            Environment::Live => true,
            Environment::Test => matches!(self, Method::BankCard | Method::YooMoney),
        }
    }

    /// The largest payment in kopecks. Documented for cards and SBP; the others get the cards'.
    pub fn limit_minor(self) -> i64 {
        match self {
            Method::Sbp => 70_000_000,
            Method::BankCard | Method::YooMoney | Method::Sberbank | Method::TinkoffBank => {
                35_000_000
            }
        }
    }

    /// The payment's method after it was used, as the wire shows it.
    pub fn render(self, payment_id: &str) -> Value {
        let mut method = json!({
            "type": self.name(),
            "id": payment_id,
            "saved": false,
            "status": "inactive",
        });
        match self {
            Method::BankCard => {
                method["title"] = json!("Bank card *4477");
                method["card"] = json!({
                    "first6": "555555",
                    "last4": "4477",
                    "expiry_month": "12",
                    "expiry_year": "2035",
                    "card_type": "MasterCard",
                    "issuer_country": "RU",
                });
            }
            Method::Sbp => {
                method["sbp_operation_id"] = json!("1027088AE4CB48CB81287833347A8777");
                method["payer_bank_details"] =
                    json!({ "bank_id": "100000000111", "bic": "044525225" });
            }
            Method::YooMoney => {
                method["title"] = json!("YooMoney wallet 410011758831136");
                method["account_number"] = json!("410011758831136");
            }
            Method::Sberbank | Method::TinkoffBank => {}
        }
        method
    }
}
