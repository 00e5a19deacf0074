use proptest::prelude::*;

use super::*;
use crate::ids::UserId;
use crate::ledger::GENESIS;

const SHARD: ShardId = ShardId(1);
const NOON: i64 = 1_800_014_400_000_000;

/// A run of rows as the journal has them, each with its hash.
fn rows(count: i64) -> Vec<(ProvenRow, Digest32)> {
    let mut previous = Digest32::parse(GENESIS).unwrap();
    let mut rows = Vec::new();
    for seq in 1..=count {
        let row = ProvenRow {
            seq,
            debit: Account::Available(UserId(7)).render(),
            credit: Account::Held(UserId(7)).render(),
            amount: Money::from_kopecks(100 + seq),
            kind: TransferKind::Hold.as_str().to_owned(),
            key: format!("hold:{seq}"),
            reference: format!("job:{seq}"),
            at: Moment(NOON + seq),
            previous,
            path: Vec::new(),
        };
        let hash = row.hash(SHARD).unwrap();
        previous = hash;
        rows.push((row, hash));
    }
    rows
}

/// A checkpoint over the rows after the first `before`, and each of them with its proof.
fn checkpoint(before: i64, count: i64) -> (Checkpoint, Vec<ProvenRow>) {
    let rows = rows(before + count);
    let run = &rows[usize::try_from(before).unwrap()..];
    let hashes: Vec<Digest32> = run.iter().map(|(_, hash)| *hash).collect();
    let tree = Tree::over(&hashes).unwrap();
    let checkpoint = Checkpoint {
        shard: SHARD,
        number: 3,
        day: Day::of(Moment(NOON)),
        first: before + 1,
        last: before + count,
        root: tree.root(),
        head: hashes[hashes.len() - 1],
        previous: Checkpoint::NONE_BEFORE,
    };
    let prove = |(index, (row, _)): (usize, &(ProvenRow, Digest32))| ProvenRow {
        path: tree.path(index).unwrap(),
        ..row.clone()
    };
    (checkpoint, run.iter().enumerate().map(prove).collect())
}

#[test]
fn every_row_of_every_small_run_is_proven() {
    for count in 1..70 {
        let (checkpoint, rows) = checkpoint(5, count);
        for row in rows {
            assert_eq!(row.check(&checkpoint), Ok(()), "{count}: {row:?}");
        }
    }
}

#[test]
fn a_proof_grows_with_the_logarithm_of_the_run() {
    let (_, rows) = checkpoint(0, 1_000);
    assert!(rows.iter().all(|row| row.path.len() <= 10));
}

#[test]
fn a_tree_of_three_is_two_and_one() {
    let row = |byte| Digest32([byte; 32]);
    let tree = Tree::over(&[row(1), row(2), row(3)]).unwrap();
    let left = node(&leaf(&row(1)), &leaf(&row(2)));
    assert_eq!(tree.root(), node(&left, &leaf(&row(3))));
    assert_eq!(tree.path(2), Some(vec![left]));
    assert_eq!(tree.path(3), None);
}

#[test]
fn a_node_never_passes_for_a_row() {
    // Without the byte that sets them apart, the two left leaves would be a row of a tree of two.
    let row = |byte| Digest32([byte; 32]);
    let tree = Tree::over(&[row(1), row(2), row(3), row(4)]).unwrap();
    let inner = node(&leaf(&row(1)), &leaf(&row(2)));
    let beside = node(&leaf(&row(3)), &leaf(&row(4)));
    assert!(!is_under(&tree.root(), &inner, 0, 2, &[beside]));
}

#[test]
fn a_row_of_another_day_or_outside_of_the_run_is_refused() {
    let (checkpoint, rows) = checkpoint(2, 4);
    let row = rows[0].clone();
    let fault = Err(ReceiptFault::NotCovered { seq: 3 });
    let later = Checkpoint {
        day: Day(checkpoint.day.0 + 1),
        ..checkpoint.clone()
    };
    assert_eq!(row.check(&later), fault);
    let narrower = Checkpoint {
        first: 4,
        ..checkpoint
    };
    assert_eq!(row.check(&narrower), fault);
}

