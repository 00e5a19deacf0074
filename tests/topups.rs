//! Topping up and taking back, as a person lives through it, on both databases.

use rei_sandbox::telegram::{ButtonAction, Fault, FaultKind};
use rei_sandbox::yookassa::{Notice, Receipts};

use crate::support::house::{ENGINES, Person, TestHouse, comes_true, has_button, is_bots};
use crate::support::rows;

/// Runs a story in a house without a welcome bonus on each database, then audits it.
async fn in_both(keys: &[(&str, &str)], story: impl AsyncFn(&mut TestHouse, &Person)) {
    for engine in ENGINES {
        let mut quick = vec![
            ("REI__BILLING__WELCOME_BONUS_KOPECKS", "0"),
            ("REI__TOPUPS__POLL_MS", "20"),
            ("REI__TOPUPS__SWEEP_YOUNG_SECS", "1"),
        ];
        quick.extend_from_slice(keys);
        let mut house = TestHouse::start_with(engine, &quick).await;
        let ann = house.person(7);
        story(&mut house, &ann).await;
        house.finish().await;
    }
}

/// Waits for the address of an invoice in Stars, and gives it.
async fn invoice(ann: &Person) -> String {
    ann.sees("an invoice", |chat| {
        let buttons = chat.iter().rev().filter(|m| is_bots(m));
        buttons
            .flat_map(|message| message.buttons())
            .find_map(|button| match &button.action {
                ButtonAction::Url(url) if url.contains("telegram-invoice") => Some(url.clone()),
                ButtonAction::Url(_)
                | ButtonAction::Callback(_)
                | ButtonAction::Copy(_)
                | ButtonAction::Other(_) => None,
            })
    })
    .await
}

const STARS: [(&str, &str); 1] = [("REI__STARS__OFFER", "on")];

#[actix_rt::test]
async fn stars_become_a_balance_once_however_often_they_are_told_of() {
    in_both(&STARS, async |house, ann| {
        let before = ann.0.stars();
        ann.0.text("/topup 500");
        ann.presses("Stars").await;
        // 500 roubles at 1.60 a Star, rounded up to a whole one.
        let url = invoice(ann).await;
        ann.0.pay_stars(&url).await.unwrap();
        ann.reads("₽500 added. Your balance is ₽500").await;
        assert_eq!(before - ann.0.stars(), 313);
        for id in house.sandbox.telegram.update_ids() {
            house.sandbox.telegram.redeliver(id);
        }
        let again = ann.0.pay_stars(&url).await;
        assert!(again.unwrap_err().contains("paid already"));
        ann.0.text("/balance");
        ann.reads("Your balance is ₽500.").await;
    })
    .await;
}

#[actix_rt::test]
async fn an_invoice_in_stars_is_paid_by_its_own_payer_alone() {
    in_both(&STARS, async |house, ann| {
        ann.0.text("/topup 500");
        ann.presses("Stars").await;
        let url = invoice(ann).await;
        let bob = house.person(8);
        bob.0.text("/start");
        bob.reads("Hi!").await;
        let refused = bob.0.pay_stars(&url).await.unwrap_err();
        assert!(refused.contains("another person"), "{refused}");
        assert_eq!(house.sandbox.telegram.stars_earned(), 0);
        ann.0.pay_stars(&url).await.unwrap();
        ann.reads("₽500 added").await;
    })
    .await;
}

#[actix_rt::test]
async fn stars_go_back_as_a_whole_and_once() {
    in_both(&STARS, async |house, ann| {
        let before = ann.0.stars();
        ann.0.text("/topup 500");
        ann.presses("Stars").await;
        ann.0.pay_stars(&invoice(ann).await).await.unwrap();
        ann.reads("₽500 added").await;
        ann.0.text("/refund");
        ann.presses("take back").await;
        ann.presses("Take").await;
        ann.reads("went back to where you paid from").await;
        assert_eq!(ann.0.stars(), before);
        let payment = house.sandbox.telegram.star_payments().remove(0);
        assert!(
            house.sandbox.telegram.charge_back(7, &payment).is_err(),
            "once"
        );
        ann.0.text("/balance");
        ann.reads("Your balance is ₽0.").await;
    })
    .await;
}

