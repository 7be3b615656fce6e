//! What each variable is: its value decides, then its name.

use domain::{Descriptor, Environment, KnownValue, VariableRole};

use super::catalog::{Catalog, NameMatch, field_of};
use super::warn;
use crate::file::{EnvFile, Variable, Warning};
use crate::name::Name;
use crate::placeholder::is_placeholder;
use crate::shape::{Wholeness, is_always_marked, recognise};

/// Other vendors whose keys look like those of the providers known here (`sk_test_…`, `whsec_…`).
const LOOK_ALIKES: [&str; 34] = [
    "CLERK",
    "PAYSTACK",
    "PAYMONGO",
    "SVIX",
    "RESEND",
    "MAGIC",
    "MOYASAR",
    "TAP",
    "TABBY",
    "CULQI",
    "YOCO",
    "KNOCK",
    "WORKOS",
    "RECURRENTE",
    "CREEM",
    "POLAR",
    "DODO",
    "SUPABASE",
    "OPENAI",
    "REPLICATE",
    "LIVEBLOCKS",
    "CROSSMINT",
    "ELEVENLABS",
    "BRAINTREE",
    "OMISE",
    "XENDIT",
    "SAFEPAY",
    "SENDGRID",
    "NOVU",
    "WHOP",
    "AUTUMN",
    "STYTCH",
    "PRIVY",
    "HUGGINGFACE",
];

/// A reason that is not the provider's but the name's own.
const FORMER: &str = "its name says that it holds a former value";

/// What is in a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// A value.
    Value,
    /// Nothing.
    Empty,
    /// Something that stands for a value.
    Placeholder,
    /// A value that was cut or mistyped.
    Damaged,
    /// A value of another kind than the name says.
    Foreign,
}

/// A variable that belongs to a provider.
#[derive(Debug)]
pub(super) struct Finding<'a> {
    /// The variable.
    pub(super) variable: &'a Variable,
    /// The provider.
    pub(super) descriptor: &'static Descriptor,
    /// What it is.
    pub(super) role: VariableRole,
    /// What is in it.
    pub(super) content: Content,
    /// The environment that its value tells.
    pub(super) by_value: Option<Environment>,
    /// The environment that its name tells.
    pub(super) by_name: Option<Environment>,
    /// What its name says it holds, where the value says otherwise.
    pub(super) named_for: Option<&'static str>,
    /// The prefix that makes it public.
    pub(super) front_end: Option<&'static str>,
    /// Place of the name among the provider's names, and how many words stand before it.
    pub(super) rank: (usize, usize),
    /// The name, taken apart.
    pub(super) name: Name,
}

impl<'a> Finding<'a> {
    /// Returns whether it belongs to this provider.
    pub(super) fn is_of(&self, descriptor: &Descriptor) -> bool {
        self.descriptor.id == descriptor.id
    }

    /// Returns the credential field it fills or would fill.
    pub(super) const fn field(&self) -> Option<&'static str> {
        field_of(self.role)
    }

    /// Returns the field it fills with a value.
    pub(super) fn held(&self) -> Option<&'static str> {
        self.field().filter(|_| self.content == Content::Value)
    }

    /// Returns the environment that it tells by itself.
    pub(super) fn own_environment(&self) -> Option<Environment> {
        self.by_value.or(self.by_name)
    }

    /// Returns its value without what does not belong to it.
    pub(super) fn value(&self) -> &'a str {
        clean(self.variable.value.expose())
    }
}

/// Takes off spaces, invisible characters and a second pair of quotes around a value.
pub(super) fn clean(value: &str) -> &str {
    let is_margin = |char: char| {
        char.is_whitespace() || matches!(char, '\u{200b}'..='\u{200d}' | '\u{feff}' | '\u{2060}')
    };
    let value = value.trim_matches(is_margin);
    for quote in ['"', '\''] {
        if let Some(inside) = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inside.trim_matches(is_margin);
        }
    }
    value
}

/// Returns whether what stands before the `=` is a value that gives itself away.
pub(super) fn is_value_as_name(name: &str, catalogs: &[Catalog]) -> bool {
    catalogs.iter().any(|catalog| {
        recognise(catalog.descriptor, name).is_some_and(|(_, wholeness)| wholeness == Wholeness::Whole)
    })
}

/// Classifies the variables of a file. Those that belong to no provider are left out.
pub(super) fn classify<'a>(
    file: &'a EnvFile,
    catalogs: &[Catalog],
    warnings: &mut Vec<Warning>,
) -> Vec<Finding<'a>> {
    let mut findings = Vec::new();
    let mut undecided = Vec::new();
    for variable in &file.variables {
        if is_value_as_name(&variable.name, catalogs) {
            warnings.push(warn::value_as_name(variable.line));
            continue;
        }
        let name = Name::read(&variable.name);
        match claim(variable, &name, catalogs) {
            Some(Claim::Certain(catalog, known, value)) => {
                findings.push(find(variable, name, (catalog, known, value)));
            }
            Some(Claim::Possible(catalog, known, value)) => {
                undecided.push((catalog, find(variable, name, (catalog, known, value))));
            }
            None => {}
        }
    }
    // A general name counts beside other evidence, and only for what the other evidence leaves open.
    for (catalog, finding) in undecided {
        let is_of_provider = |other: &Finding<'_>| other.is_of(catalog.descriptor);
        let has_evidence = findings.iter().any(|other| is_of_provider(other) && other.held().is_some());
        let is_filled = findings
            .iter()
            .any(|other| is_of_provider(other) && other.held().is_some() && other.held() == finding.field());
        if has_evidence && !is_filled {
            findings.push(finding);
        }
    }
    findings.sort_by_key(|finding| finding.variable.line);
    findings
}

