//! Stripe's account and balance, by which a key is checked without side effects.

use serde_json::{Value, json};

use crate::routes::Route;

use super::{
    Call, Handler,
    parameters::{Kind, Parameter, Parameters},
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
            "data": [], "has_more": false, "object": "list", "url": format!("/v1/accounts/{id}/external_accounts"),
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
    let mut sums: Vec<(String, i64)> = vec![("usd".to_owned(), 0)];
    for charge in call.account.charges.newest() {
        let earned = charge.amount_captured.saturating_sub(charge.amount_refunded);
        match sums.iter_mut().find(|(currency, _)| *currency == charge.currency) {
            Some((_, sum)) => *sum = sum.saturating_add(earned),
            None => sums.push((charge.currency.clone(), earned)),
        }
    }
    let pending: Vec<Value> = sums
        .iter()
        .map(|(currency, sum)| json!({"amount": sum, "currency": currency, "source_types": {"card": sum}}))
        .collect();
    Ok(json!({
        "object": "balance",
        "available": [{"amount": 0, "currency": "usd", "source_types": {"card": 0}}],
        "connect_reserved": [{"amount": 0, "currency": "usd"}],
        "livemode": call.account.is_live,
        "pending": pending,
    }))
}
