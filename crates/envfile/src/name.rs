//! A variable's name, taken apart: its words, and what they say about environment, audience and age.

use domain::Environment;

/// What front-end frameworks put before the names of variables that they build into pages.
const FRONT_END_PREFIXES: [&str; 11] = [
    "NEXT_PUBLIC_",
    "NUXT_PUBLIC_",
    "EXPO_PUBLIC_",
    "SNOWPACK_PUBLIC_",
    "REACT_APP_",
    "VUE_APP_",
    "NG_APP_",
    "GATSBY_",
    "STORYBOOK_",
    "VITE_",
    "PUBLIC_",
];

const TEST_WORDS: [&str; 15] = [
    "TEST",
    "TESTING",
    "SANDBOX",
    "SBX",
    "DEV",
    "DEVELOP",
    "DEVELOPMENT",
    "STAGING",
    "STAGE",
    "STG",
    "LOCAL",
    "UAT",
    "QA",
    "PREVIEW",
    "DEMO",
];

const LIVE_WORDS: [&str; 4] = ["LIVE", "PROD", "PRODUCTION", "PRD"];

const FORMER_WORDS: [&str; 11] = [
    "OLD",
    "PREV",
    "PREVIOUS",
    "FORMER",
    "BACKUP",
    "BAK",
    "DEPRECATED",
    "UNUSED",
    "LEGACY",
    "RETIRED",
    "DISABLED",
];

/// A name, taken apart.
#[derive(Debug)]
pub(crate) struct Name {
    /// Its words in upper case, without a front-end prefix: `stripeSecret_KEY` has three.
    words: Vec<String>,
    /// The words that say nothing about environment or age.
    plain_words: Vec<String>,
    /// The front-end prefix.
    pub(crate) front_end: Option<&'static str>,
    /// The environment that its words name, where they agree.
    pub(crate) environment: Option<Environment>,
    /// Whether a word says that the value was replaced.
    pub(crate) is_former: bool,
}

/// Where a known name was found in a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    /// How many words stand before it.
    pub(crate) words_before: usize,
}

impl Name {
    /// Takes a name apart.
    pub(crate) fn read(name: &str) -> Self {
        let front_end = FRONT_END_PREFIXES
            .into_iter()
            .find(|prefix| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)));
        let rest = front_end.and_then(|prefix| name.get(prefix.len()..)).unwrap_or(name);
        let words = split_words(rest);
        let plain_words = words.iter().filter(|word| !is_mark(word)).cloned().collect();
        let environment = environment_of_words(words.iter().map(String::as_str));
        let is_former = words.iter().any(|word| FORMER_WORDS.contains(&word.as_str()));
        Self { words, plain_words, front_end, environment, is_former }
    }

    /// Returns whether the name has this part (`PAYPAL`), as a word, as two (`PayPal`) or, for a part long enough not
    /// to be chance, as the beginning of one.
    pub(crate) fn has_part(&self, part: &str) -> bool {
        let begins = |word: &String| part.len() >= 5 && word.starts_with(part);
        self.words.iter().any(|word| word == part || begins(word))
            || self.words.windows(2).any(|pair| pair.concat() == part)
    }

    /// Returns whether one of its words is this one.
    pub(crate) fn has_word(&self, word: &str) -> bool {
        self.words.iter().any(|own| own == word)
    }

    /// Finds a known name in it. Words may stand before it (an application's own prefix); only words about environment
    /// and age behind it or, when `squashed` has none of its own, anywhere.
    pub(crate) fn find(&self, squashed: &str) -> Option<Found> {
        find_run(&self.words, squashed).or_else(|| find_run(&self.plain_words, squashed))
    }

    /// Returns whether the name is this known name and no more, words about environment and age left out.
    pub(crate) fn is_exactly(&self, squashed: &str) -> bool {
        self.plain_words.concat() == squashed
    }
}

/// Returns a known name as [`Name::find`] compares it: its words without what separates them.
pub(crate) fn squash(known: &str) -> String {
    known.chars().filter(|char| *char != '_').collect()
}

/// Returns the environment that a word of a name or a mode's value means.
pub(crate) fn environment_of_word(word: &str) -> Option<Environment> {
    if TEST_WORDS.contains(&word) {
        Some(Environment::Test)
    } else if LIVE_WORDS.contains(&word) {
        Some(Environment::Live)
    } else {
        None
    }
}

/// Returns whether a text before `=` is a value that strayed there, as the lines of an unquoted key do.
pub(crate) fn looks_like_a_secret(name: &str) -> bool {
    name.split(['_', '-', '.', ':']).any(|run| {
        let digits = run.chars().filter(char::is_ascii_digit).count();
        run.len() >= 16 && digits >= 2 && run.chars().any(|char| char.is_ascii_lowercase())
    })
}

fn is_mark(word: &str) -> bool {
    environment_of_word(word).is_some() || FORMER_WORDS.contains(&word)
}

fn environment_of_words<'a>(words: impl Iterator<Item = &'a str>) -> Option<Environment> {
    let mut told = words.filter_map(environment_of_word);
    let first = told.next()?;
    told.all(|other| other == first).then_some(first)
}

/// Splits at what is neither letter nor digit, and where a capital follows a small letter.
fn split_words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut previous = ' ';
    for char in name.chars() {
        let begins_word = previous.is_ascii_lowercase() && char.is_ascii_uppercase();
        if (begins_word || !char.is_ascii_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if char.is_ascii_alphanumeric() {
            word.push(char.to_ascii_uppercase());
        }
        previous = char;
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn find_run(words: &[String], squashed: &str) -> Option<Found> {
    for start in 0..words.len() {
        let mut rest = squashed;
        for (behind, word) in words.iter().skip(start).enumerate() {
            let Some(shorter) = rest.strip_prefix(word.as_str()) else { break };
            rest = shorter;
            if rest.is_empty() {
                let mut trailing = words.iter().skip(start.saturating_add(behind).saturating_add(1));
                if trailing.all(|word| is_mark(word)) {
                    return Some(Found { words_before: start });
                }
                break;
            }
        }
    }
    None
}

#[cfg(test)]
mod tests;
