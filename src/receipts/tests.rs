use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use rei_domain::ids::UserId;
use rei_domain::ledger::{Account, GENESIS, PlatformAccount, TransferKind};
use rei_domain::receipt::Tree;

use super::*;

const NOON: i64 = 1_800_014_400_000_000;

/// A receipt of the rows at these places of a run of `count`.
fn receipt(count: i64, places: &[usize]) -> Receipt {
    let shard = ShardId(1);
    let mut previous = Digest32::parse(GENESIS).unwrap();
    let (mut rows, mut hashes) = (Vec::new(), Vec::new());
    for seq in 1..=count {
        let row = ProvenRow {
            seq,
            debit: Account::Platform(PlatformAccount::Payments, shard).render(),
            credit: Account::Available(UserId(7)).render(),
            amount: Money::from_kopecks(10_000 + seq),
            kind: TransferKind::Payment.as_str().to_owned(),
            key: format!("topup:{seq}"),
            reference: "пополнение \"1\"".to_owned(),
            at: Moment(NOON + seq),
            previous,
            path: Vec::new(),
        };
        previous = row.hash(shard).unwrap();
        hashes.push(previous);
        rows.push(row);
    }
    let tree = Tree::over(&hashes).unwrap();
    let checkpoint = Checkpoint {
        shard,
        number: 4,
        day: Day::of(Moment(NOON)),
        first: 1,
        last: count,
        root: tree.root(),
        head: previous,
        previous: Checkpoint::NONE_BEFORE,
    };
    let proven = places.iter().map(|place| {
        let path = tree.path(*place).unwrap();
        (
            4,
            ProvenRow {
                path,
                ..rows[*place].clone()
            },
        )
    });
    Receipt {
        rows: proven.collect(),
        checkpoints: vec![checkpoint],
    }
}

fn published(receipt: &Receipt) -> String {
    let checkpoints = receipt.checkpoints.iter().map(Published::of).collect();
    serde_json::to_string(&PublishedList { checkpoints }).unwrap()
}

#[test]
fn a_receipt_holds_with_and_without_the_published_list() {
    let receipt = receipt(9, &[0, 4, 8]);
    let file = render(&receipt);
    let list = published(&receipt);
    for list in [None, Some(list.as_str())] {
        let proven = verify(&file, list).unwrap();
        assert_eq!(proven.rows.len(), 3);
        assert_eq!(proven.rows[1].1.amount, Money::from_kopecks(10_005));
    }
}

#[test]
fn a_receipt_of_a_checkpoint_that_was_never_published_is_refused() {
    let file = render(&receipt(9, &[3]));
    let list = published(&receipt(8, &[3]));
    let fault = Fault::Receipt(ReceiptFault::NotPublished);
    assert_eq!(verify(&file, Some(&list)), Err(fault));
    assert_eq!(verify(&file, Some("{}")), Err(Fault::UnreadableList));
}

#[test]
fn a_receipt_without_rows_proves_nothing() {
    let mut empty = receipt(3, &[0]);
    empty.rows.clear();
    assert_eq!(
        verify(&render(&empty), None),
        Err(Fault::Receipt(ReceiptFault::Empty))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn one_altered_byte_anywhere_refuses(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let file = render(&receipt(5, &[1, 4]));
        let mut bytes = file.clone().into_bytes();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        if let Ok(altered) = String::from_utf8(bytes) {
            prop_assert!(verify(&altered, None).is_err(), "{}", altered);
        }
    }
}

/// The verifier of `docs/LEDGER.md`, as anybody would copy it from there.
fn python_of_the_docs() -> String {
    let page = include_str!("../../docs/LEDGER.md");
    let (_, after) = page
        .split_once("```python\n")
        .expect("the page has a verifier");
    let (program, _) = after.split_once("```").expect("the verifier has an end");
    program.to_owned()
}

fn python_says(file: &str, list: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let (receipt, checkpoints) = (folder.path().join("r.json"), folder.path().join("c.json"));
    std::fs::write(&receipt, file).unwrap();
    std::fs::write(&checkpoints, list).unwrap();
    let mut python = Command::new("python3")
        .arg("-")
        .args([&receipt, &checkpoints])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("python3 is installed");
    let mut stdin = python.stdin.take().unwrap();
    stdin.write_all(python_of_the_docs().as_bytes()).unwrap();
    drop(stdin);
    python.wait().unwrap().success()
}

#[test]
fn the_verifier_of_the_docs_agrees_with_ours() {
    for count in [1, 2, 3, 5, 8, 13] {
        let places: Vec<usize> = (0..usize::try_from(count).unwrap()).collect();
        let receipt = receipt(count, &places);
        let (file, list) = (render(&receipt), published(&receipt));
        assert!(python_says(&file, &list), "{file}");
        let altered = file.replace("10001,", "10002,");
        assert!(!python_says(&altered, &list), "an altered sum");
        let altered = file.replace("user:7:", "user:8:");
        assert!(!python_says(&altered, &list), "another's account");
        assert!(
            !python_says(&file, "{\"checkpoints\":[]}"),
            "never published"
        );
    }
}