#[actix_rt::test]
async fn stars_that_the_buyers_store_took_back_are_taken_off_the_balance() {
    in_both(&STARS, async |house, ann| {
        ann.0.text("/topup 500");
        ann.presses("Stars").await;
        ann.0.pay_stars(&invoice(ann).await).await.unwrap();
        ann.reads("₽500 added").await;
        let payment = house.sandbox.telegram.star_payments().remove(0);
        house.sandbox.telegram.charge_back(7, &payment).unwrap();
        ann.reads("The payment system gave you ₽500 back").await;
        ann.0.text("/balance");
        ann.reads("Your balance is ₽0.").await;
    })
    .await;
}

#[actix_rt::test]
async fn stars_whose_message_was_lost_are_found_in_the_list() {
    in_both(&STARS, async |house, ann| {
        ann.0.text("/topup 500");
        ann.presses("Stars").await;
        let url = invoice(ann).await;
        // The bot says yes and goes away before it is told that the Stars have moved.
        ann.0.pay_stars(&url).await.unwrap();
        house.close().await;
        house.sandbox.telegram.drop_pending();
        house.open();
        ann.reads("₽500 added").await;
    })
    .await;
}

#[actix_rt::test]
async fn stars_of_which_some_are_spent_do_not_go_back_and_the_user_is_told_why() {
    in_both(&STARS, async |house, ann| {
        ann.0.text("/topup 500");
        ann.presses("Stars").await;
        ann.0.pay_stars(&invoice(ann).await).await.unwrap();
        ann.reads("₽500 added").await;
        ann.orders("a lighthouse").await;
        ann.gets_picture().await;
        ann.0.text("/refund");
        ann.reads("can go back as a whole only, and ₽25 of it is spent")
            .await;
        assert!(house.sandbox.telegram.star_refunds().is_empty());
    })
    .await;
}

#[actix_rt::test]
async fn a_refund_in_stars_whose_answer_is_lost_gives_back_once() {
    in_both(&STARS, async |house, ann| {
        let before = ann.0.stars();
        ann.0.text("/topup 500");
        ann.presses("Stars").await;
        ann.0.pay_stars(&invoice(ann).await).await.unwrap();
        ann.reads("₽500 added").await;
        let faults = house.sandbox.telegram.faults();
        faults.push(Fault::once("refundStarPayment", FaultKind::DropAfter));
        ann.0.text("/refund");
        ann.presses("take back").await;
        let offer = ann.reads("this is what comes back: ₽500").await;
        assert!(ann.press_in(offer, "Take ₽500 back"));
        assert!(ann.press_in(offer, "Take ₽500 back"), "pressed twice");
        ann.reads("went back to where you paid from").await;
        assert_eq!(ann.0.stars(), before);
        assert_eq!(house.sandbox.telegram.star_refunds().len(), 1);
        ann.0.text("/balance");
        ann.reads("Your balance is ₽0.").await;
    })
    .await;
}

#[actix_rt::test]
async fn stars_that_agree_with_no_top_up_wait_for_a_person() {
    in_both(&STARS, async |house, ann| {
        ann.0.text("/topup 500");
        ann.presses("Stars").await;
        invoice(ann).await;
        let db = house.db();
        let topup = rows::text(&db, "SELECT id AS text FROM topups").await;
        ann.0.pay_stars_unasked("of-nobody", 100);
        ann.0.pay_stars_unasked(&topup, 312);
        ann.reads("something in it does not add up").await;
        let strays = "SELECT COUNT(*) AS count FROM reconciliations \
                      WHERE method = 'stars' AND kind = 'unknown_payment' AND repair = 'left'";
        let kept = async || rows::count(&db, strays).await > 0;
        assert!(comes_true(kept).await, "the stray payment is written down");
        ann.0.text("/balance");
        ann.reads("Your balance is ₽0.").await;
    })
    .await;
}

