//! What is asked for: every operation that writes, at every provider that can, each wish with a mark of its own.

use serde_json::{Value, json};

use crate::support::{Scene, text};

/// Something that is asked for under one idempotency key.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    pub(super) key: String,
    /// Which tenant asks.
    pub(super) tenant: usize,
    pub(super) provider: &'static str,
    /// The side effect, as the sandbox calls it.
    pub(super) operation: &'static str,
    pub(super) path: String,
    pub(super) body: Value,
    /// What its side effect carries and that of no other wish does: an amount in the smallest unit, or a number to call.
    pub(super) mark: String,
    /// What is asked for of the object afterwards.
    pub(super) next: Next,
    /// Whether nobody asks for it under this key: it comes with something else.
    pub(super) is_beside: bool,
}

/// What becomes of an object after it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Nothing,
    Capture,
    Cancel,
    /// Paid, and refunded in so many parts.
    Refund(u64),
    EndSubscription,
}

/// Makes wishes; every mark is given once.
#[derive(Debug)]
pub(super) struct Wishes {
    tenants: usize,
    given: u64,
    /// So that every amount stands for one wish, and none is large.
    least_minor: u64,
}

const PAYMENTS: [&str; 3] = ["razorpay", "paypal", "stripe"];
const ORDERS: &str = "/v1/payments/orders";
/// Parts in which an order is refunded.
const PARTS: u64 = 3;
/// What an order has over its mark that is to be refunded in parts.
const ROOM_MINOR: u64 = 10_000_000;

impl Wishes {
    pub(super) const fn new(tenants: usize) -> Self {
        Self { tenants, given: 0, least_minor: 500 }
    }

    /// Returns wishes for new objects: so many of each kind, orders for each change that can follow.
    pub(super) fn creations(&mut self, each: u64) -> Vec<Wish> {
        let mut wishes = Vec::new();
        for _ in 0..each {
            for provider in PAYMENTS {
                wishes.push(self.order(provider, Next::Capture));
                // Razorpay's orders cannot be cancelled.
                if provider != "razorpay" {
                    wishes.push(self.order(provider, Next::Cancel));
                }
                wishes.push(self.link(provider));
                wishes.push(self.payout(provider));
                wishes.push(self.subscription(provider));
            }
            wishes.push(self.twilio("sms.send", "/v1/sms", "message"));
            wishes.push(self.twilio("calls.create", "/v1/calls", "say"));
        }
        for _ in 0..each.div_ceil(PARTS) {
            wishes.extend(PAYMENTS.map(|provider| self.order(provider, Next::Refund(PARTS))));
        }
        wishes
    }

    /// Returns the wishes that follow from an object that was made; `made` is the answer.
    pub(super) fn changes(&mut self, wish: &Wish, made: &Value) -> Vec<Wish> {
        let id = text(made, "transaction_id");
        let change = |operation, path: String| Wish {
            key: format!("{}-next", wish.key),
            operation,
            path,
            body: json!({}),
            next: Next::Nothing,
            ..wish.clone()
        };
        match wish.next {
            Next::Nothing => Vec::new(),
            Next::Capture => vec![change("orders.capture", format!("{ORDERS}/{id}/capture"))],
            Next::Cancel => vec![change("orders.cancel", format!("{ORDERS}/{id}/cancel"))],
            Next::EndSubscription => {
                vec![change("subscriptions.cancel", format!("/v1/subscriptions/{id}/cancel"))]
            }
            Next::Refund(parts) => (0..parts)
                .map(|_| {
                    let mut refund = self.wish(wish.provider, "refunds.create", "/v1/payments/refunds");
                    refund.tenant = wish.tenant;
                    refund.body = json!({"order_id": id, "amount": refund.amount()});
                    refund
                })
                .collect(),
        }
    }

    fn order(&mut self, provider: &'static str, next: Next) -> Wish {
        let mut wish = self.wish(provider, "orders.create", ORDERS);
        if let Next::Refund(_) = next {
            wish.mark = (self.least_minor + self.given + ROOM_MINOR).to_string();
        }
        wish.body = json!({"provider": provider, "amount": wish.amount(), "currency": currency(provider)});
        if matches!(next, Next::Capture | Next::Cancel) {
            wish.body["capture"] = json!("manual");
        }
        Wish { next, ..wish }
    }

