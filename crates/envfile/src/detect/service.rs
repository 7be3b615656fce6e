//! From one provider's variables to its services: at most one for test and one for live.

use domain::{Descriptor, Environment};

use super::classify::Finding;
use super::detected::DetectedService;
use super::evidence::{self, Evidence};
use super::group::{Group, refuse_mixture};
use super::homes;
use super::warn::{self, label, place};
use crate::file::Warning;

/// Builds a provider's services.
pub(super) fn build<'a>(
    descriptor: &'static Descriptor,
    findings: &[&Finding<'a>],
    warnings: &mut Vec<Warning>,
) -> Vec<DetectedService> {
    let (credentials, settings): (Vec<_>, Vec<_>) =
        findings.iter().copied().partition(|finding| finding.field().is_some());
    let evidence = evidence::read(&settings, warnings);
    let homes = homes::assign(descriptor, &credentials, &evidence, warnings);
    let is_guess = homes.is_guess;
    let mut groups: Vec<Group<'_, 'a>> = Environment::ALL
        .into_iter()
        .map(|environment| Group {
            descriptor,
            environment,
            members: homes
                .assigned
                .iter()
                .filter(|(_, home)| *home == environment)
                .map(|(finding, _)| *finding)
                .collect(),
            strays: Vec::new(),
            settings: Vec::new(),
            conflicts: homes
                .conflicts
                .iter()
                .filter(|(of, _)| *of == environment)
                .map(|(_, sentence)| sentence.clone())
                .collect(),
        })
        .filter(|group| !group.members.is_empty())
        .collect();
    fold_unused(&mut groups);
    compare_environments(&groups, warnings);
    let mut groups = refuse_mixture(groups);
    attach_settings(&mut groups, settings, &evidence);
    if is_guess && groups.iter().any(|group| group.missing().is_empty()) {
        warnings.push(warn::environment_not_told(descriptor));
    }
    groups.into_iter().map(|group| group.finish(warnings)).collect()
}

/// An environment of which the file has only empty variables is not in use where the other one is.
fn fold_unused(groups: &mut Vec<Group<'_, '_>>) {
    let Some(used) = groups.iter().position(Group::holds_anything) else { return };
    let unused: Vec<_> = groups
        .iter_mut()
        .filter(|group| !group.holds_anything())
        .flat_map(|group| std::mem::take(&mut group.members))
        .collect();
    if let Some(group) = groups.get_mut(used) {
        group.settings.extend(unused);
    }
    groups.retain(|group| !group.members.is_empty());
}

/// Warns where test and live share a secret: one of the two is a copy that was forgotten.
fn compare_environments(groups: &[Group<'_, '_>], warnings: &mut Vec<Warning>) {
    let [test, live] = groups else { return };
    for (field, in_test) in test.chosen() {
        let twin = live.chosen().into_iter().find(|(other, _)| *other == field).map(|(_, finding)| finding);
        let Some(in_live) = twin.filter(|finding| finding.value() == in_test.value()) else { continue };
        if homes::is_needed(test.descriptor, in_test) && warn::is_secret(test.descriptor, field) {
            let message = format!(
                "{} and {} hold the same {}, one for test and one for live.",
                place(in_test),
                place(in_live),
                label(test.descriptor, field)
            );
            let line = in_test.variable.line.max(in_live.variable.line);
            warnings.push(Warning::new(line, message));
        }
    }
}

/// Shows each setting with the service it is for: by its name, by the mode, or else with the first.
fn attach_settings<'f, 'a>(
    groups: &mut [Group<'f, 'a>],
    settings: Vec<&'f Finding<'a>>,
    evidence: &Evidence<'_, '_>,
) {
    for setting in settings {
        let wanted = setting.by_name.or(evidence.told.map(|(_, environment)| environment));
        let position = groups.iter().position(|group| Some(group.environment) == wanted).unwrap_or(0);
        if let Some(group) = groups.get_mut(position) {
            group.settings.push(setting);
        }
    }
}
