//! References within a file: what is one, and what becomes of it.

use crate::lex;

#[track_caller]
fn check(file: &str, name: &str, expected: &str) {
    let read = lex(file.as_bytes()).expect("a file");
    let variable = read.variables.iter().find(|variable| variable.name == name).expect("the variable");
    assert_eq!(variable.value.expose(), expected, "{file}");
}

#[test]
fn references_mean_variables_of_the_file_wherever_they_stand() {
    check("A=1\nB=${A}2\n", "B", "12");
    check("B=${A}2\nA=1\n", "B", "12");
    check("A=1\nB=\"$A-x\"\n", "B", "1-x");
    check("A=1\nB=$A$A/${A}\n", "B", "11/1");
    check("A=1\nB=${A}\nC=${B}\n", "C", "1");
    check("A=1\nA=2\nB=${A}\n", "B", "2");
}

#[test]
fn the_process_environment_is_never_looked_at() {
    assert!(
        std::env::vars().any(|(name, _)| name == "PATH"),
        "the test needs a variable that the process has"
    );
    check("B=${PATH}\n", "B", "${PATH}");
    check("B=$PATH\n", "B", "$PATH");
}

#[test]
fn defaults_count_where_the_file_does_not_set_the_variable() {
    check("B=${A:-x}\n", "B", "x");
    check("B=${A-x}\n", "B", "x");
    check("A=1\nB=${A:-x}\n", "B", "1");
    check("C=3\nB=${A:-${C}}\n", "B", "3");
    check("B=${B:-x}\n", "B", "x");
    check("B=$B:/opt/bin\n", "B", "$B:/opt/bin");
    check("B=${A:?must be set}\n", "B", "${A:?must be set}");
}

#[test]
fn single_quotes_back_ticks_and_a_backslash_keep_a_dollar() {
    check("A=1\nB='${A}'\n", "B", "${A}");
    check("A=1\nB=`${A}`\n", "B", "${A}");
    check("A=1\nB=\"\\${A}\"\n", "B", "${A}");
    check("A=1\nB=\\$A\n", "B", "$A");
}

#[test]
fn a_dollar_that_is_no_reference_stays() {
    for value in ["pa$$word", "cost$", "$5", "${", "${}", "${A", "a$(id)", "${A!b}", "$-"] {
        check(&format!("B={value}\n"), "B", value);
    }
}

#[test]
fn circles_end_with_a_warning() {
    let read = lex(b"A=${B}\nB=${C}\nC=${A}\nD=${D}\n").expect("a file");
    assert_eq!(read.variables.len(), 4);
    let messages: Vec<_> = read.warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(messages[0].contains("refers back") && messages[1].contains("refers to itself"), "{messages:?}");
}

#[test]
fn growth_without_end_is_cut_off() {
    let mut file = "V0=0123456789\n".to_owned();
    for step in 1..100 {
        let before = step - 1;
        file.push_str(&format!("V{step}=${{V{before}}}${{V{before}}}${{V{before}}}${{V{before}}}\n"));
    }
    let read = lex(file.as_bytes()).expect("a file");
    let bytes: usize = read.variables.iter().map(|variable| variable.value.expose().len()).sum();
    assert!(bytes < 8 * crate::MAX_FILE_BYTES, "{bytes}");
    assert!(read.warnings.iter().any(|warning| warning.message.contains("too large")));
}

#[test]
fn a_chain_written_backwards_does_not_exhaust_the_stack() {
    let mut file = String::new();
    for step in 0..1_999 {
        file.push_str(&format!("V{step}=${{V{}}}\n", step + 1));
    }
    file.push_str("V1999=x\n");
    assert_eq!(lex(file.as_bytes()).expect("a file").variables.len(), 2_000);
}

#[test]
fn a_brace_that_closes_too_far_away_is_not_looked_for() {
    let near = "x".repeat(1_000);
    check(&format!("B=${{A:-{near}}}\n"), "B", &near);
    let far = format!("${{A:-{}}}", "x".repeat(2_000));
    check(&format!("B={far}\n"), "B", &far);
    let many = "${A:-".repeat(50_000);
    check(&format!("B={many}\n"), "B", &many);
}
