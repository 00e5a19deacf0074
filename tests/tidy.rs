//! Rules of the house that the compiler cannot see, read off the sources.

use std::fs;
use std::path::{Path, PathBuf};

/// A source file below the repository's root.
struct Source {
    /// With forward slashes, relative to the root.
    path: String,
    text: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &str, extensions: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root().join(folder), extensions, &mut found);
    assert!(!found.is_empty(), "{folder} has no {extensions:?} files");
    found
}

fn collect(folder: &Path, extensions: &[&str], found: &mut Vec<Source>) {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    for entry in entries {
        let path = entry.expect("the entry can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                collect(&path, extensions, found);
            }
            continue;
        }
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        if extensions.contains(&extension.as_ref()) {
            let relative = path.strip_prefix(root()).expect("below the root");
            found.push(Source {
                path: relative.to_string_lossy().replace('\\', "/"),
                text: fs::read_to_string(&path).expect("sources are UTF-8"),
            });
        }
    }
}

/// Lines of code, without comments, with their numbers from 1.
fn code(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    source
        .text
        .lines()
        .enumerate()
        .map(|(number, line)| (number + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Fails with every place that says a word where it must not.
fn nobody_says(folder: &str, words: &[&str], allowed: impl Fn(&str) -> bool, reason: &str) {
    let mut places = Vec::new();
    for source in sources(folder, &["rs"]) {
        if allowed(&source.path) {
            continue;
        }
        for (number, line) in code(&source) {
            if let Some(word) = words.iter().find(|word| line.contains(*word)) {
                places.push(format!("{}:{number} says {word}", source.path));
            }
        }
    }
    assert!(places.is_empty(), "{reason}:\n{}", places.join("\n"));
}

#[test]
fn the_domain_is_pure() {
    let words = [
        "async ",
        ".await",
        "SystemTime",
        "Instant",
        "std::fs",
        "std::net",
        "std::env",
        "tokio",
        "serde",
        "rand::",
        "HashMap",
    ];
    let tests_may = |path: &str| path.ends_with("tests.rs");
    nobody_says(
        "domain",
        &words,
        tests_may,
        "the domain decides and nothing else",
    );
}

#[test]
fn actors_know_no_wire_and_no_sql() {
    let words = [
        "diesel",
        "reqwest",
        "teloxide",
        "actix_web",
        "SELECT ",
        "http://",
    ];
    nobody_says(
        "actors",
        &words,
        |_| false,
        "actors coordinate through ports",
    );
}

#[test]
fn each_library_of_the_outside_has_one_room() {
    let store = |path: &str| path.starts_with("src/store");
    nobody_says("src", &["diesel"], store, "only src/store says diesel");
    let telegram = |path: &str| path.starts_with("src/telegram");
    nobody_says(
        "src",
        &["teloxide"],
        telegram,
        "only src/telegram says teloxide",
    );
    let rates = |path: &str| path.starts_with("src/rates");
    nobody_says(
        "src",
        &["deadpool_redis"],
        rates,
        "only src/rates says redis",
    );
    let callers = |path: &str| {
        ["src/payments", "src/providers", "src/telegram"]
            .iter()
            .any(|room| path.starts_with(room))
    };
    nobody_says(
        "src",
        &["reqwest"],
        callers,
        "only adapters call the outside",
    );
}

#[test]
fn the_journal_is_only_ever_appended_to() {
    let mut places = Vec::new();
    for source in sources("src/store", &["rs"]) {
        if source.path.contains("test") {
            continue;
        }
        for (number, line) in code(&source) {
            let line = line.to_ascii_uppercase();
            for word in [
                "UPDATE LEDGER ",
                "DELETE FROM LEDGER ",
                "UPDATE USER_BALANCE_CACHE",
            ] {
                if line.contains(word) {
                    places.push(format!("{}:{number} says {word}", source.path));
                }
            }
        }
    }
    assert!(places.is_empty(), "{}", places.join("\n"));
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |folder: &str| {
        let mut names: Vec<String> = fs::read_dir(root().join("migrations").join(folder))
            .expect("the folder can be read")
            .map(|entry| entry.expect("the entry can be read").file_name())
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("postgres"), names("sqlite"));
}

#[test]
fn every_config_key_has_a_comment() {
    let text = fs::read_to_string(root().join("config/default.toml")).expect("it is there");
    let mut commented = false;
    let mut bare = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() {
            commented = false;
        } else if line.starts_with('#') {
            commented = true;
        } else if line.contains('=') && !commented && !line.contains('#') {
            bare.push(format!("config/default.toml:{} {line}", number + 1));
        }
    }
    assert!(bare.is_empty(), "keys without a word:\n{}", bare.join("\n"));
}

#[test]
fn every_metric_is_ours_by_name() {
    for folder in ["actors", "src"] {
        for source in sources(folder, &["rs"]) {
            if !source.path.contains("metrics") || source.path.contains("tests") {
                continue;
            }
            for (number, line) in code(&source) {
                let Some(name) = metric_name(line) else {
                    continue;
                };
                assert!(
                    name.starts_with("rei_"),
                    "{}:{number} names a metric {name}",
                    source.path
                );
            }
        }
    }
}

/// The name in a line that is nothing but a metric's name: `"rei_jobs_accepted_total",`.
fn metric_name(line: &str) -> Option<&str> {
    let name = line.trim().strip_prefix('"')?.strip_suffix("\",")?;
    let is_name = name.contains('_')
        && [
            "_total",
            "_seconds",
            "_bytes",
            "_ratio",
            "_kopecks",
            "_messages",
            "_up",
        ]
        .iter()
        .any(|unit| name.ends_with(unit));
    is_name.then_some(name)
}

#[test]
fn every_page_the_readme_links_to_exists() {
    let text = fs::read_to_string(root().join("README.md")).expect("it is there");
    for target in text.split("](").skip(1) {
        let target = target.split([')', '#']).next().unwrap_or_default();
        if target.is_empty() || target.contains("://") {
            continue;
        }
        assert!(root().join(target).exists(), "README.md links to {target}");
    }
}

#[test]
fn panics_unwind_in_every_profile() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("it is there");
    let aborts = manifest
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .any(|line| line.replace(' ', "").contains("panic=\"abort\""));
    assert!(!aborts, "supervision depends on unwinding");
}