/// A provider's claim to a variable: by a name that it knows, a value that it knows, or its own name in the name.
enum Claim<'c> {
    Certain(&'c Catalog, Option<NameMatch>, Option<&'static KnownValue>),
    Possible(&'c Catalog, Option<NameMatch>, Option<&'static KnownValue>),
}

fn claim<'c>(variable: &Variable, name: &Name, catalogs: &'c [Catalog]) -> Option<Claim<'c>> {
    let value = clean(variable.value.expose());
    let known = |catalog: &Catalog| recognise(catalog.descriptor, value);
    let named = catalogs
        .iter()
        .filter(|catalog| catalog.is_named_in(name))
        .max_by_key(|catalog| (known(catalog).is_some(), catalog.find(name).is_some()));
    let by_value = catalogs.iter().find_map(|catalog| match known(catalog) {
        Some((value, Wholeness::Whole)) => Some((catalog, value)),
        _ => None,
    });
    if let Some(catalog) = named {
        // A value with a mark of its own belongs to whom the mark says, whatever provider the name names.
        if known(catalog).is_none()
            && let Some((other, value)) = by_value
            && value.environment.is_some()
        {
            return Some(Claim::Certain(other, None, Some(value)));
        }
        return Some(Claim::Certain(catalog, catalog.find(name), known(catalog).map(|(value, _)| value)));
    }
    if LOOK_ALIKES.iter().any(|vendor| name.has_word(vendor)) {
        return None;
    }
    if let Some((catalog, value)) = by_value {
        let general = catalog.find_general(name);
        let agrees = general.is_some_and(|general| general.known.role == value.role);
        return Some(match value.environment.is_some() || agrees {
            true => Claim::Certain(catalog, general, Some(value)),
            false => Claim::Possible(catalog, general, Some(value)),
        });
    }
    let (catalog, general) =
        catalogs.iter().find_map(|catalog| Some((catalog, catalog.find_general(name)?)))?;
    Some(Claim::Possible(catalog, Some(general), None))
}

fn find<'a>(
    variable: &'a Variable,
    name: Name,
    (catalog, known_name, known_value): (&Catalog, Option<NameMatch>, Option<&'static KnownValue>),
) -> Finding<'a> {
    let value = clean(variable.value.expose());
    let role_of_name = known_name.map(|found| found.known.role);
    let wholeness = recognise(catalog.descriptor, value).map(|(_, wholeness)| wholeness);
    let role = match (known_value, wholeness, role_of_name) {
        (Some(known), Some(Wholeness::Whole), _) => known.role,
        (Some(known), _, None) => known.role,
        (_, _, Some(role)) => role,
        (None, _, None) => VariableRole::Setting,
    };
    let content = content_of(value, catalog.descriptor, (role, known_value, wholeness));
    let named_for = role_of_name
        .and_then(field_of)
        .filter(|field| content == Content::Value && known_value.is_some() && field_of(role) != Some(*field));
    let role = match role {
        VariableRole::Credential(_) if name.is_former => VariableRole::Unsupported(FORMER),
        role => role,
    };
    Finding {
        variable,
        descriptor: catalog.descriptor,
        role,
        content,
        by_value: known_value.and_then(|known| known.environment),
        by_name: name.environment.or(known_name.and_then(|found| found.known.environment)),
        named_for,
        front_end: name.front_end,
        rank: known_name.map_or((catalog.last_place(), 0), |found| (found.place, found.words_before)),
        name,
    }
}

fn content_of(
    value: &str,
    descriptor: &'static Descriptor,
    (role, known, wholeness): (VariableRole, Option<&KnownValue>, Option<Wholeness>),
) -> Content {
    if value.is_empty() {
        return Content::Empty;
    }
    match (known, wholeness) {
        (Some(_), Some(Wholeness::Whole)) => Content::Value,
        (Some(_), Some(Wholeness::Placeholder)) => Content::Placeholder,
        (Some(_), Some(Wholeness::Damaged)) => Content::Damaged,
        _ => match field_of(role) {
            Some(_) if is_placeholder(value, "") => Content::Placeholder,
            Some(field) if is_always_marked(descriptor, field) => Content::Foreign,
            Some(_) if value.chars().any(char::is_control) => Content::Damaged,
            Some(_) | None => Content::Value,
        },
    }
}
