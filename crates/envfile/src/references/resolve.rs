//! References are replaced by values of the same file: once each, without circles, and within a bound.

use std::collections::HashMap;

use zeroize::Zeroizing;

use super::{Piece, Reference};
use crate::file::{MAX_FILE_BYTES, Warning};
use crate::lexer::RawVariable;

/// How long a chain of references may be. Real files have two or three.
const MAX_CHAIN: usize = 32;

/// How many bytes references may add to a file, all together: a few lines could otherwise grow into gigabytes.
const MAX_ADDED_BYTES: usize = 4 * MAX_FILE_BYTES;

/// Returns the value of each variable. A reference that cannot be resolved stays as written, with a warning where it is
/// certain to be one.
pub(crate) fn resolve(variables: &[RawVariable<'_>], warnings: &mut Vec<Warning>) -> Vec<Zeroizing<String>> {
    let positions =
        variables.iter().enumerate().map(|(position, variable)| (variable.name, position)).collect();
    let states = variables.iter().map(|_| State::Open).collect();
    let mut resolver = Resolver { variables, positions, states, budget_bytes: MAX_ADDED_BYTES, warnings };
    for position in 0..variables.len() {
        resolver.finish(position, 0);
    }
    resolver
        .states
        .into_iter()
        .map(|state| match state {
            State::Done(value) => value,
            State::Open | State::UnderWay => Zeroizing::new(String::new()),
        })
        .collect()
}

enum State {
    Open,
    UnderWay,
    Done(Zeroizing<String>),
}

struct Resolver<'a> {
    variables: &'a [RawVariable<'a>],
    positions: HashMap<&'a str, usize>,
    states: Vec<State>,
    budget_bytes: usize,
    warnings: &'a mut Vec<Warning>,
}

/// Why a reference stays as written.
#[derive(Clone, Copy)]
enum Unresolved {
    NotSet,
    /// It is the variable itself: its value from before the file is meant.
    Own,
    Circle,
    TooLarge,
}

impl<'a> Resolver<'a> {
    /// Works out one value, and those it refers to before it.
    fn finish(&mut self, position: usize, chain: usize) {
        let variables = self.variables;
        let (Some(variable), Some(state @ State::Open)) =
            (variables.get(position), self.states.get_mut(position))
        else {
            return;
        };
        *state = State::UnderWay;
        let mut value = Zeroizing::new(String::new());
        self.write(&variable.pieces, variable, &mut value, chain);
        if let Some(state) = self.states.get_mut(position) {
            *state = State::Done(value);
        }
    }

    fn write(&mut self, pieces: &[Piece], of: &RawVariable<'a>, value: &mut String, chain: usize) {
        for piece in pieces {
            match piece {
                Piece::Text(text) => value.push_str(text),
                Piece::Reference(reference) => self.write_reference(reference, of, value, chain),
            }
        }
    }

    fn write_reference(
        &mut self,
        reference: &Reference,
        of: &RawVariable<'a>,
        value: &mut String,
        chain: usize,
    ) {
        let reason = match self.look_up(reference, of, chain) {
            Ok(text) => {
                value.push_str(&text);
                return;
            }
            Err(reason @ (Unresolved::NotSet | Unresolved::Own)) => {
                if let Some(default) = &reference.default {
                    return self.write(default, of, value, chain);
                }
                if !reference.has_braces {
                    value.push_str(&reference.written);
                    return;
                }
                reason
            }
            Err(reason) => reason,
        };
        value.push_str(&reference.written);
        let to = match reason {
            Unresolved::NotSet => "another variable, which this file does not set",
            Unresolved::Own => "itself",
            Unresolved::Circle => "another variable, which refers back to it",
            Unresolved::TooLarge => "another variable, and what it would grow into is too large",
        };
        let message = format!("{} refers to {to}; the reference is left as written.", of.name);
        self.warnings.push(Warning::new(of.line, message));
    }

    fn look_up(
        &mut self,
        reference: &Reference,
        of: &RawVariable<'a>,
        chain: usize,
    ) -> Result<Zeroizing<String>, Unresolved> {
        if reference.name == of.name {
            return Err(Unresolved::Own);
        }
        let position = *self.positions.get(reference.name.as_str()).ok_or(Unresolved::NotSet)?;
        if chain >= MAX_CHAIN {
            return Err(Unresolved::TooLarge);
        }
        self.finish(position, chain.saturating_add(1));
        match self.states.get(position) {
            Some(State::Done(text)) => {
                let left = self.budget_bytes.checked_sub(text.len()).ok_or(Unresolved::TooLarge)?;
                self.budget_bytes = left;
                Ok(text.clone())
            }
            _ => Err(Unresolved::Circle),
        }
    }
}