/// Waits for a button that leads to the payment, and gives the newest payment's id.
pub async fn pay_link(house: &TestHouse, ann: &Person) -> String {
    let url = ann
        .sees("a link to pay", |chat| {
            let buttons = chat.iter().rev().filter(|m| is_bots(m));
            buttons
                .flat_map(|message| message.buttons())
                .find_map(|button| match &button.action {
                    ButtonAction::Url(url) => Some(url.clone()),
                    ButtonAction::Callback(_) | ButtonAction::Copy(_) | ButtonAction::Other(_) => {
                        None
                    }
                })
        })
        .await;
    let payments = house.sandbox.yookassa.payments();
    let ids = payments.iter().filter_map(|it| it["id"].as_str());
    let paid_at_url = |id: &&str| url.contains(*id);
    let mut ids = ids.filter(paid_at_url);
    ids.next().expect("the link names its payment").to_owned()
}

#[actix_rt::test]
async fn a_top_up_is_paid_on_the_page_and_credited_once() {
    in_both(&[], async |house, ann| {
        ann.0.text("/topup");
        ann.reads("How much").await;
        ann.presses("₽500").await;
        ann.reads("A top-up of ₽500").await;
        let payment = pay_link(house, ann).await;
        house.sandbox.yookassa.pay(&payment, Notice::Sent).unwrap();
        ann.reads("₽500 added. Your balance is ₽500").await;
        ann.reads("Paid: ₽500").await;
        for number in 1..=3 {
            house.sandbox.yookassa.repeat(number);
        }
        ann.0.text("/balance");
        ann.reads("Your balance is ₽500.").await;
    })
    .await;
}

#[actix_rt::test]
async fn a_request_that_lacked_the_money_is_offered_again_by_one_tap() {
    in_both(&[], async |house, ann| {
        ann.0.text("a castle in the fog");
        ann.reads("is missing").await;
        ann.presses("Top up").await;
        ann.presses("₽200").await;
        let payment = pay_link(house, ann).await;
        house.sandbox.yookassa.pay(&payment, Notice::Sent).unwrap();
        let offered = ann.reads("₽200 added").await;
        assert!(ann.press_in(offered, "✅"), "the card is in the message");
        ann.gets_picture().await;
        ann.reads("balance ₽175").await;
    })
    .await;
}

#[actix_rt::test]
async fn a_payment_whose_notice_is_lost_is_credited_by_asking() {
    in_both(&[], async |house, ann| {
        ann.0.text("/topup 300");
        let payment = pay_link(house, ann).await;
        house
            .sandbox
            .yookassa
            .pay(&payment, Notice::Withheld)
            .unwrap();
        ann.reads("₽300 added").await;
    })
    .await;
}

#[actix_rt::test]
async fn a_payment_that_was_made_while_the_bot_was_away_is_credited_when_it_is_back() {
    in_both(&[], async |house, ann| {
        ann.0.text("/topup 300");
        let payment = pay_link(house, ann).await;
        house.close().await;
        house
            .sandbox
            .yookassa
            .pay(&payment, Notice::Withheld)
            .unwrap();
        house.open();
        ann.reads("₽300 added").await;
    })
    .await;
}

#[actix_rt::test]
async fn a_declined_payment_is_told_kindly_and_can_be_tried_again() {
    in_both(&[], async |house, ann| {
        ann.0.text("/topup 300");
        let payment = pay_link(house, ann).await;
        let yookassa = &house.sandbox.yookassa;
        yookassa
            .decline(&payment, "insufficient_funds", Notice::Sent)
            .unwrap();
        let told = ann.reads("not enough money on the account").await;
        assert!(ann.press_in(told, "Try again"));
        ann.reads("How much").await;
    })
    .await;
}

