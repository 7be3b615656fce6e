//! The price: its members, and how one is read from a request, as an object of its own or inline.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::desk::Desk;

use super::{
    Account, Call,
    calendar::Interval,
    currencies,
    effects::{self, Effect},
    parameters::{Kind, Parameter, Parameters},
    products::{self, Product},
    refusal::Refusal,
};

/// The fields of `recurring`.
pub(super) const RECURRING: &[Parameter] = &[
    ("aggregate_usage", Kind::NotSimulated),
    ("interval", Kind::Choice(Interval::NAMES)),
    ("interval_count", Kind::Integer),
    ("meter", Kind::NotSimulated),
    ("trial_period_days", Kind::NotSimulated),
    ("usage_type", Kind::Choice(&["licensed"])),
];
/// The fields of `product_data`.
pub(super) const PRODUCT_DATA: &[Parameter] = &[
    ("active", Kind::Boolean),
    ("description", Kind::Text(40_000)),
    ("id", Kind::NotSimulated),
    ("images", Kind::Open),
    ("metadata", Kind::Metadata),
    ("name", Kind::Text(5000)),
    ("statement_descriptor", Kind::Text(22)),
    ("tax_code", Kind::Text(5000)),
    ("unit_label", Kind::Text(12)),
];
/// The words of `tax_behavior`.
pub(super) const TAX_BEHAVIORS: Kind = Kind::Choice(&["exclusive", "inclusive", "unspecified"]);

/// A price.
#[derive(Clone, Debug)]
pub(super) struct Price {
    pub(super) id: String,
    pub(super) product: String,
    pub(super) terms: Terms,
    pub(super) is_active: bool,
    pub(super) lookup_key: Option<String>,
    pub(super) nickname: Option<String>,
    pub(super) tax_behavior: String,
    pub(super) created: i64,
    is_live: bool,
    pub(super) metadata: Map<String, Value>,
}

/// What a price costs, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) currency: String,
    /// Of one piece, in the smallest unit.
    pub(super) unit_amount: i64,
    pub(super) recurring: Option<Recurring>,
}

/// How often a recurring price is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Recurring {
    pub(super) interval: Interval,
    pub(super) count: i64,
}

impl Terms {
    /// Reads the terms; `prefix` is where they stand in the request, such as `items[0][price_data]`.
    pub(super) fn read(given: &Parameters, prefix: &str) -> Result<Self, Refusal> {
        let named = |name: &str| named(prefix, name);
        let currency = given.text("currency").ok_or_else(|| Refusal::missing(&named("currency")))?;
        let currency = currencies::check_currency(currency)?;
        let unit_amount = match (given.integer("unit_amount"), given.text("unit_amount_decimal")) {
            (Some(_), Some(_)) => {
                return Err(Refusal::only_one_of(&["unit_amount", "unit_amount_decimal"]));
            }
            (Some(amount), None) => amount,
            (None, Some(decimal)) => whole(decimal, &named("unit_amount_decimal"))?,
            (None, None) => return Err(Refusal::missing(&named("unit_amount"))),
        };
        currencies::check_price(unit_amount, &currency, &named("unit_amount"))?;
        let recurring = match given.nested("recurring") {
            Some(recurring) => Some(Recurring::read(&recurring, &named("recurring"))?),
            None => None,
        };
        Ok(Self { currency, unit_amount, recurring })
    }
}

impl Recurring {
    fn read(given: &Parameters, prefix: &str) -> Result<Self, Refusal> {
        let param = named(prefix, "interval");
        let interval = given.text("interval").and_then(Interval::named);
        let interval = interval.ok_or_else(|| Refusal::missing(&param))?;
        let count = given.integer("interval_count").unwrap_or(1);
        if !(1..=interval.most()).contains(&count) {
            let message = format!(
                "Invalid interval_count: a billing period is 1 to {} {}s, which is three years.",
                interval.most(),
                interval.name()
            );
            return Err(Refusal::parameter(None, &named(prefix, "interval_count"), message));
        }
        Ok(Self { interval, count })
    }
}

impl Price {
    /// Returns a new price of a product.
    pub(super) fn new(desk: &mut Desk, account: &Account, (product, terms): (String, Terms)) -> Self {
        Self {
            id: format!("price_1{}", desk.random.base62(23)),
            product,
            terms,
            is_active: true,
            lookup_key: None,
            nickname: None,
            tax_behavior: "unspecified".to_owned(),
            created: desk.now(),
            is_live: account.is_live,
            metadata: Map::new(),
        }
    }

    /// Returns what so many pieces cost; none where that is beyond all amounts.
    pub(super) fn amount_of(&self, quantity: i64) -> Option<i64> {
        self.terms.unit_amount.checked_mul(quantity)
    }

