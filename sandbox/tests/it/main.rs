//! The sandbox over its real sockets, a file for each provider, the faults, the control calls and the schemas.

#[cfg(test)]
mod control;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod pay_page;
#[cfg(test)]
mod paypal;
#[cfg(test)]
mod paypal_invoices;
#[cfg(test)]
mod paypal_payouts;
#[cfg(test)]
mod paypal_plans;
#[cfg(test)]
mod paypal_refunds;
#[cfg(test)]
mod paypal_schemas;
#[cfg(test)]
mod paypal_subscriptions;
#[cfg(test)]
mod razorpay;
#[cfg(test)]
mod razorpay_payment_links;
#[cfg(test)]
mod razorpay_payouts;
#[cfg(test)]
mod razorpay_refunds;
#[cfg(test)]
mod razorpay_subscriptions;
#[cfg(test)]
mod schemas;
#[cfg(test)]
mod stripe;
#[cfg(test)]
mod stripe_catalogue;
#[cfg(test)]
mod stripe_payment_links;
#[cfg(test)]
mod stripe_payouts;
#[cfg(test)]
mod stripe_refunds;
#[cfg(test)]
mod stripe_schemas;
#[cfg(test)]
mod stripe_subscription_cycles;
#[cfg(test)]
mod stripe_subscriptions;
#[cfg(test)]
mod support;
#[cfg(test)]
mod twilio;
#[cfg(test)]
mod twilio_calls;
#[cfg(test)]
mod twilio_sms_acts;
