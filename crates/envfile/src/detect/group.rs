//! The credentials of one provider and one environment: which of several counts, what is missing, what does not fit.

use domain::{Descriptor, Environment, Secret};

use super::classify::{Content, Finding};
use super::detected::{DetectedService, DetectedVariable, preview};
use super::homes::is_needed;
use super::warn::{self, label, other, place};
use crate::file::Warning;

/// One provider's variables for one environment.
pub(super) struct Group<'f, 'a> {
    /// The provider.
    pub(super) descriptor: &'static Descriptor,
    /// The environment.
    pub(super) environment: Environment,
    /// Variables that fill a credential field, or would.
    pub(super) members: Vec<&'f Finding<'a>>,
    /// Credentials of the other environment that got between these.
    pub(super) strays: Vec<&'f Finding<'a>>,
    /// Its settings.
    pub(super) settings: Vec<&'f Finding<'a>>,
    /// Why it must not be configured.
    pub(super) conflicts: Vec<String>,
}

impl<'f, 'a> Group<'f, 'a> {
    /// Returns the variables that count, one for a field, in the order of the descriptor's fields.
    pub(super) fn chosen(&self) -> Vec<(&'static str, &'f Finding<'a>)> {
        let best = |field: &'static str| {
            self.members
                .iter()
                .copied()
                .filter(|finding| finding.held() == Some(field))
                .min_by_key(|finding| precedence(finding))
                .map(|finding| (field, finding))
        };
        self.descriptor.credentials.iter().filter_map(|credential| best(credential.name)).collect()
    }

    /// Returns what the API still needs: of the sets of fields that are enough, the one that lacks least.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        missing(self.descriptor, &self.chosen().iter().map(|(field, _)| *field).collect::<Vec<_>>())
    }

    /// Returns whether it holds any credential at all.
    pub(super) fn holds_anything(&self) -> bool {
        self.members.iter().any(|finding| finding.held().is_some())
    }

    /// Returns the credential that speaks for the group in a sentence: a needed one before others.
    pub(super) fn spokesman(&self) -> Option<&'f Finding<'a>> {
        let held = || self.members.iter().copied().filter(|finding| finding.held().is_some());
        held().find(|finding| is_needed(self.descriptor, finding)).or_else(|| held().next())
    }

    /// Finishes the group.
    pub(super) fn finish(mut self, warnings: &mut Vec<Warning>) -> DetectedService {
        let chosen = self.chosen();
        self.compare_rivals(&chosen, warnings);
        self.refuse_misplaced(&chosen);
        let missing = self.missing();
        let members = self
            .members
            .iter()
            .chain(&self.strays)
            .map(|finding| variable(finding, warn::role_word(finding.role)));
        let settings = self.settings.iter().map(|finding| {
            // An empty credential of the environment that the file does not use is a setting here.
            let role = finding.field().map_or_else(|| warn::role_word(finding.role), |_| "setting");
            variable(finding, role)
        });
        let mut variables: Vec<_> = members.chain(settings).collect();
        variables.sort_by_key(|variable| variable.line);
        DetectedService {
            descriptor: self.descriptor,
            environment: self.environment,
            variables,
            missing,
            conflicts: self.conflicts,
            features: self.descriptor.features().collect(),
            credentials: chosen
                .iter()
                .map(|(field, finding)| (*field, Secret::new(finding.value())))
                .collect(),
        }
    }

    /// Warns where two variables fill one field with different values.
    fn compare_rivals(&self, chosen: &[(&'static str, &'f Finding<'a>)], warnings: &mut Vec<Warning>) {
        for (field, winner) in chosen {
            let differs =
                |finding: &&&Finding<'_>| finding.held() == Some(*field) && finding.value() != winner.value();
            for rival in self.members.iter().filter(differs) {
                let message = format!(
                    "{} and {} hold different values for {} {}; {} counts.",
                    place(winner),
                    place(rival),
                    self.descriptor.name,
                    label(self.descriptor, field),
                    winner.variable.name
                );
                warnings.push(Warning::new(rival.variable.line, message));
            }
        }
    }

    /// Refuses a public value where a secret belongs, unless the secret is elsewhere in the file.
    fn refuse_misplaced(&mut self, chosen: &[(&'static str, &'f Finding<'a>)]) {
        let descriptor = self.descriptor;
        for finding in &self.members {
            let (Some(field), Some(named_for)) = (finding.held(), finding.named_for) else { continue };
            let is_filled = chosen.iter().any(|(filled, _)| *filled == named_for);
            if warn::is_secret(descriptor, named_for) && !warn::is_secret(descriptor, field) && !is_filled {
                self.conflicts.push(format!(
                    "{} holds a {} where the {} belongs.",
                    place(finding),
                    label(descriptor, field),
                    label(descriptor, named_for)
                ));
            }
        }
    }
}

/// Returns the fields that are missing beside `held`.
pub(super) fn missing(descriptor: &Descriptor, held: &[&str]) -> Vec<&'static str> {
    descriptor
        .sufficient
        .iter()
        .map(|set| set.iter().copied().filter(|field| !held.contains(field)).collect::<Vec<_>>())
        .min_by_key(Vec::len)
        .unwrap_or_default()
}

/// Server variables before front-end copies, marked ones before unmarked, known names before others, plain before prefixed.
fn precedence(finding: &Finding<'_>) -> (bool, bool, (usize, usize), u32) {
    (finding.front_end.is_some(), finding.own_environment().is_none(), finding.rank, finding.variable.line)
}

fn variable(finding: &Finding<'_>, role: &'static str) -> DetectedVariable {
    let shown = if finding.content == Content::Empty { "" } else { finding.value() };
    DetectedVariable {
        name: finding.variable.name.clone(),
        line: finding.variable.line,
        role,
        preview: preview(shown),
    }
}

/// Refuses what two groups of one provider can only mean together.
pub(super) fn refuse_mixture<'f, 'a>(mut groups: Vec<Group<'f, 'a>>) -> Vec<Group<'f, 'a>> {
    let [one, two] = groups.as_mut_slice() else { return groups };
    let (Some(first), Some(second)) = (one.spokesman(), two.spokesman()) else { return groups };
    let sentence = format!(
        "{} is for {}, but {} is for {}.",
        place(first),
        one.environment,
        place(second),
        other(one.environment)
    );
    let fields: Vec<_> =
        [&*one, &*two].iter().flat_map(|group| group.chosen()).map(|(field, _)| field).collect();
    let strays = |group: &Group<'_, '_>| {
        let mut held = group.members.iter().filter(|finding| finding.held().is_some());
        held.clone().any(|finding| finding.by_value.is_some())
            && held.all(|finding| finding.by_name.is_none())
    };
    match (one.missing().is_empty(), two.missing().is_empty()) {
        (false, false) if missing(one.descriptor, &fields).is_empty() => {
            one.conflicts.push(sentence.clone());
            two.conflicts.push(sentence);
        }
        (true, false) if strays(two) => absorb(one, two, sentence),
        (false, true) if strays(one) => absorb(two, one, sentence),
        _ => {}
    }
    groups.retain(|group| !group.members.is_empty());
    groups
}

/// Moves the credentials of a group that nobody asked for into the complete one, as the reason to refuse it.
fn absorb<'f, 'a>(complete: &mut Group<'f, 'a>, stray: &mut Group<'f, 'a>, sentence: String) {
    complete.conflicts.push(sentence);
    complete.conflicts.append(&mut stray.conflicts);
    complete.strays.append(&mut stray.members);
}