#[actix_rt::test]
async fn any_amount_within_the_limits_can_be_typed() {
    in_both(&[], async |house, ann| {
        ann.0.text("/topup");
        ann.presses("Another amount").await;
        ann.reads("Write the amount").await;
        ann.0.text("10");
        ann.reads("too little").await;
        ann.0.text("777,50 ₽");
        ann.reads("A top-up of ₽777.50").await;
        let payment = pay_link(house, ann).await;
        house.sandbox.yookassa.pay(&payment, Notice::Sent).unwrap();
        ann.reads("₽777.50 added").await;
        // Numbers are wishes again.
        ann.0.text("500");
        ann.reads("New picture").await;
    })
    .await;
}

#[actix_rt::test]
async fn words_that_are_no_amount_are_a_wish_for_a_picture() {
    in_both(&[], async |_, ann| {
        ann.0.text("/topup");
        ann.presses("Another amount").await;
        ann.reads("Write the amount").await;
        ann.0.text("a fox in the snow");
        ann.reads("New picture").await;
        ann.0.text("500");
        let card = ann
            .sees("a second card", |chat| {
                let cards = chat.iter().filter(|m| has_button(m, "Make it")).count();
                (cards == 2).then_some(cards)
            })
            .await;
        assert_eq!(card, 2, "the question was dropped");
    })
    .await;
}

#[actix_rt::test]
async fn an_e_mail_is_asked_for_once_where_receipts_need_it() {
    in_both(&[("REI__YOOKASSA__RECEIPT", "sent")], async |house, ann| {
        house
            .sandbox
            .yookassa
            .change_shop(|shop| shop.receipts = Receipts::FromYookassa);
        ann.0.text("/topup 300");
        ann.reads("Which e-mail").await;
        ann.0.text("ann.mail.com");
        ann.reads("does not look like an e-mail").await;
        ann.0.text("ann@mail.com");
        ann.reads("The receipt goes to ann@mail.com").await;
        let payment = pay_link(house, ann).await;
        house.sandbox.yookassa.pay(&payment, Notice::Sent).unwrap();
        ann.reads("₽300 added").await;
        ann.0.text("/topup 400");
        ann.reads("A top-up of ₽400").await;
    })
    .await;
}

#[actix_rt::test]
async fn what_is_not_spent_can_be_taken_back_and_nothing_more() {
    in_both(&[], async |house, ann| {
        ann.0.text("/topup 500");
        let payment = pay_link(house, ann).await;
        house.sandbox.yookassa.pay(&payment, Notice::Sent).unwrap();
        ann.reads("₽500 added").await;
        ann.orders("a lighthouse").await;
        ann.gets_picture().await;
        ann.0.text("/refund");
        ann.presses("take back ₽475 of ₽500").await;
        let offer = ann.reads("this is what comes back: ₽475").await;
        assert!(ann.press_in(offer, "Take ₽475 back"));
        assert!(ann.press_in(offer, "Take ₽475 back"), "pressed twice");
        ann.reads("went back to where you paid from").await;
        ann.reads("Your balance is ₽0").await;
        ann.0.text("/refund");
        ann.reads("nothing to take back").await;
        assert_eq!(house.sandbox.yookassa.refunds().len(), 1);
    })
    .await;
}

#[actix_rt::test]
async fn a_refund_in_the_methods_own_office_is_taken_off_the_balance() {
    in_both(&[], async |house, ann| {
        ann.0.text("/topup 500");
        let payment = pay_link(house, ann).await;
        house.sandbox.yookassa.pay(&payment, Notice::Sent).unwrap();
        ann.reads("₽500 added").await;
        house
            .sandbox
            .yookassa
            .refund_in_cabinet(&payment, Some("200.00"), Notice::Sent)
            .unwrap();
        ann.reads("gave you ₽200 back").await;
        ann.0.text("/balance");
        ann.reads("Your balance is ₽300.").await;
    })
    .await;
}
