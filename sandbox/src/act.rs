//! What happens to an object beside the API: its payer, its bank, its carrier or its owner acts. Orders have acts of their own
//! (`payer`), which the payer's page shares.

use serde_json::{Map, Value};

use crate::payer::PayerRefusal;

/// What kind of object is acted on, as the control route spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noun {
    Refunds,
    Subscriptions,
    PaymentLinks,
    Payouts,
    Sms,
    Calls,
}

impl Noun {
    /// Every noun.
    pub(crate) const ALL: [Self; 6] =
        [Self::Refunds, Self::Subscriptions, Self::PaymentLinks, Self::Payouts, Self::Sms, Self::Calls];

    /// Returns the noun in the control route: `payment_links`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Refunds => "refunds",
            Self::Subscriptions => "subscriptions",
            Self::PaymentLinks => "payment_links",
            Self::Payouts => "payouts",
            Self::Sms => "sms",
            Self::Calls => "calls",
        }
    }

    /// Returns the noun of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|noun| noun.name() == name)
    }
}

/// One act on one object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Act<'a> {
    /// What kind of object.
    pub(crate) noun: Noun,
    /// The provider's id of it.
    pub(crate) id: &'a str,
    /// What happens: `fail`, `charge`, `pay`.
    pub(crate) name: &'a str,
    /// What the control call says beside: `{"reason": …}`.
    pub(crate) fields: &'a Map<String, Value>,
}

/// What came of an act.
#[derive(Debug)]
pub(crate) struct Acted {
    /// The object's status, in the provider's word.
    pub(crate) status: String,
    /// The object as the provider would answer it now.
    pub(crate) object: Value,
}

impl Act<'_> {
    /// Returns the refusal of an act that the noun does not have at this provider.
    pub(crate) fn unknown(&self, known: &[&str]) -> PayerRefusal {
        PayerRefusal::action(format!("unknown action {}; there are {}", self.name, known.join(", ")))
    }

    /// Returns a text of the call.
    ///
    /// # Errors
    ///
    /// Refuses what is no text.
    pub(crate) fn text(&self, field: &'static str) -> Result<Option<&str>, PayerRefusal> {
        match self.fields.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(_) => Err(PayerRefusal::Refused { field, message: format!("{field} must be a text") }),
        }
    }

    /// Refuses fields that the act does not read.
    ///
    /// # Errors
    ///
    /// Names the first one and what there is.
    pub(crate) fn only(&self, allowed: &[&'static str]) -> Result<(), PayerRefusal> {
        match self.fields.keys().find(|name| !allowed.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) if allowed.is_empty() => {
                Err(PayerRefusal::action(format!("{} takes no field {name}", self.name)))
            }
            Some(name) => Err(PayerRefusal::action(format!(
                "{} takes no field {name}; it takes {}",
                self.name,
                allowed.join(", ")
            ))),
        }
    }
}
