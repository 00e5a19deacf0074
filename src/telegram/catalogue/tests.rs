use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

/// Keys with the variables they use, read from the source by Fluent's grammar: a message
/// begins in the first column, its continuation is indented.
fn messages(source: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut messages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = String::new();
    for line in source.lines().filter(|line| !line.starts_with('#')) {
        let begins = line.starts_with(|first: char| first.is_ascii_alphabetic());
        if begins {
            let (key, _) = line.split_once(" =").expect("a message has a value");
            current = key.to_owned();
            let repeated = messages.insert(current.clone(), BTreeSet::new());
            assert!(repeated.is_none(), "{current} is there twice");
        }
        for piece in line.split('$').skip(1) {
            let end = piece
                .find(|next: char| !next.is_ascii_alphanumeric())
                .unwrap_or(piece.len());
            let variables = messages.get_mut(&current).expect("a message has begun");
            variables.insert(piece[..end].to_owned());
        }
    }
    messages
}

fn rust_sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the sources are readable") {
        let path = entry.expect("the sources are readable").path();
        if path.is_dir() {
            rust_sources(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

#[test]
fn both_catalogues_have_the_same_keys_with_the_same_variables() {
    let russian = messages(RUSSIAN);
    assert!(russian.len() > 50, "the catalogue was not read");
    assert_eq!(russian, messages(ENGLISH));
}

#[test]
fn every_message_formats_for_every_plural() {
    let catalogue = Catalogue::embedded();
    for language in Language::ALL {
        for (key, variables) in messages(source(language)) {
            for count in [0_u64, 1, 2, 5, 11, 21, 22, 100] {
                let mut args = FluentArgs::new();
                for variable in &variables {
                    args.set(variable.as_str(), count);
                }
                let text = catalogue.format_exactly(language, &key, &args);
                assert!(text.is_some(), "{language:?} {key}");
            }
        }
    }
}

#[test]
fn every_message_is_used() {
    let mut paths = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/telegram");
    rust_sources(&root, &mut paths);
    let mut code = String::new();
    for path in paths {
        code.push_str(&fs::read_to_string(path).expect("the sources are readable"));
    }
    for key in messages(RUSSIAN).keys() {
        assert!(code.contains(&format!("\"{key}\"")), "{key} is never said");
    }
}

#[test]
fn russian_plurals_follow_the_number() {
    let catalogue = Catalogue::embedded();
    let say = |count: u64| {
        let mut args = FluentArgs::new();
        args.set("seconds", count);
        catalogue.format(Language::Russian, "duration-seconds", &args)
    };
    let expected = [
        (1, "1 секунду"),
        (2, "2 секунды"),
        (5, "5 секунд"),
        (11, "11 секунд"),
        (12, "12 секунд"),
        (21, "21 секунду"),
        (22, "22 секунды"),
        (100, "100 секунд"),
        (101, "101 секунду"),
    ];
    for (count, text) in expected {
        assert_eq!(say(count), text);
    }
}

#[test]
fn a_message_that_is_missing_shows_its_key() {
    let catalogue = Catalogue::embedded();
    let text = catalogue.text(Language::English, "no-such-message");
    assert_eq!(text, "{no-such-message}");
}

#[test]
fn a_message_without_its_argument_shows_its_key() {
    let catalogue = Catalogue::embedded();
    let text = catalogue.text(Language::English, "card-price");
    assert_eq!(text, "{card-price}");
}

#[test]
fn a_message_that_english_lacks_is_said_in_russian() {
    let english: LanguageIdentifier = "en".parse().expect("a language tag");
    let catalogue = Catalogue {
        russian: bundle(Language::Russian),
        english: Bundle::new_concurrent(vec![english]),
    };
    let text = catalogue.text(Language::English, "language-name");
    assert_eq!(text, "Русский");
}
