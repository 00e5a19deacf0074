//! Why payments are refused: the documented reasons, who gives them, and words for the page.

use super::payment::Cancellation;

/// A reason on the wire, the party that gives it, and what the payer reads.
pub struct Decline {
    pub reason: &'static str,
    pub party: &'static str,
    pub words: &'static str,
}

/// The reasons a payer can meet, the most usual first.
pub const DECLINES: [Decline; 14] = [
    network("insufficient_funds", "Не хватает денег"),
    network("general_decline", "Банк отказал без причины"),
    network("3d_secure_failed", "Не пройдена проверка 3-D Secure"),
    network("call_issuer", "Нужно позвонить в банк"),
    network("card_expired", "Срок карты истёк"),
    network("country_forbidden", "Карта другой страны"),
    Decline {
        reason: "fraud_suspected",
        party: "yoo_money",
        words: "Похоже на мошенничество",
    },
    network("identification_required", "Кошелёк без идентификации"),
    network("invalid_card_number", "Неверный номер карты"),
    network("invalid_csc", "Неверный код CVC"),
    network("issuer_unavailable", "Банк недоступен"),
    network("payment_method_limit_exceeded", "Превышен лимит платежей"),
    network("payment_method_restricted", "Операции по карте запрещены"),
    network("internal_timeout", "Технические неполадки"),
];

const fn network(reason: &'static str, words: &'static str) -> Decline {
    Decline {
        reason,
        party: "payment_network",
        words,
    }
}

/// A cancellation for a reason; one that is not listed comes from the network, as new reasons
/// may.
pub fn cancellation(reason: &str) -> Cancellation {
    let known = DECLINES.iter().find(|decline| decline.reason == reason);
    Cancellation::new(known.map_or("payment_network", |it| it.party), reason)
}

/// What the payer reads about a reason.
pub fn words(reason: &str) -> &'static str {
    match reason {
        "expired_on_confirmation" => "Время на оплату вышло",
        "expired_on_capture" | "canceled_by_merchant" => "Магазин отменил платёж",
        _ => {
            let known = DECLINES.iter().find(|decline| decline.reason == reason);
            known.map_or("Платёж отклонён", |decline| decline.words)
        }
    }
}
