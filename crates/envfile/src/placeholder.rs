//! Values that stand where a value should be: nothing, `changeme`, `<your key>`, `sk_test_xxx`.

/// Whole values that nobody uses as a credential.
const WHOLE: [&str; 30] = [
    "sb",
    "test",
    "testing",
    "live",
    "secret",
    "password",
    "pass",
    "key",
    "token",
    "id",
    "value",
    "string",
    "none",
    "null",
    "nil",
    "undefined",
    "na",
    "n/a",
    "no",
    "false",
    "true",
    "tbd",
    "tba",
    "foo",
    "bar",
    "foobar",
    "abc",
    "abc123",
    "123",
    "dev",
];

/// Words that make a value of several words a request to put one there.
const WORDS: [&str; 20] = [
    "your",
    "yours",
    "changeme",
    "change",
    "replace",
    "replaceme",
    "placeholder",
    "insert",
    "enter",
    "paste",
    "put",
    "fill",
    "add",
    "here",
    "todo",
    "fixme",
    "dummy",
    "example",
    "sample",
    "redacted",
];

/// How a request in one word begins: `yoursecretkey`.
const BEGINNINGS: [&str; 8] =
    ["your", "changeme", "changethis", "replaceme", "replacewith", "placeholder", "insert", "enteryour"];

/// Runs that no random text has.
const RUNS: [&str; 5] = ["xxxx", "XXXX", "....", "****", "••••"];

/// Returns whether a value stands for one that is not there. `mark` is what its kind begins with (`sk_test_`), or empty.
pub(crate) fn is_placeholder(value: &str, mark: &str) -> bool {
    let tail = value.strip_prefix(mark).unwrap_or(value);
    let lower = tail.to_ascii_lowercase();
    is_wrapped(value)
        || WHOLE.contains(&lower.as_str())
        || BEGINNINGS.iter().any(|beginning| lower.starts_with(beginning))
        || lower.ends_with("goeshere")
        || RUNS.iter().any(|run| tail.contains(run))
        || has_one_character(&lower)
        || value.contains("${")
        || value.contains('…')
        || tail.ends_with("...")
        || has_word(&lower)
        || is_ascending(&lower)
}

fn is_wrapped(value: &str) -> bool {
    [("<", ">"), ("{{", "}}"), ("[", "]"), ("%", "%"), ("__", "__"), ("$(", ")")]
        .into_iter()
        .any(|(open, close)| value.len() > 2 && value.starts_with(open) && value.ends_with(close))
}

/// `xxx`, `000000`, `---`: one character, over and over. Nothing at all as well.
fn has_one_character(lower: &str) -> bool {
    let mut chars = lower.chars();
    let first = chars.next();
    chars.all(|char| Some(char) == first)
}

fn has_word(lower: &str) -> bool {
    let mut words = lower.split(|char: char| !char.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let count = words.clone().count();
    let is_request = |word: &str| {
        WORDS.contains(&word) || (word.len() > 2 && has_one_character(word) && word.starts_with('x'))
    };
    // Random values with separators have pieces of any length; only a value made of short words is language.
    count > 0 && words.clone().all(|word| word.len() <= 16) && words.any(is_request)
}

/// `12345678`, `abcdefgh`: what fingers write by themselves.
fn is_ascending(lower: &str) -> bool {
    let mut pairs = lower.bytes().zip(lower.bytes().skip(1));
    lower.len() >= 4
        && pairs.all(|(one, next)| next == one.saturating_add(1) || (one == b'9' && next == b'0'))
}

#[cfg(test)]
mod tests {
    use super::is_placeholder;

    #[test]
    fn requests_for_a_value_are_placeholders() {
        for value in [
            "",
            "xxx",
            "changeme",
            "CHANGE_ME",
            "your_key_here",
            "your-secret",
            "yoursecretkey",
            "<client id>",
            "sb",
            "test",
            "{{ secret }}",
            "${VAULT}",
            "replace_with_key",
            "TODO",
            "12345678",
            "0000000000",
            "********",
            "key goes here",
            "ACxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "abcdefgh",
            "insert-key",
            "sk_…",
            "null",
            "[key]",
        ] {
            assert!(is_placeholder(value, ""), "{value}");
        }
        for value in
            ["sk_test_xxx", "sk_test_...", "sk_test_your_key", "sk_test_", "sk_test_123", "sk_test_key"]
        {
            assert!(is_placeholder(value, "sk_test_"), "{value}");
        }
    }

    #[test]
    fn values_are_no_placeholders() {
        for value in [
            "sk_test_4eC39HqLyjWDarjtT1zdp7dc",
            "7b31c0f2e9d84a56b1f0c3d2e4a59687",
            "AbXxXY-here9_kLmNoPqRsTuVwXyZ0123",
            "+15005550006",
            "hunter22",
            "Tr0ub4dor&3",
            "E-7_q9ZsYourtailzz0123456789abcdxyz",
        ] {
            assert!(!is_placeholder(value, "sk_test_"), "{value}");
        }
    }
}
