//! The whole state of a sandbox: four simulations, the shared desk, the faults, and the requests under way.

use std::collections::HashMap;

use crate::{
    clock::Clock,
    desk::{Current, Desk, RAZORPAY_PAYOUT_BALANCE, Settings},
    exchange::{Answer, Incoming},
    faults::{Faults, Plan},
    paypal::PayPal,
    provider::{Provider, Recognised, Simulation},
    random::Random,
    razorpay::Razorpay,
    record::{CallRecord, Record},
    start::Addresses,
    stripe::Stripe,
    twilio::Twilio,
};

/// What a world is made with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) seed: Option<u64>,
    pub(crate) record_calls: bool,
    pub(crate) token_lifetime_seconds: u64,
    pub(crate) addresses: Addresses,
}

/// A key that a request under way holds: provider, merchant, idempotency key.
pub(crate) type HeldKey = (Provider, String, String);

/// Everything a sandbox knows.
pub(crate) struct World {
    setting: Setting,
    pub(crate) desk: Desk,
    pub(crate) faults: Faults,
    keys_in_use: HashMap<HeldKey, usize>,
    razorpay: Razorpay,
    paypal: PayPal,
    stripe: Stripe,
    twilio: Twilio,
}

impl World {
    /// Returns a world in which nothing has happened yet.
    pub(crate) fn new(setting: Setting) -> Self {
        Self {
            setting,
            desk: Desk {
                clock: Clock::new(setting.seed.is_some()),
                random: Random::new(setting.seed),
                record: Record::new(setting.record_calls),
                settings: Settings {
                    token_lifetime_seconds: setting.token_lifetime_seconds,
                    razorpay_unique_receipts: false,
                    razorpay_pending_refunds: false,
                    razorpay_disabled_features: Vec::new(),
                    razorpay_payout_balance: RAZORPAY_PAYOUT_BALANCE,
                },
                addresses: setting.addresses,
                current: None,
                provider: Provider::Razorpay,
            },
            faults: Faults::default(),
            keys_in_use: HashMap::new(),
            razorpay: Razorpay::default(),
            paypal: PayPal::new(),
            stripe: Stripe::default(),
            twilio: Twilio::default(),
        }
    }

    /// Returns a simulation to read from.
    pub(crate) fn simulation(&self, provider: Provider) -> &dyn Simulation {
        match provider {
            Provider::Razorpay => &self.razorpay,
            Provider::PayPal => &self.paypal,
            Provider::Stripe => &self.stripe,
            Provider::Twilio => &self.twilio,
        }
    }

    /// Returns a simulation and the desk that it works at.
    pub(crate) fn at_work(&mut self, provider: Provider) -> (&mut dyn Simulation, &mut Desk) {
        self.desk.provider = provider;
        let simulation: &mut dyn Simulation = match provider {
            Provider::Razorpay => &mut self.razorpay,
            Provider::PayPal => &mut self.paypal,
            Provider::Stripe => &mut self.stripe,
            Provider::Twilio => &mut self.twilio,
        };
        (simulation, &mut self.desk)
    }

    /// Decides what the faults do to a request.
    pub(crate) fn plan(&mut self, provider: Provider, request: &Recognised) -> Plan {
        self.faults.plan(provider, request, &mut self.desk.random)
    }

    /// Returns a new request id of the provider's shape.
    pub(crate) fn request_id(&mut self, provider: Provider) -> String {
        let (simulation, desk) = self.at_work(provider);
        simulation.request_id(&mut desk.random)
    }

    /// Executes a request.
    pub(crate) fn execute(
        &mut self,
        provider: Provider,
        incoming: &Incoming,
        recognised: &Recognised,
        request_id: &str,
    ) -> Answer {
        let key_is_in_use =
            held_key(provider, recognised).is_some_and(|key| self.keys_in_use.contains_key(&key));
        let (simulation, desk) = self.at_work(provider);
        desk.current = Some(Current {
            request_id: request_id.to_owned(),
            idempotency_key: recognised.idempotency_key.clone(),
            key_is_in_use,
        });
        let answer = simulation.answer(desk, incoming);
        desk.current = None;
        answer
    }

    /// Marks the request's idempotency key as in use until [`World::release`].
    pub(crate) fn hold(&mut self, provider: Provider, recognised: &Recognised) -> Option<HeldKey> {
        let key = held_key(provider, recognised)?;
        let holders = self.keys_in_use.entry(key.clone()).or_insert(0);
        *holders = holders.saturating_add(1);
        Some(key)
    }

    /// Ends one holder's use of an idempotency key.
    pub(crate) fn release(&mut self, key: &HeldKey) {
        if let Some(holders) = self.keys_in_use.get_mut(key) {
            *holders = holders.saturating_sub(1);
            if *holders == 0 {
                self.keys_in_use.remove(key);
            }
        }
    }

    /// Records a request with what became of it.
    pub(crate) fn record_call(&mut self, call: CallRecord) {
        self.desk.record.add_call(call);
    }

    /// Moves the clock and lets happen what has become due.
    pub(crate) fn advance(&mut self, seconds: i64) {
        self.desk.clock.advance(seconds);
        for provider in Provider::ALL {
            let (simulation, desk) = self.at_work(provider);
            simulation.settle(desk);
        }
    }

    /// Forgets everything: objects, merchants, tokens, effects, calls, faults, settings and advanced time.
    pub(crate) fn forget(&mut self) {
        for provider in Provider::ALL {
            self.at_work(provider).0.forget();
        }
        let fresh = Self::new(self.setting);
        self.desk = fresh.desk;
        self.faults.clear();
    }

    /// Returns every name under which a merchant may be recorded.
    pub(crate) fn merchant_names(&self, merchant: &str) -> Vec<String> {
        let mut names = vec![merchant.to_owned()];
        for provider in Provider::ALL {
            let alias = self.simulation(provider).merchant_alias(merchant);
            if !names.contains(&alias) {
                names.push(alias);
            }
        }
        names
    }
}

fn held_key(provider: Provider, recognised: &Recognised) -> Option<HeldKey> {
    if !recognised.guards_key {
        return None;
    }
    Some((provider, recognised.merchant.clone()?, recognised.idempotency_key.clone()?))
}
