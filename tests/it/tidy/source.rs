//! The project's own files, and Rust text without its comments and strings. Judges nothing.

use std::fs;
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::str::Chars;

/// Folders that are made and not written, or that belong to tools.
const NOT_OURS: [&str; 4] = [".git", "data", "node_modules", "target"];

/// A text file of the project.
pub(crate) struct SourceFile {
    /// From the workspace root, with `/`.
    pub(crate) path: String,
    /// What is in it.
    pub(crate) text: String,
}

impl SourceFile {
    /// Whether only tests or benches are in it.
    pub(crate) fn is_for_tests(&self) -> bool {
        self.path.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "benches" | "testkit"))
    }

    /// Returns the lines of code, numbered from one, without comments, strings and characters.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, String)> {
        let code = without_comments_and_strings(&self.text);
        code.lines()
            .map(str::to_owned)
            .enumerate()
            .map(|(index, line)| (index + 1, line))
            .collect::<Vec<_>>()
            .into_iter()
    }
}

/// Returns the workspace's root folder.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Returns every text file of the project, sorted by path.
pub(crate) fn text_files() -> Vec<SourceFile> {
    let mut files = Vec::new();
    collect(&root(), "", &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// Returns every Rust file of the project, sorted by path.
pub(crate) fn rust_files() -> Vec<SourceFile> {
    let mut files = text_files();
    files.retain(|file| file.path.ends_with(".rs"));
    assert!(files.len() > 100, "only {} Rust files found: the search looks in the wrong folder", files.len());
    files
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<SourceFile>) {
    for entry in fs::read_dir(folder).expect("folder") {
        let entry = entry.expect("entry");
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_folder = entry.file_type().expect("kind").is_dir();
        if is_folder && NOT_OURS.contains(&name.as_str()) {
            continue;
        }
        let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        if is_folder {
            collect(&entry.path(), &path, files);
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            // What is no UTF-8 is no text of ours: pictures, fixtures of broken bytes.
            files.push(SourceFile { path, text });
        }
    }
}

/// Replaces comments, strings and characters by nothing, and keeps every line break.
fn without_comments_and_strings(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    let mut previous = ' ';
    while let Some(c) = rest.next() {
        match c {
            '/' if rest.peek() == Some(&'/') => skip_line_comment(&mut rest),
            '/' if rest.peek() == Some(&'*') => skip_block_comment(&mut rest, &mut code),
            '"' => skip_string(&mut rest, &mut code),
            'r' if !is_word(previous) || previous == 'b' => {
                let hashes = rest.clone().take_while(|c| *c == '#').count();
                if rest.clone().nth(hashes) == Some('"') {
                    skip_raw_string(&mut rest, hashes, &mut code);
                } else {
                    code.push(c);
                }
            }
            '\'' => skip_character(&mut rest),
            _ => code.push(c),
        }
        previous = c;
    }
    code
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn skip_line_comment(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|c| *c != '\n').is_some() {}
}

fn skip_block_comment(rest: &mut Peekable<Chars<'_>>, code: &mut String) {
    let mut depth = 1;
    rest.next();
    while let Some(c) = rest.next() {
        match c {
            '\n' => code.push(c),
            '/' if rest.next_if_eq(&'*').is_some() => depth += 1,
            '*' if rest.next_if_eq(&'/').is_some() => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return;
        }
    }
}

fn skip_string(rest: &mut Peekable<Chars<'_>>, code: &mut String) {
    while let Some(c) = rest.next() {
        match c {
            '"' => return,
            '\\' => code.extend(rest.next().filter(|c| *c == '\n')),
            '\n' => code.push(c),
            _ => {}
        }
    }
}

fn skip_raw_string(rest: &mut Peekable<Chars<'_>>, hashes: usize, code: &mut String) {
    for _ in 0..=hashes {
        rest.next();
    }
    while let Some(c) = rest.next() {
        if c == '\n' {
            code.push(c);
        }
        if c == '"' && rest.clone().take_while(|c| *c == '#').count() >= hashes {
            for _ in 0..hashes {
                rest.next();
            }
            return;
        }
    }
}

/// Skips the rest of `'x'` or `'\n'`; a lifetime stays, without its tick.
fn skip_character(rest: &mut Peekable<Chars<'_>>) {
    if rest.next_if_eq(&'\\').is_some() {
        rest.next();
        while rest.next().is_some_and(|c| c != '\'') {}
    } else if rest.clone().nth(1) == Some('\'') {
        rest.next();
        rest.next();
    }
}

#[test]
fn comments_strings_and_characters_are_no_code() {
    for (text, expected) in [
        ("let a = 1; // f64\nlet b;", "let a = 1; \nlet b;"),
        ("/* f64 /* still */ f64\n */ fn f() {}", "\n fn f() {}"),
        (r#"let a = "f64 \" f64"; b"#, "let a = ; b"),
        ("let a = r#\"f64\n\"f64\"#; b", "let a = \n; b"),
        ("let a = br\"f64\"; b", "let a = b; b"),
        ("fn f<'a>(q: &'a str) { '\"'; '\\''; 'x' }", "fn f<a>(q: &a str) { ; ;  }"),
        ("for x in y { attr\"\" }", "for x in y { attr }"),
    ] {
        assert_eq!(without_comments_and_strings(text), expected, "{text}");
    }
}
