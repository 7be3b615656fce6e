//! A provider's known names, prepared for comparison with many variables.

use domain::{Descriptor, KnownName, VariableRole};

use crate::name::{Name, squash};

/// A provider and its known names.
pub(super) struct Catalog {
    /// The provider.
    pub(super) descriptor: &'static Descriptor,
    names: Vec<PreparedName>,
}

struct PreparedName {
    squashed: String,
    known: &'static KnownName,
    /// Whether it names the provider. One that does not (`AUTH_TOKEN`) needs other evidence beside it.
    names_provider: bool,
}

/// A known name that a variable's name is.
#[derive(Clone, Copy)]
pub(super) struct NameMatch {
    /// The known name.
    pub(super) known: &'static KnownName,
    /// Its place among the provider's names: of two that fill one field, the earlier counts.
    pub(super) place: usize,
    /// How many words of the application's own stand before it.
    pub(super) words_before: usize,
}

impl Catalog {
    /// Prepares a provider's names.
    pub(super) fn new(descriptor: &'static Descriptor) -> Self {
        let prepare = |known: &'static KnownName| PreparedName {
            squashed: squash(known.name),
            known,
            names_provider: descriptor.detection.name_parts.iter().any(|part| known.name.starts_with(part)),
        };
        Self { descriptor, names: descriptor.detection.names.iter().map(prepare).collect() }
    }

    /// Returns whether a name names this provider.
    pub(super) fn is_named_in(&self, name: &Name) -> bool {
        self.descriptor.detection.name_parts.iter().any(|part| name.has_part(part))
    }

    /// Returns the longest known name that `name` is; only those that name the provider.
    pub(super) fn find(&self, name: &Name) -> Option<NameMatch> {
        self.names
            .iter()
            .enumerate()
            .filter(|(_, prepared)| prepared.names_provider)
            .filter_map(|(place, prepared)| {
                let found = name.find(&prepared.squashed)?;
                let found = NameMatch { known: prepared.known, place, words_before: found.words_before };
                Some((prepared.squashed.len(), found))
            })
            .max_by_key(|(length, found)| (*length, std::cmp::Reverse(found.words_before)))
            .map(|(_, found)| found)
    }

    /// Returns the known name without the provider's own in it (`AUTH_TOKEN`) that `name` is.
    pub(super) fn find_general(&self, name: &Name) -> Option<NameMatch> {
        self.names
            .iter()
            .enumerate()
            .find(|(_, prepared)| !prepared.names_provider && name.is_exactly(&prepared.squashed))
            .map(|(place, prepared)| NameMatch { known: prepared.known, place, words_before: 0 })
    }

    /// Returns the place behind all known names.
    pub(super) fn last_place(&self) -> usize {
        self.names.len()
    }
}

/// Returns the field that a role fills.
pub(super) const fn field_of(role: VariableRole) -> Option<&'static str> {
    match role {
        VariableRole::Credential(field) => Some(field),
        VariableRole::Mode | VariableRole::BaseUrl | VariableRole::Setting | VariableRole::Unsupported(_) => {
            None
        }
    }
}