#[test]
fn a_run_that_claims_another_beginning_is_seen_by_the_checkpoints_hash() {
    // The proof alone cannot tell: the second of two rows and the third of three both have one
    // neighbour, on their left (RFC 9162 leaves the size of the tree to its signed head).
    let (checkpoint, rows) = checkpoint(3, 2);
    let longer = Checkpoint {
        first: checkpoint.first - 1,
        ..checkpoint.clone()
    };
    assert_eq!(rows[1].check(&longer), Ok(()));
    assert_ne!(longer.hash(), checkpoint.hash());
}

#[test]
fn an_account_spelled_otherwise_is_no_account() {
    let (checkpoint, rows) = checkpoint(0, 3);
    let mut row = rows[0].clone();
    row.debit = "user:+7:available".to_owned();
    assert_eq!(row.check(&checkpoint), Err(ReceiptFault::Row));
}

#[test]
fn days_are_those_of_the_calendar() {
    assert_eq!(Day(0).render(), "1970-01-01");
    assert_eq!(Day::of(Moment(NOON)).render(), "2027-01-15");
    assert_eq!(Day::parse("2024-02-29").unwrap().render(), "2024-02-29");
    for wrong in [
        "2023-02-29",
        "2026-1-01",
        "2026-13-01",
        "26-01-01",
        "x",
        "2026-01-01-",
    ] {
        assert_eq!(Day::parse(wrong), None, "{wrong}");
    }
    assert_eq!(Day::of(Moment(-1)).render(), "1969-12-31");
}

proptest! {
    #[test]
    fn dates_survive_their_text(day in 0_i64..2_900_000) {
        let day = Day(day);
        prop_assert_eq!(Day::parse(&day.render()), Some(day));
        let (year, month, date) = day.date();
        prop_assert_eq!(Day::from_date(year, month, date), day);
    }

    #[test]
    fn digests_survive_their_text(bytes in any::<[u8; 32]>()) {
        let digest = Digest32(bytes);
        prop_assert_eq!(Digest32::parse(&digest.render()), Some(digest));
        let capitals = digest.render().to_uppercase();
        prop_assert_eq!(Digest32::parse(&capitals).is_some(), capitals == digest.render());
    }

    /// A change of any one field of the row, of its proof or of the root is seen by the row's own
    /// check. Where the run begins and ends is covered by the checkpoint's hash instead.
    #[test]
    fn one_change_anywhere_refuses(
        count in 1_i64..40, which in 0_usize..40, field in 0_usize..11, bit in 0_usize..256
    ) {
        let (checkpoint, rows) = checkpoint(3, count);
        let mut row = rows[which % rows.len()].clone();
        let mut changed = checkpoint.clone();
        let flip = |digest: &mut Digest32| digest.0[bit / 8] ^= 1 << (bit % 8);
        match field {
            0 => row.seq += 1,
            1 => row.debit = "user:8:available".to_owned(),
            2 => row.credit = "user:8:held".to_owned(),
            3 => row.amount = Money::from_kopecks(row.amount.kopecks() ^ (1 << (bit % 30))),
            4 => row.kind = "void".to_owned(),
            5 => row.key.push('x'),
            6 => row.reference.push('x'),
            7 => row.at = Moment(row.at.0 + 1),
            8 => flip(&mut row.previous),
            9 => match row.path.first_mut() {
                Some(neighbour) => flip(neighbour),
                None => row.path.push(changed.root),
            },
            _ => flip(&mut changed.root),
        }
        prop_assert!(row.check(&changed).is_err());
    }

    /// Whatever is altered in a checkpoint, its hash is another.
    #[test]
    fn a_checkpoints_hash_covers_all_of_it(field in 0_usize..8, bit in 0_usize..256) {
        let (checkpoint, _) = checkpoint(3, 5);
        let mut changed = checkpoint.clone();
        let flip = |digest: &mut Digest32| digest.0[bit / 8] ^= 1 << (bit % 8);
        match field {
            0 => changed.shard = ShardId(2),
            1 => changed.number += 1,
            2 => changed.day = Day(changed.day.0 + 1),
            3 => changed.first += 1,
            4 => changed.last += 1,
            5 => flip(&mut changed.root),
            6 => flip(&mut changed.head),
            _ => flip(&mut changed.previous),
        }
        prop_assert_ne!(changed.hash(), checkpoint.hash());
    }
}
