//! What is a line, a name and a value, by examples.

use super::lex;
use crate::{FileError, MAX_FILE_BYTES, MAX_VARIABLES};

#[track_caller]
fn check(file: &str, expected: &[(&str, &str, u32)]) {
    let read = lex(file.as_bytes()).expect("a file");
    let got: Vec<_> = read
        .variables
        .iter()
        .map(|variable| (variable.name.as_str(), variable.value.expose(), variable.line))
        .collect();
    assert_eq!(got, expected, "{file}");
}

#[track_caller]
fn check_warnings(file: &str, expected: &[(u32, &str)]) {
    let read = lex(file.as_bytes()).expect("a file");
    let got: Vec<_> = read.warnings.iter().map(|warning| (warning.line, warning.message.as_str())).collect();
    assert_eq!(got.len(), expected.len(), "{got:?}");
    for ((line, message), (expected_line, fragment)) in got.iter().zip(expected) {
        assert!(line == expected_line && message.contains(fragment), "{got:?}");
    }
}

#[test]
fn plain_assignments_are_read() {
    check("A=1\nB=two words\n\nC=\n", &[("A", "1", 1), ("B", "two words", 2), ("C", "", 4)]);
    check(
        "  A = 1  \nexport B=2\nset C=3\n- D=4\n",
        &[("A", "1", 1), ("B", "2", 2), ("C", "3", 3), ("D", "4", 4)],
    );
    check(
        "$env:A = \"1\"\nB: 2\nC:d=e\nexport=5\n",
        &[("A", "1", 1), ("B", "2", 2), ("C:d", "e", 3), ("export", "5", 4)],
    );
}

#[test]
fn comments_begin_after_a_space() {
    check(
        "# A=1\n; B=2\nC=a#b\nD=a #b\nE=#b\nF= #b\n",
        &[("C", "a#b", 3), ("D", "a", 4), ("E", "#b", 5), ("F", "", 6)],
    );
    check("A='a # b' # c\nB=\"a # b\"# c\n", &[("A", "a # b", 1), ("B", "a # b", 2)]);
}

#[test]
fn quotes_keep_what_they_hold() {
    check("A='a\\n\"b\"'\n", &[("A", "a\\n\"b\"", 1)]);
    check("A=\"a\\n\\\"b\\\"\\t\\\\n\\d\"\n", &[("A", "a\n\"b\"\t\\n\\d", 1)]);
    check("A=`it's \"so\"`\n", &[("A", "it's \"so\"", 1)]);
    check("A=\" a \"\nB=it's\n", &[("A", " a ", 1), ("B", "it's", 2)]);
    check("A=“a b”\n", &[("A", "a b", 1)]);
}

#[test]
fn values_in_quotes_go_over_lines() {
    check("A=\"one  \n two\n\"\nB=3\n", &[("A", "one  \n two\n", 1), ("B", "3", 4)]);
    check("A='x\r\ny'\r\nB=1\r\n", &[("A", "x\ny", 1), ("B", "1", 3)]);
}

#[test]
fn line_ends_and_marks_of_every_system_are_taken() {
    check("\u{feff}A=1\r\nB=2\rC=3\n", &[("A", "1", 1), ("B", "2", 2), ("C", "3", 3)]);
}

#[test]
fn an_unclosed_quote_costs_its_own_line_only() {
    check("A=\"x\nB=\"y\"\nC='z\nD=1", &[("B", "y", 2), ("D", "1", 4)]);
    check_warnings("A=\"x\nB=\"y\"\nC='z\nD=1", &[(1, "never closed"), (3, "never closed")]);
}

#[test]
fn unquoted_blocks_are_taken_whole() {
    check(
        "A={\n \"b\": \"}\",\n \"c\": [1]\n}\nD=1\n",
        &[("A", "{\n \"b\": \"}\",\n \"c\": [1]\n}", 1), ("D", "1", 5)],
    );
    check("A={b\nC=1\n}\n", &[("A", "{b", 1), ("C", "1", 2)]);
    let pem = "-----BEGIN KEY-----\nRmFrZQ==\n-----END KEY-----";
    check(&format!("A={pem}\nB=1\n"), &[("A", pem, 1), ("B", "1", 4)]);
    check("A=-----BEGIN KEY-----\nB_C=1\n", &[("A", "-----BEGIN KEY-----", 1), ("B_C", "1", 2)]);
}

#[test]
fn broken_lines_are_warnings_with_their_number() {
    check_warnings("A=1\nno assignment\n=x\nA B=1\n", &[(2, "no `=`"), (3, "no name"), (4, "characters")]);
    check_warnings(
        "A=1\nB=2\nA=3\nA=4\n",
        &[(3, "on line 1 and again on line 3"), (4, "on line 3 and again on line 4")],
    );
    check("A=1\nB=2\nA=3\n", &[("B", "2", 2), ("A", "3", 3)]);
}

#[test]
fn a_line_that_is_not_utf_8_is_left_out_alone() {
    let read = lex(b"# f\xfcr\nA=1\nB=\xfc\nC=3\n").expect("a file");
    assert_eq!(read.variables.len(), 2);
    assert_eq!(read.warnings.iter().map(|warning| warning.line).collect::<Vec<_>>(), [3]);
}

#[test]
fn keys_that_strayed_before_an_equals_sign_are_not_repeated() {
    let read = lex(b"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj9==\n").expect("a file");
    assert!(read.variables.is_empty());
    assert!(!format!("{:?}", read.warnings).contains("MIIE"));
}

#[test]
fn limits_are_refusals() {
    assert_eq!(lex(&vec![b'\n'; MAX_FILE_BYTES + 1]), Err(FileError::TooLarge { bytes: MAX_FILE_BYTES + 1 }));
    assert!(lex(&vec![b'\n'; MAX_FILE_BYTES]).is_ok());
    let many: String = (0..=MAX_VARIABLES).map(|number| format!("V{number}=\n")).collect();
    assert_eq!(lex(many.as_bytes()), Err(FileError::TooManyVariables));
    assert_eq!(lex(b"A=1\n\0"), Err(FileError::NotText { at: 4 }));
    assert_eq!(lex(b"\xff\xfeA\0"), Err(FileError::NotText { at: 0 }));
}

#[test]
fn a_file_of_nothing_but_broken_lines_has_a_bounded_answer() {
    let file = "A={\"\n".repeat(40_000) + &"x\n".repeat(20_000);
    assert_eq!(lex(file.as_bytes()), Err(FileError::TooManyVariables));
    let read = lex("x\n".repeat(100_000).as_bytes()).expect("a file");
    assert!(read.warnings.len() <= 201, "{}", read.warnings.len());
}
