//! Stripe's account and balance, by which a key is checked without side effects.

use serde_json::{Value, json};

use crate::routes::Route;

use super::{
    Account, Call, Handler, bank,
    parameters::{Kind, Parameter, Parameters},
    refund,
    refusal::Refusal,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route { method: "GET", path: "/v1/account", operation: "account.get", handler: get },
    Route { method: "GET", path: "/v1/balance", operation: "balance.get", handler: get_balance },
];

const GET: &[Parameter] = &[("expand", Kind::List)];

fn get(call: &mut Call<'_>) -> Result<Value, Refusal> {
    Parameters::checked(std::mem::take(&mut call.parameters), GET)?;
    let id = &call.account.id;
    Ok(json!({
        "id": id, "object": "account", "business_type": null, "country": "US", "created": call.account.created,
        "business_profile": {
            "mcc": null, "name": "Sandbox shop", "product_description": null, "support_address": null,
            "support_email": null, "support_phone": null, "support_url": null, "url": null,
        },
        "capabilities": {"card_payments": "active", "transfers": "active"}, "charges_enabled": true,
        "controller": {"type": "account"}, "default_currency": "usd", "details_submitted": true,
        "email": "merchant@example.com", "external_accounts": {
            "data": external_accounts(call.account), "has_more": false, "object": "list",
            "url": format!("/v1/accounts/{id}/external_accounts"),
        },
        "metadata": {}, "payouts_enabled": true,
        "settings": {
            "bacs_debit_payments": {},
            "branding": {"icon": null, "logo": null, "primary_color": null, "secondary_color": null},
            "card_issuing": {"tos_acceptance": {"date": null, "ip": null}},
            "card_payments": {
                "decline_on": {"avs_failure": true, "cvc_failure": true}, "statement_descriptor_prefix": null,
                "statement_descriptor_prefix_kana": null, "statement_descriptor_prefix_kanji": null,
            },
            "dashboard": {"display_name": "Sandbox shop", "timezone": "Etc/UTC"},
            "payments": {"statement_descriptor": null, "statement_descriptor_kana": null, "statement_descriptor_kanji": null},
            "payouts": {
                "debit_negative_balances": true, "schedule": {"delay_days": 2, "interval": "daily"},
                "statement_descriptor": null,
            },
            "sepa_debit_payments": {},
        },
        "tos_acceptance": {"date": null, "ip": null, "user_agent": null}, "type": "standard",
    }))
}

fn get_balance(call: &mut Call<'_>) -> Result<Value, Refusal> {
    Parameters::checked(std::mem::take(&mut call.parameters), GET)?;
    bank::settle_all(call.desk, call.account);
    refund::settle_all(call.desk, call.account);
    let now = call.desk.now();
    let ledger = &mut call.account.ledger;
    let shown = |amount: i64, currency: &str| json!({"amount": amount, "currency": currency, "source_types": {"card": amount}});
    let (mut available, mut pending) = (Vec::new(), Vec::new());
    for currency in ledger.currencies() {
        available.push(shown(ledger.available(&currency, now), &currency));
        pending.push(shown(ledger.pending(&currency, now), &currency));
    }
    Ok(json!({
        "object": "balance",
        "available": available,
        "connect_reserved": [{"amount": 0, "currency": "usd"}],
        "livemode": call.account.is_live,
        "pending": pending,
    }))
}

/// Returns the account's own bank account and debit card for US dollars; it has one of each for every other currency.
fn external_accounts(account: &Account) -> Vec<Value> {
    let bank_account = json!({
        "id": account.bank_account("usd"), "object": "bank_account", "account": account.id,
        "account_holder_name": "Sandbox shop", "account_holder_type": "company", "account_type": null,
        "available_payout_methods": ["standard", "instant"], "bank_name": "STRIPE TEST BANK", "country": "US",
        "currency": "usd", "default_for_currency": true, "fingerprint": "PQBqY6e5XwUm7Exf", "last4": "6789",
        "metadata": {}, "routing_number": "110000000", "status": "new",
    });
    let card = json!({
        "id": account.debit_card("usd"), "object": "card", "account": account.id, "address_city": null,
        "address_country": null, "address_line1": null, "address_line1_check": null, "address_line2": null,
        "address_state": null, "address_zip": null, "address_zip_check": null,
        "available_payout_methods": ["standard", "instant"], "brand": "Visa", "country": "US", "currency": "usd",
        "cvc_check": null, "default_for_currency": false, "dynamic_last4": null, "exp_month": 8, "exp_year": 2034,
        "fingerprint": "gK0qksXq136kiXut", "funding": "debit", "last4": "5556", "metadata": {}, "name": null,
        "status": "new", "tokenization_method": null,
    });
    vec![bank_account, card]
}
