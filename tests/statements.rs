//! What a user sees of his money, and what he can prove with it.

use std::path::Path;
use std::process::{Command, Output};

use crate::page::Browser;
use crate::support::house::{ENGINES, Engine, Person, TestHouse, data_of, is_bots, is_document};

/// Waits for the newest file of the bot and returns its bytes as text.
async fn gets_text(person: &Person, files: usize) -> String {
    let message = person
        .sees("a file", |chat| {
            let sent = chat.iter().filter(|m| is_bots(m) && is_document(m));
            let sent: Vec<i64> = sent.map(|m| m.id).collect();
            (sent.len() >= files).then(|| sent[sent.len() - 1])
        })
        .await;
    let bytes = person.0.file(message).expect("the file has bytes");
    String::from_utf8(bytes.to_vec()).expect("the file is text")
}

#[actix_rt::test]
async fn history_is_paged_in_one_message_and_another_user_sees_only_his_own() {
    for engine in ENGINES {
        let house = TestHouse::start(engine).await;
        let ann = house.person(7);
        for number in 0..10 {
            ann.orders(&format!("fox number {number}")).await;
            ann.gets_pictures(number + 1).await;
        }
        ann.0.text("/history");
        let message = ann.reads("Movements of money").await;
        ann.reads("fox number 9").await;
        assert!(ann.press_in(message, "Older"));
        let older = ann.reads("gift → ₽500").await;
        assert_eq!(older, message, "pages turn in their message");
        let data: Vec<String> = {
            let shown = ann.0.message(message).expect("the message stands");
            shown.buttons().filter_map(data_of).collect()
        };
        assert_eq!(data.len(), 2, "newer and the receipt: {data:?}");

        let bob = house.person(9);
        bob.0.text("/start");
        let greeting = bob.reads("₽500").await;
        for data in &data {
            bob.0.press_data(greeting, data);
        }
        bob.reads("Movements of money").await;
        // Ann's rows are not his, so her button gave him nothing; his own command does.
        bob.0.text("/receipt");
        let receipt = gets_text(&bob, 1).await;
        assert!(receipt.contains("user:9:available"), "{receipt}");
        let whole: String = bob.0.chat().iter().map(|m| m.text()).collect();
        assert!(!receipt.contains("user:7:") && !whole.contains("fox"));
        house.finish().await;
    }
}

#[actix_rt::test]
async fn a_month_comes_as_a_table_and_sessions_with_their_sums() {
    let house = TestHouse::start(Engine::Sqlite).await;
    let ann = house.person(7);
    ann.orders("a fox").await;
    ann.gets_picture().await;
    ann.0.text("/statement");
    let table = gets_text(&ann, 1).await;
    assert!(table.starts_with('\u{feff}'));
    assert_eq!(table.matches("\r\n").count(), 3, "{table}");
    assert!(table.contains("-25.00,475.00"), "{table}");
    ann.0.text("/statement 1999-01");
    ann.reads("Nothing moved in 1999-01").await;
    ann.0.text("/statement soon");
    ann.reads("A month is written").await;
    ann.0.text("/usage");
    ann.reads("This month: 1 session").await;
    house.finish().await;
}

fn verify(receipt: &Path, checkpoints: Option<&Path>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rei-bot"));
    command.args(["receipt", "verify"]).arg(receipt);
    if let Some(checkpoints) = checkpoints {
        command.arg("--checkpoint").arg(checkpoints);
    }
    command.output().expect("the binary runs")
}

#[actix_rt::test]
async fn a_receipt_is_true_on_a_terminal_and_in_a_browser_until_a_byte_is_changed() {
    let house = TestHouse::start(Engine::Sqlite).await;
    let ann = house.person(7);
    ann.orders("a fox").await;
    ann.gets_picture().await;
    ann.0.text("/receipt");
    let receipt = gets_text(&ann, 1).await;
    ann.reads("proves that these movements").await;
    let client = reqwest::Client::new();
    let get = async |path: &str| {
        let answer = client.get(house.http(path)).send().await;
        let answer = answer.expect("the bot answers");
        assert!(answer.status().is_success(), "{path}");
        answer.text().await.expect("the answer is text")
    };
    let published = get("/checkpoints").await;

    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let place = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("the folder can be written");
        path
    };
    let truth = place("receipt.json", &receipt);
    let list = place("checkpoints.json", &published);
    for checkpoints in [None, Some(list.as_path())] {
        let said = verify(&truth, checkpoints);
        assert!(said.status.success(), "{said:?}");
        assert!(String::from_utf8_lossy(&said.stdout).contains("capture of 25.00"));
    }
    let altered = receipt.replace("\"amount\": 2500", "\"amount\": 2400");
    assert_ne!(altered, receipt);
    let lie = place("altered.json", &altered);
    let said = verify(&lie, None);
    assert_eq!(said.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&said.stderr).lines().count(), 1);

    let browser = Browser::open(&house.http("/verify")).await;
    let field = "#file";
    browser
        .write(field, truth.to_str().expect("a plain path"))
        .await;
    let verdict = |kind: &str| {
        format!("return document.querySelector('#verdict.{kind}') && document.body.innerText")
    };
    let shown = browser.sees("the truth", &verdict("true")).await;
    let shown = shown.as_str().unwrap_or_default();
    assert!(
        shown.contains("25.00 ₽") && shown.contains("user:7:held"),
        "{shown}"
    );
    browser.keep_picture("verify-page.png").await;
    browser
        .write(field, lie.to_str().expect("a plain path"))
        .await;
    browser.sees("the lie", &verdict("false")).await;
    browser.close().await;
    house.finish().await;
}