    fn link(&mut self, provider: &'static str) -> Wish {
        // At PayPal a link is an invoice, which can be paid when it was sent.
        let operation = if provider == "paypal" { "payment_links.send" } else { "payment_links.create" };
        let mut wish = self.wish(provider, operation, "/v1/payment-links");
        wish.body = json!({"provider": provider, "amount": wish.amount(), "currency": currency(provider),
            "description": "Invoice 42"});
        wish
    }

    fn payout(&mut self, provider: &'static str) -> Wish {
        let mut wish = self.wish(provider, "payouts.create", "/v1/payouts");
        wish.body = Scene::payout(provider, &wish.amount());
        wish
    }

    fn subscription(&mut self, provider: &'static str) -> Wish {
        let mut wish = self.wish(provider, "subscriptions.create", "/v1/subscriptions");
        wish.body = Scene::subscription(provider);
        wish.body["plan"]["amount"] = json!(wish.amount());
        Wish { next: Next::EndSubscription, ..wish }
    }

    fn twilio(&mut self, operation: &'static str, path: &str, words: &str) -> Wish {
        let mut wish = self.wish("twilio", operation, path);
        wish.mark = format!("+1555{:07}", self.given);
        wish.body = json!({"to": wish.mark, words: "It is on its way."});
        wish
    }

    fn wish(&mut self, provider: &'static str, operation: &'static str, path: &str) -> Wish {
        self.given += 1;
        let tenant = usize::try_from(self.given).expect("a small number") % self.tenants;
        Wish {
            key: format!("{provider}-{operation}-{}", self.given),
            tenant,
            provider,
            operation,
            path: path.to_owned(),
            body: Value::Null,
            mark: (self.least_minor + self.given).to_string(),
            next: Next::Nothing,
            is_beside: false,
        }
    }
}

impl Wish {
    /// Returns what comes with it and is asked for by nobody, once at most as well. At PayPal an order that its payer has
    /// approved is captured when it is read, and a link begins as a draft, which nobody can pay.
    pub(super) fn beside(&self) -> Option<Self> {
        let operation = match (self.provider, self.operation, self.next) {
            ("paypal", "orders.create", Next::Refund(_)) => "orders.capture",
            ("paypal", "payment_links.send", _) => "payment_links.create",
            _ => return None,
        };
        let key = format!("{}-beside", self.key);
        Some(Self { key, operation, next: Next::Nothing, is_beside: true, ..self.clone() })
    }

    /// Returns the mark as an amount: all currencies here have two decimals.
    fn amount(&self) -> String {
        let (major, minor) = self.mark.split_at(self.mark.len() - 2);
        format!("{major}.{minor}")
    }

    /// Returns any wish.
    pub(super) fn example() -> Self {
        Wishes::new(1).order("stripe", Next::Nothing)
    }
}

fn currency(provider: &str) -> &'static str {
    if provider == "razorpay" { "INR" } else { "USD" }
}

#[test]
fn no_two_wishes_have_the_same_key_or_the_same_mark_at_one_operation() {
    let mut wishes = Wishes::new(3);
    let mut all = wishes.creations(20);
    let made = json!({"transaction_id": "txn_1"});
    let changes: Vec<Wish> = all.iter().flat_map(|wish| wishes.changes(wish, &made)).collect();
    assert!(changes.len() > 100);
    let beside: Vec<Wish> = all.iter().filter_map(Wish::beside).collect();
    assert!(beside.len() > 20);
    all.extend(changes);
    all.extend(beside);
    let keys: std::collections::HashSet<&str> = all.iter().map(|wish| &*wish.key).collect();
    let marks: std::collections::HashSet<_> =
        all.iter().map(|wish| (wish.provider, wish.operation, &*wish.mark)).collect();
    assert_eq!((keys.len(), marks.len()), (all.len(), all.len()));
}
