//! The sentences about single variables and about providers. None of them contains a value.

use domain::{Descriptor, Environment, VariableRole};

use super::catalog::field_of;
use super::classify::{Content, Finding};
use crate::file::Warning;

/// Warns about what stands before an `=` and is a value.
pub(super) fn value_as_name(line: u32) -> Warning {
    Warning::new(line, "Left out: a key stands before the `=`, where a name belongs.")
}

/// Warns about each variable that is odd by itself.
pub(super) fn about_each(findings: &[&Finding<'_>], warnings: &mut Vec<Warning>) {
    for finding in findings {
        let messages = [
            about_content(finding),
            about_use(finding),
            about_front_end(finding),
            about_names(finding),
            about_environment(finding),
            about_margins(finding),
        ];
        warnings.extend(
            messages.into_iter().flatten().map(|message| Warning::new(finding.variable.line, message)),
        );
    }
}

fn about_content(finding: &Finding<'_>) -> Option<String> {
    let field = finding.field()?;
    let name = &finding.variable.name;
    let what = label(finding.descriptor, field);
    let provider = finding.descriptor.name;
    Some(match finding.content {
        Content::Value => return None,
        Content::Empty => format!("{name} is empty."),
        Content::Placeholder => format!("{name} holds a placeholder, not a {provider} {what}."),
        Content::Damaged => {
            format!("{name} holds a {provider} {what} that is not whole or has characters it cannot have.")
        }
        Content::Foreign => format!("{name} does not look like a {provider} {what}."),
    })
}

fn about_use(finding: &Finding<'_>) -> Option<String> {
    let VariableRole::Unsupported(reason) = finding.role else { return None };
    (finding.content == Content::Value).then(|| format!("{} is not used: {reason}.", finding.variable.name))
}

fn about_front_end(finding: &Finding<'_>) -> Option<String> {
    let prefix = finding.front_end?;
    let is_secret = finding.held().is_some_and(|field| is_secret(finding.descriptor, field));
    is_secret.then(|| {
        format!(
            "{} puts a secret into every visitor's browser: names that begin with {prefix} are public. Rename it, and \
             replace the secret if the page was ever published.",
            finding.variable.name
        )
    })
}

fn about_names(finding: &Finding<'_>) -> Option<String> {
    let field = finding.held()?;
    let name = &finding.variable.name;
    let what = label(finding.descriptor, field);
    if let Some(named_for) = finding.named_for {
        let named = label(finding.descriptor, named_for);
        let is_exposed = is_secret(finding.descriptor, field) && !is_secret(finding.descriptor, named_for);
        let harm = if is_exposed { " It is secret, and code may show what such a name holds." } else { "" };
        return Some(format!("{name} is named like a {named}, but holds a {what}; the value counts.{harm}"));
    }
    let names_other =
        finding.by_value.is_some() && finding.rank.0 == finding.descriptor.detection.names.len();
    let own_parts = finding.descriptor.detection.name_parts;
    let is_named = own_parts.iter().any(|part| finding.name.has_part(part));
    (names_other && !is_named).then(|| {
        format!("{name} is taken for a {} {what}, because its value is one.", finding.descriptor.name)
    })
}

fn about_environment(finding: &Finding<'_>) -> Option<String> {
    let (said, is) = (finding.by_name?, finding.by_value?);
    (said != is && finding.held().is_some()).then(|| {
        format!("{} is named for {said}, but its value is for {is}; the value counts.", finding.variable.name)
    })
}

fn about_margins(finding: &Finding<'_>) -> Option<String> {
    finding.held()?;
    (finding.value() != finding.variable.value.expose()).then(|| {
        format!("{} has spaces or quotes around its value; they are left out.", finding.variable.name)
    })
}

/// Warns that nothing tells test from live.
pub(super) fn environment_not_told(descriptor: &Descriptor) -> Warning {
    let message = format!(
        "{}: nothing in the file says whether its credentials are for test or live; they are taken for test.",
        descriptor.name
    );
    Warning::new(0, message)
}

/// Names a variable and its line.
pub(super) fn place(finding: &Finding<'_>) -> String {
    format!("{} (line {})", finding.variable.name, finding.variable.line)
}

/// Warns that a mode variable and the credentials disagree.
pub(super) fn mode_disagrees(mode: &Finding<'_>, said: Environment) -> Warning {
    let message = format!(
        "{} says {said}, but the credentials are for {}; the credentials count.",
        mode.variable.name,
        other(said)
    );
    Warning::new(mode.variable.line, message)
}

/// Returns the other environment.
pub(super) const fn other(environment: Environment) -> Environment {
    match environment {
        Environment::Test => Environment::Live,
        Environment::Live => Environment::Test,
    }
}

/// Returns a field's name for people, to stand within a sentence.
pub(super) fn label(descriptor: &'static Descriptor, field: &'static str) -> String {
    let label = descriptor.credential(field).map_or(field, |credential| credential.label);
    let mut chars = label.chars();
    match (chars.next(), chars.clone().next()) {
        // `Key id` becomes `key id`; `API key` and `RazorpayX account number` stay.
        (Some(first), Some(second)) if second.is_lowercase() && !label.starts_with(descriptor.name) => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => label.to_owned(),
    }
}

/// Returns whether a field's value must not be shown.
pub(super) fn is_secret(descriptor: &'static Descriptor, field: &'static str) -> bool {
    descriptor.credential(field).is_none_or(|credential| credential.is_secret)
}

/// Returns the word for a variable's role in what the onboarding shows.
pub(super) fn role_word(role: VariableRole) -> &'static str {
    match role {
        VariableRole::Mode => "mode",
        VariableRole::BaseUrl => "base_url",
        VariableRole::Unsupported(_) => "unsupported",
        VariableRole::Setting | VariableRole::Credential(_) => field_of(role).unwrap_or("setting"),
    }
}