    /// Returns the price as Stripe writes it.
    pub(super) fn to_json(&self) -> Value {
        let recurring = self.terms.recurring.map(|recurring| {
            json!({
                "aggregate_usage": null, "interval": recurring.interval.name(), "interval_count": recurring.count,
                "trial_period_days": null, "usage_type": "licensed",
            })
        });
        json!({
            "id": self.id, "object": "price", "active": self.is_active, "billing_scheme": "per_unit",
            "created": self.created, "currency": self.terms.currency, "custom_unit_amount": null,
            "livemode": self.is_live, "lookup_key": self.lookup_key, "metadata": self.metadata,
            "nickname": self.nickname, "product": self.product,
            "type": if recurring.is_some() { "recurring" } else { "one_time" }, "recurring": recurring,
            "tax_behavior": self.tax_behavior, "tiers_mode": null, "transform_quantity": null,
            "unit_amount": self.terms.unit_amount, "unit_amount_decimal": self.terms.unit_amount.to_string(),
        })
    }
}

/// A price that a line of a request names or brings along; nothing of it is kept yet.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub(super) price: Price,
    /// The product that comes with it.
    product: Option<Product>,
    is_new: bool,
}

impl Offer {
    /// Reads `price` or `price_data` of a line; `prefix` is where the line stands, such as `items[0]`.
    pub(super) fn read(call: &mut Call<'_>, line: &Parameters, prefix: &str) -> Result<Self, Refusal> {
        match (line.text("price"), line.nested("price_data")) {
            (Some(_), Some(_)) => Err(Refusal::only_one_of(&["price", "price_data"])),
            (None, None) => Err(Refusal::missing(&named(prefix, "price"))),
            (Some(id), None) => {
                let param = named(prefix, "price");
                let unknown = || Refusal::no_such(StatusCode::BAD_REQUEST, "price", id, &param);
                let price = call.account.prices.get(id).ok_or_else(unknown)?.clone();
                if price.is_active {
                    return Ok(Self { price, product: None, is_new: false });
                }
                let message = "The price specified is inactive. This field only accepts active prices.";
                Err(Refusal::parameter(None, &param, message))
            }
            (None, Some(data)) => {
                let prefix = named(prefix, "price_data");
                let terms = Terms::read(&data, &prefix)?;
                let (product_id, product) = product_of(call, &data, &prefix)?;
                let mut price = Price::new(call.desk, call.account, (product_id, terms));
                // An inline price is for this one use.
                price.is_active = false;
                Ok(Self { price, product, is_new: true })
            }
        }
    }

    /// Keeps what the line brought along, and returns its price.
    pub(super) fn keep(self, desk: &mut Desk, account: &mut Account) -> Price {
        if let Some(product) = self.product {
            products::keep(desk, account, product);
        }
        if self.is_new {
            keep(desk, account, self.price.clone());
        }
        self.price
    }
}

/// Returns the product that `product` names or `product_data` brings along, which is not kept yet.
pub(super) fn product_of(
    call: &mut Call<'_>,
    given: &Parameters,
    prefix: &str,
) -> Result<(String, Option<Product>), Refusal> {
    match (given.text("product"), given.nested("product_data")) {
        (Some(_), Some(_)) => Err(Refusal::only_one_of(&["product", "product_data"])),
        (None, None) => Err(Refusal::missing(&named(prefix, "product"))),
        (Some(id), None) => {
            products::check(call.account, id, &named(prefix, "product"))?;
            Ok((id.to_owned(), None))
        }
        (None, Some(data)) => {
            let param = named(prefix, "product_data[name]");
            let name = data.text("name").ok_or_else(|| Refusal::missing(&param))?;
            let mut product = Product::new(call.desk, call.account, name);
            product.apply(&data);
            Ok((product.id.clone(), Some(product)))
        }
    }
}

/// Keeps a new price with the account.
pub(super) fn keep(desk: &mut Desk, account: &mut Account, price: Price) {
    let id = price.id.clone();
    account.prices.insert(&id, price);
    report(desk, account, &id, "prices.create");
}

/// Records that a price was created or changed.
pub(super) fn report(desk: &mut Desk, account: &Account, id: &str, operation: &'static str) {
    let Some(price) = account.prices.get(id) else { return };
    let money = Some((price.terms.unit_amount, price.terms.currency.as_str()));
    effects::report(desk, account, operation, Effect { id, money, metadata: &price.metadata });
}

/// Returns the whole name of a parameter: `items[0]` and `price` is `items[0][price]`.
pub(super) fn named(prefix: &str, name: &str) -> String {
    match name.split_once('[') {
        _ if prefix.is_empty() => name.to_owned(),
        Some((first, rest)) => format!("{prefix}[{first}][{rest}"),
        None => format!("{prefix}[{name}]"),
    }
}

/// Parts of the smallest unit exist at Stripe, but no charge could be exact with them here.
fn whole(decimal: &str, param: &str) -> Result<i64, Refusal> {
    let (units, parts) = decimal.split_once('.').unwrap_or((decimal, ""));
    if !parts.bytes().all(|digit| digit == b'0') {
        let message = "parts of the smallest unit are not simulated by the sandbox";
        return Err(Refusal::parameter(None, param, message));
    }
    let invalid = |_| Refusal::parameter(None, param, format!("Invalid decimal: {decimal}"));
    units.parse().map_err(invalid)
}
