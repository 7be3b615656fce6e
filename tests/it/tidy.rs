//! The shape of the code: sizes, first lines, names, and what must not be there. What rustc and clippy can say is said there.

pub(crate) mod source;

use std::fs;

use source::{SourceFile, root, rust_files, text_files};

/// No file is longer, tests included.
const MOST_LINES: usize = 500;
/// Longer ones are named, so that somebody thinks of a seam.
const LONG_LINES: usize = 350;
/// Names that say nothing of what is inside, so that everything ends up in there.
const DRAWERS: [&str; 11] =
    ["util", "utils", "helper", "helpers", "common", "manager", "managers", "misc", "shared", "data", "info"];
/// Where the test is that takes minutes: `make chaos` runs it. A small one of the same code runs with the others.
const RUN_APART: &str = "tests/it/faults/mod.rs";
/// Where amounts are read, calculated and written.
const MONEY_PATH: [&str; 4] = ["crates/domain/", "crates/adapters/", "src/pipeline/", "src/http/"];

#[test]
fn every_rust_file_begins_with_a_sentence_on_what_is_in_it() {
    let broken = |file: &SourceFile| {
        let first = file.text.lines().next().unwrap_or_default();
        let sentence = first.strip_prefix("//! ").unwrap_or_default();
        (sentence.len() < 10).then(|| format!("{}: starts with {first:?}", file.path))
    };
    refuse(rust_files().iter().filter_map(broken));
}

#[test]
fn no_rust_file_is_longer_than_a_person_reads_at_once() {
    let files = rust_files();
    let with_length = || files.iter().map(|file| (file.text.lines().count(), &file.path));
    for (lines, path) in with_length().filter(|(lines, _)| *lines > LONG_LINES) {
        println!("long: {path} has {lines} lines; {LONG_LINES} read better");
    }
    refuse(
        with_length()
            .filter(|(lines, _)| *lines > MOST_LINES)
            .map(|(lines, path)| format!("{path}: {lines} lines")),
    );
}

#[test]
fn no_file_or_folder_is_a_drawer() {
    let broken = |file: &SourceFile| {
        let is_drawer = |part: &str| DRAWERS.contains(&part.trim_end_matches(".rs"));
        file.path.split('/').any(is_drawer).then(|| file.path.clone())
    };
    refuse(rust_files().iter().filter_map(broken));
}

#[test]
fn nothing_is_left_for_later_and_no_test_is_switched_off() {
    let unwanted = ["todo!", "unimplemented!", "dbg!", "#[ignore", "#[should_panic", "#[allow("];
    refuse(lines_with(&rust_files(), |file, line| {
        let is_run_apart = |word: &str| word == "#[ignore" && file.path == RUN_APART;
        unwanted.into_iter().find(|word| has_token(line, word) && !is_run_apart(word)).map(str::to_owned)
    }));
}

#[test]
fn production_code_defines_no_macros() {
    refuse(lines_with(&rust_files(), |file, line| {
        (!file.is_for_tests() && line.contains("macro_rules!")).then(|| "macro_rules!".to_owned())
    }));
}

#[test]
fn no_float_comes_near_an_amount() {
    let is_on_money_path = |file: &SourceFile| MONEY_PATH.iter().any(|folder| file.path.starts_with(folder));
    refuse(lines_with(&rust_files(), |file, line| {
        // An example of the API reference shows what a person writes, decimal point included.
        let has_float = line.contains("f64")
            || line.contains("f32")
            || (has_float_literal(line) && !line.contains("example"));
        (has_float && is_on_money_path(file) && !file.is_for_tests()).then(|| "a float".to_owned())
    }));
}

#[test]
fn no_file_names_a_folder_outside_the_project() {
    // In pieces, so that this file does not find itself.
    let outside = [concat!("/wo", "rk/"), concat!("../sha", "red"), concat!(".lib", "rary")];
    let specs = concat!("../sha", "red/specs");
    let mut found = Vec::new();
    for file in text_files().iter().filter(|file| file.path != "Cargo.lock") {
        for (index, line) in file.text.lines().enumerate() {
            let line = line.replace(specs, "");
            if outside.iter().any(|word| line.contains(word)) {
                found.push(format!("{}:{}: {}", file.path, index + 1, line.trim()));
            }
        }
    }
    refuse(found);
}

#[test]
fn every_crate_lives_under_the_lints_of_the_workspace() {
    let metadata =
        cargo_metadata::MetadataCommand::new().current_dir(root()).no_deps().exec().expect("cargo metadata");
    let mut found = Vec::new();
    for package in metadata.workspace_packages() {
        let manifest = fs::read_to_string(&package.manifest_path).expect("manifest");
        let lines: Vec<&str> = manifest.lines().map(str::trim).collect();
        let has = |section: &str, setting: &str| {
            let start = lines.iter().position(|line| *line == section);
            start.is_some_and(|start| {
                lines
                    .iter()
                    .skip(start + 1)
                    .take_while(|line| !line.starts_with('['))
                    .any(|line| *line == setting)
            })
        };
        if !has("[lints]", "workspace = true") {
            found.push(format!("{}: [lints] workspace = true is missing", package.manifest_path));
        }
        let is_library = package.targets.iter().any(cargo_metadata::Target::is_lib);
        if is_library && !has("[lib]", "doctest = false") {
            found.push(format!("{}: [lib] doctest = false is missing", package.manifest_path));
        }
    }
    refuse(found);
}

/// Returns `path:line: what` for every line of code of which `judge` says something.
fn lines_with(files: &[SourceFile], judge: impl Fn(&SourceFile, &str) -> Option<String>) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        for (number, line) in file.code() {
            if let Some(what) = judge(file, &line) {
                found.push(format!("{}:{number}: {what} in `{}`", file.path, line.trim()));
            }
        }
    }
    found
}

/// Whether `word` stands in `line`, not as the end of a longer word.
fn has_token(line: &str, word: &str) -> bool {
    let is_free = |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| is_free(at))
}

/// Whether a number with a decimal point stands in `line`; a tuple's `pair.0.1` is none.
fn has_float_literal(line: &str) -> bool {
    let bytes = line.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    line.match_indices('.').any(|(at, _)| {
        let start = (0..at).rev().take_while(|at| is_digit(*at) || bytes[*at] == b'_').last();
        let is_number = start.is_some_and(|start| {
            let before = start.checked_sub(1).map_or(b' ', |before| bytes[before]);
            is_digit(start) && !before.is_ascii_alphanumeric() && before != b'.'
        });
        is_number && is_digit(at + 1)
    })
}

/// Fails with every finding on its own line.
#[track_caller]
pub(crate) fn refuse(found: impl IntoIterator<Item = String>) {
    let found: Vec<String> = found.into_iter().collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn a_float_literal_is_told_from_a_range_and_a_tuple() {
    for line in ["let a = 1.5;", "a * 0.1", "(2.0)", "x = 1_000.5"] {
        assert!(has_float_literal(line), "{line}");
    }
    for line in ["0..5", "pair.0.1", "a.0", "v1.2 ", "1.max(2)", "x.1.0"] {
        assert!(!has_float_literal(line), "{line}");
    }
}
