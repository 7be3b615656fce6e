//! Reading a payment link: the link, what it charges, and the visits to it, of which one that was paid makes the link paid.

use domain::{
    Effect, GetPaymentLink, Money, Outcome, PaymentLink, PaymentLinkStatus, Reply, Request, Resource,
};
use serde::de::DeserializeOwned;

use super::link::{LineItems, Sessions, Visits, WireLink};
use crate::stripe::errors::Subject;
use crate::stripe::{NAME, calls, errors};
use crate::{Context, Exchange, Step, json, reply as replies};

/// Most pages of visits that are looked through, of a hundred each.
const MAX_PAGES: u8 = 8;

/// Plans a read.
pub(super) fn plan(link: &GetPaymentLink) -> Box<dyn Exchange> {
    Box::new(Reading { id: link.provider_link_id.clone(), stage: Stage::Link })
}

struct Reading {
    id: Box<str>,
    stage: Stage,
}

enum Stage {
    /// Reading the link.
    Link,
    /// Reading what it charges.
    LineItems { link: WireLink },
    /// Looking through the visits to it.
    Visits { link: WireLink, amount: Money, pages: u8, so_far: Visits },
    /// It is over.
    Done,
}

impl Exchange for Reading {
    fn begin(&mut self, _: &Context<'_>) -> Step {
        self.stage = Stage::Link;
        Step::Call(Box::new(calls::read(format!("/v1/payment_links/{}", self.id))))
    }

    fn resume(&mut self, _: &Context<'_>, reply: &Reply) -> Step {
        let next = match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Link => self.link_read(reply),
            Stage::LineItems { link } => self.items_read(link, reply),
            Stage::Visits { link, amount, pages, so_far } => {
                self.visits_read((link, amount), (pages, so_far), reply)
            }
            Stage::Done => Err(replies::says_nothing(NAME, Effect::Read, reply)),
        };
        match next {
            Ok(request) => Step::Call(Box::new(request)),
            Err(outcome) => Step::Done(outcome),
        }
    }
}

impl Reading {
    fn link_read(&mut self, reply: &Reply) -> Result<Request, Outcome> {
        let link = understood::<WireLink>(reply)?;
        self.stage = Stage::LineItems { link };
        Ok(calls::read(format!("/v1/payment_links/{}/line_items?limit=100", self.id)))
    }

    fn items_read(&mut self, link: WireLink, reply: &Reply) -> Result<Request, Outcome> {
        let items = understood::<LineItems>(reply)?;
        let amount = items.total().ok_or_else(|| replies::says_nothing(NAME, Effect::Read, reply))?;
        self.stage = Stage::Visits { link, amount, pages: 1, so_far: Visits::Unpaid };
        Ok(self.visits_call(None))
    }

    fn visits_read(
        &mut self,
        (link, amount): (WireLink, Money),
        (pages, before): (u8, Visits),
        reply: &Reply,
    ) -> Result<Request, Outcome> {
        let sessions = understood::<Sessions>(reply)?;
        let so_far = match (before, sessions.visits()) {
            (Visits::Processing, Visits::Unpaid) => Visits::Processing,
            (_, visits) => visits,
        };
        match sessions.last_id().filter(|_| so_far != Visits::Paid) {
            Some(last) if pages < MAX_PAGES => {
                let call = self.visits_call(Some(last));
                self.stage = Stage::Visits { link, amount, pages: pages.saturating_add(1), so_far };
                Ok(call)
            }
            // There are more visits than are looked through: one of them may have paid.
            Some(_) => Err(told(link, amount, None)),
            None => Err(told(link, amount, Some(so_far))),
        }
    }

    fn visits_call(&self, after: Option<&str>) -> Request {
        let path = format!("/v1/checkout/sessions?payment_link={}&limit=100", self.id);
        match after {
            Some(last) => calls::read(format!("{path}&starting_after={last}")),
            None => calls::read(path),
        }
    }
}

/// Returns the link in the gateway's words; `visits` is absent when they could not all be seen.
fn told(link: WireLink, amount: Money, visits: Option<Visits>) -> Outcome {
    let (status, stripes_word) = match visits {
        Some(Visits::Paid) => (PaymentLinkStatus::Paid, Some("paid".to_owned())),
        Some(Visits::Processing) => (PaymentLinkStatus::Processing, Some("unpaid".to_owned())),
        Some(Visits::Unpaid) => (link.status(), link.stripes_word()),
        None => (PaymentLinkStatus::Unknown, link.stripes_word()),
    };
    Outcome::Executed(Resource::PaymentLink(PaymentLink {
        provider_link_id: link.id,
        url: link.url,
        amount,
        status,
        provider_status: stripes_word,
    }))
}

/// Returns what a reply holds, else how the read ends.
fn understood<T: DeserializeOwned>(reply: &Reply) -> Result<T, Outcome> {
    if !replies::is_success(reply) {
        return Err(errors::outcome(Subject::PaymentLink, Effect::Read, reply));
    }
    json::read(reply).ok_or_else(|| replies::says_nothing(NAME, Effect::Read, reply))
}
