//! Laws of the reader that hold for every file, tried on random ones.

use adapters::{ADAPTERS, Adapter};
use envfile::Detected;
use proptest::prelude::*;

fn detect(file: &[u8]) -> Option<Detected> {
    let descriptors: Vec<_> = ADAPTERS.into_iter().map(Adapter::descriptor).collect();
    envfile::lex(file).ok().map(|file| envfile::detect(&file, &descriptors))
}

/// Everything that onboarding shows.
fn shown(detected: &Detected) -> Vec<String> {
    let mut shown = detected.unrecognised.clone();
    shown.extend(detected.warnings.iter().map(|warning| warning.message.clone()));
    for service in &detected.services {
        shown.extend(service.conflicts.iter().cloned());
        for variable in &service.variables {
            shown.extend([variable.name.clone(), variable.preview.clone(), variable.role.to_owned()]);
        }
    }
    shown
}

/// Pieces that files are made of, so that random files reach more than the first branch.
fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("\n".to_owned()),
        Just("=".to_owned()),
        Just("\"".to_owned()),
        Just("'".to_owned()),
        Just("\\".to_owned()),
        Just("${A}".to_owned()),
        Just("$A".to_owned()),
        Just("${A:-".to_owned()),
        Just("}".to_owned()),
        Just("{".to_owned()),
        Just("A=".to_owned()),
        Just("export ".to_owned()),
        Just("STRIPE_SECRET_KEY=sk_test_".to_owned()),
        Just("PAYPAL_MODE=".to_owned()),
        Just("-----BEGIN X-----\n".to_owned()),
        Just("-----END X-----\n".to_owned()),
        Just(" #".to_owned()),
        Just("\r".to_owned()),
        "[a-zA-Z0-9_]{1,12}",
        "\\PC{0,4}",
    ]
}

fn name() -> impl Strategy<Value = String> {
    let known: Vec<&'static str> = ADAPTERS
        .into_iter()
        .flat_map(|adapter| adapter.descriptor().detection.names.iter().map(|known| known.name))
        .chain(["DATABASE_URL", "STRIPE_KEY", "MY_KEY", "WEBHOOK_SECRET"])
        .collect();
    let prefix = prop::sample::select(vec!["", "NEXT_PUBLIC_", "TEST_", "LIVE_", "SHOP_", "OLD_"]);
    (prefix, prop::sample::select(known)).prop_map(|(prefix, known)| format!("{prefix}{known}"))
}

/// A value with a mark that no name and no sentence has, of at least five characters.
fn value() -> impl Strategy<Value = String> {
    let prefix = prop::sample::select(vec![
        "",
        "sk_live_",
        "pk_test_",
        "rzp_test_",
        "whsec_",
        "AC",
        "your_",
        "https://",
    ]);
    (prefix, "zq7[a-zA-Z0-9]{2,40}").prop_map(|(prefix, random)| format!("{prefix}{random}"))
}

/// A line that holds a value, as written by someone careful or not.
fn line() -> impl Strategy<Value = (String, String)> {
    let form = prop::sample::select(vec![
        "N=V",
        "N='V'",
        "N=\"V\"",
        "export N=V",
        "N = V # V",
        "N=\"V",
        "N='V",
        "N V",
        "V",
        "=V",
        "N: V",
        "A B=V",
        "N=\"V\" V",
        "N=${X:-V}",
        "N=${V}",
        "N=“V”",
        "N={V",
        "# V",
        "[V]",
        "N=\"\nV\n\"",
    ]);
    (form, name(), value()).prop_map(|(form, name, value)| {
        let line = form.replace('V', "\u{1}").replace('N', &name).replace('\u{1}', &value);
        (line, value)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(file in prop::collection::vec(any::<u8>(), 0..400)) {
        detect(&file);
    }

    #[test]
    fn no_text_makes_it_panic(file in prop::collection::vec(fragment(), 0..60)) {
        detect(file.concat().as_bytes());
    }

    #[test]
    fn lines_are_within_the_file(file in prop::collection::vec(fragment(), 0..60)) {
        let text = file.concat();
        let count = text.split(['\n', '\r']).count();
        if let Ok(read) = envfile::lex(text.as_bytes()) {
            for line in read.variables.iter().map(|variable| variable.line) {
                prop_assert!(line >= 1 && usize::try_from(line).unwrap() <= count);
            }
        }
    }

    #[test]
    fn double_quotes_give_back_any_text(value in "[^\u{0}\r]{0,60}") {
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$");
        let read = envfile::lex(format!("A=\"{escaped}\"\nB=1\n").as_bytes()).unwrap();
        prop_assert_eq!(read.variables[0].value.expose(), value);
        prop_assert_eq!(read.variables[1].value.expose(), "1");
        prop_assert!(read.warnings.is_empty());
    }

    #[test]
    fn single_quotes_give_back_any_text_without_one(value in "[^\u{0}\r']{0,60}") {
        let read = envfile::lex(format!("A='{value}'\nB=1\n").as_bytes()).unwrap();
        prop_assert_eq!(read.variables[0].value.expose(), value);
        prop_assert_eq!(read.variables[1].value.expose(), "1");
        prop_assert!(read.warnings.is_empty());
    }

    #[test]
    fn nothing_shown_contains_a_value(lines in prop::collection::vec(line(), 1..12)) {
        let file: Vec<_> = lines.iter().map(|(line, _)| line.as_str()).collect();
        let detected = detect(file.join("\n").as_bytes()).unwrap();
        for text in shown(&detected) {
            for (_, value) in &lines {
                prop_assert!(!text.contains(value.as_str()), "{text} contains {value}");
            }
        }
    }

    #[test]
    fn what_is_missing_and_what_is_there_never_overlap(lines in prop::collection::vec(line(), 1..12)) {
        let file: Vec<_> = lines.iter().map(|(line, _)| line.as_str()).collect();
        for service in detect(file.join("\n").as_bytes()).unwrap().services {
            for (field, _) in &service.credentials {
                prop_assert!(!service.missing.contains(field));
            }
            let fills = |set: &&[&str]| set.iter().all(|field| service.credentials.iter().any(|(own, _)| own == field));
            prop_assert_eq!(service.missing.is_empty(), service.descriptor.sufficient.iter().any(fills));
        }
    }
}
