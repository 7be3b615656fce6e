//! Finding an invoice whose sending had no answer, by its number.

use domain::{CreatePaymentLink, Effect, Money, NotSent, Outcome, Reply};

use super::get::read_invoice;
use super::invoice;
use super::invoice::WireInvoice;
use crate::paypal::{NAME, errors};
use crate::rejection::Missing;
use crate::{Context, Exchange, Step, reply as replies};

/// Plans the look-up.
pub(super) fn plan(link: &CreatePaymentLink) -> Box<dyn Exchange> {
    Box::new(LookUp { amount: link.amount, stage: Stage::Searching })
}

struct LookUp {
    amount: Money,
    stage: Stage,
}

enum Stage {
    /// Looking which invoices have the number.
    Searching,
    /// Reading the one that was sent.
    Reading,
}

impl Exchange for LookUp {
    fn begin(&mut self, context: &Context<'_>) -> Step {
        Step::Call(Box::new(invoice::search_request(&invoice::number(context))))
    }

    fn resume(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        match self.stage {
            Stage::Searching => self.found(context, reply),
            Stage::Reading => Step::Done(read_invoice(context, reply)),
        }
    }
}

impl LookUp {
    /// A draft is as good as none: nobody can pay it, and creating the link again sends it.
    fn found(&mut self, context: &Context<'_>, reply: &Reply) -> Step {
        if !replies::is_success(reply) {
            return Step::Done(errors::outcome(Missing::PaymentLink, Effect::Read, reply));
        }
        let Some(found) = invoice::read_found(reply, &invoice::number(context)) else {
            return Step::Done(replies::says_nothing(NAME, Effect::Read, reply));
        };
        let is_sent = |invoice: &&WireInvoice| !invoice.is_draft() && invoice.may_be_of(context, self.amount);
        let sent = found.iter().find(is_sent).and_then(WireInvoice::id);
        match sent {
            Some(id) => {
                self.stage = Stage::Reading;
                Step::Call(Box::new(invoice::read_request(id)))
            }
            None => Step::Done(Outcome::NotSent(NotSent::NeverArrived)),
        }
    }
}

#[cfg(test)]
mod tests;
