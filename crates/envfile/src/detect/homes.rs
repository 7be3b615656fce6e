//! Which environment each credential is for.

use domain::{Descriptor, Environment};

use super::classify::Finding;
use super::evidence::Evidence;
use super::warn::{self, other, place};
use crate::file::Warning;

/// The credentials of one provider, each with its environment.
pub(super) struct Homes<'f, 'a> {
    /// Each credential and its environment.
    pub(super) assigned: Vec<(&'f Finding<'a>, Environment)>,
    /// What makes an environment's credentials unusable.
    pub(super) conflicts: Vec<(Environment, String)>,
    /// Whether the environment is only supposed.
    pub(super) is_guess: bool,
}

/// Assigns each credential to an environment: its own where value or name tell it, otherwise that of what it belongs to.
pub(super) fn assign<'f, 'a>(
    descriptor: &'static Descriptor,
    credentials: &[&'f Finding<'a>],
    evidence: &Evidence<'f, 'a>,
    warnings: &mut Vec<Warning>,
) -> Homes<'f, 'a> {
    let marked = Marked::of(descriptor, credentials);
    let mut homes = Homes { assigned: Vec::new(), conflicts: Vec::new(), is_guess: false };
    let unmarked_held = || {
        credentials.iter().filter(|finding| finding.own_environment().is_none() && finding.held().is_some())
    };
    let fallback = match marked.environments().as_slice() {
        [] => {
            homes.is_guess = evidence.told.is_none() && unmarked_held().next().is_some();
            let told = evidence.told.map_or(Environment::Test, |(_, environment)| environment);
            if let Some(contradiction) = &evidence.contradiction {
                homes.conflicts.push((told, contradiction.clone()));
            }
            told
        }
        [only] => {
            let is_second_pair = unmarked_held().any(|finding| marked.has_another(finding, *only));
            let home = if is_second_pair { other(*only) } else { *only };
            if !is_second_pair {
                compare_with_mode(
                    &marked,
                    (*only, unmarked_held().next().is_some()),
                    evidence,
                    (&mut homes, warnings),
                );
            }
            home
        }
        _ => evidence.told.map_or(Environment::Test, |(_, environment)| environment),
    };
    let is_one_sided = marked.environments().len() < 2;
    for finding in credentials {
        let home = match finding.own_environment() {
            Some(own) => own,
            None if is_one_sided => fallback,
            None => marked.place_for(finding, fallback, evidence.told.is_some(), (&mut homes, warnings)),
        };
        homes.assigned.push((finding, home));
    }
    homes
}

/// A mode that says the opposite of the only marked credentials: values are sure, names are not.
fn compare_with_mode(
    marked: &Marked<'_, '_>,
    (only, has_unmarked): (Environment, bool),
    evidence: &Evidence<'_, '_>,
    (homes, warnings): (&mut Homes<'_, '_>, &mut Vec<Warning>),
) {
    let Some((mode, said)) = evidence.told.filter(|(_, said)| *said != only) else { return };
    let by_name_alone = marked.held.iter().all(|finding| finding.by_value.is_none());
    match marked.held.first() {
        Some(named) if by_name_alone && has_unmarked => {
            let sentence = format!("{} says {said}, but {} is named for {only}.", place(mode), place(named));
            homes.conflicts.push((only, sentence));
        }
        _ => warnings.push(warn::mode_disagrees(mode, said)),
    }
}

/// The credentials that tell their environment by themselves.
struct Marked<'f, 'a> {
    descriptor: &'static Descriptor,
    held: Vec<&'f Finding<'a>>,
}

impl<'f, 'a> Marked<'f, 'a> {
    fn of(descriptor: &'static Descriptor, credentials: &[&'f Finding<'a>]) -> Self {
        let is_marked =
            |finding: &&&Finding<'_>| finding.held().is_some() && finding.own_environment().is_some();
        Self { descriptor, held: credentials.iter().filter(is_marked).copied().collect() }
    }

    fn of_environment(&self, environment: Environment) -> impl Iterator<Item = &&'f Finding<'a>> {
        self.held.iter().filter(move |finding| finding.own_environment() == Some(environment))
    }

    fn environments(&self) -> Vec<Environment> {
        Environment::ALL
            .into_iter()
            .filter(|environment| self.of_environment(*environment).next().is_some())
            .collect()
    }

    fn fills(&self, environment: Environment, field: Option<&str>) -> bool {
        self.of_environment(environment).any(|finding| finding.field() == field)
    }

    /// Returns whether an environment has its own, different value for the needed field that `finding` fills: then
    /// `finding` belongs to a second pair, for the other environment.
    fn has_another(&self, finding: &Finding<'_>, environment: Environment) -> bool {
        is_needed(self.descriptor, finding)
            && self.of_environment(environment).any(|own| own.field() == finding.field())
            && self
                .of_environment(environment)
                .filter(|own| own.field() == finding.field())
                .all(|own| own.value() != finding.value())
    }

    /// Both environments are there: a credential without a mark goes where its field is open, then to those whose names
    /// are as plain as its own, then where the settings say.
    fn place_for(
        &self,
        finding: &Finding<'_>,
        fallback: Environment,
        is_told: bool,
        (homes, warnings): (&mut Homes<'_, '_>, &mut Vec<Warning>),
    ) -> Environment {
        let open: Vec<_> = Environment::ALL
            .into_iter()
            .filter(|environment| !self.fills(*environment, finding.field()))
            .collect();
        let plain: Vec<_> = Environment::ALL
            .into_iter()
            .filter(|environment| {
                self.of_environment(*environment).any(|own| own.by_name.is_none() && own.front_end.is_none())
            })
            .collect();
        if let [environment] = open.as_slice() {
            return *environment;
        }
        let same = |own: &&Finding<'_>| own.field() == finding.field() && own.value() == finding.value();
        if let Some(twin) = self.held.iter().copied().find(same).and_then(Finding::own_environment) {
            return twin;
        }
        if let [environment] = plain.as_slice() {
            return *environment;
        }
        if !is_told && finding.held().is_some() && open.len() == 2 {
            let sentence = format!(
                "{} does not say whether it is for test or live, and the file has both.",
                place(finding)
            );
            if is_needed(self.descriptor, finding) {
                homes.conflicts.push((fallback, sentence));
            } else {
                let message = format!("{sentence} It is taken for {fallback}.");
                warnings.push(Warning::new(finding.variable.line, message));
            }
        }
        fallback
    }
}

/// Returns whether a credential is needed to call the API.
pub(super) fn is_needed(descriptor: &Descriptor, finding: &Finding<'_>) -> bool {
    finding.field().is_some_and(|field| descriptor.sufficient.iter().any(|set| set.contains(&field)))
}
