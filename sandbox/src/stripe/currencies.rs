//! Stripe's currencies, their decimals in charges and their smallest amounts.

use super::refusal::Refusal;

const KNOWN: &str = "usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn \
    bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl \
    hrk htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk \
    mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar \
    sbd scr sek sgd shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xof \
    xpf yer zar zmw";
/// The amount is in whole units.
const ZERO: &str = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf";
/// Three decimals, of which the last must be 0.
const THREE: &str = "bhd jod kwd omr tnd";
/// Two decimals in charges, none in payouts.
const WHOLE_PAYOUTS: &str = "huf twd";
/// No decimals in the world, two on the wire: the last two digits must be 00.
const HUNDREDS: &str = "isk ugx";

/// The pinned specification allows eight digits.
const MOST_AMOUNT: i64 = 99_999_999;

/// The smallest charge with its sign, by currency; a selection, the limit follows the account's settlement currency.
const LEAST: [(&str, i64, &str); 23] = [
    ("usd", 50, "$"),
    ("eur", 50, "€"),
    ("aud", 50, "$"),
    ("cad", 50, "$"),
    ("chf", 50, "CHF "),
    ("inr", 50, "₹"),
    ("sgd", 50, "$"),
    ("gbp", 30, "£"),
    ("aed", 200, "AED "),
    ("myr", 200, "RM"),
    ("pln", 200, "zł"),
    ("nok", 300, "kr"),
    ("sek", 300, "kr"),
    ("dkk", 250, "kr."),
    ("hkd", 400, "$"),
    ("mxn", 1000, "$"),
    ("thb", 1000, "฿"),
    ("czk", 1500, "Kč"),
    ("huf", 17_500, "Ft"),
    ("jpy", 50, "¥"),
    ("krw", 50, "₩"),
    ("brl", 50, "R$"),
    ("nzd", 50, "$"),
];

/// Returns the number of decimals of amounts in this currency.
pub(super) fn decimals(currency: &str) -> usize {
    if lists(ZERO, currency) {
        0
    } else if lists(THREE, currency) {
        3
    } else {
        2
    }
}

/// Returns the currency in lower case, as it comes back.
pub(super) fn check_currency(given: &str) -> Result<String, Refusal> {
    let currency = given.to_ascii_lowercase();
    if currency == "usd" || lists(KNOWN, &currency) {
        return Ok(currency);
    }
    let known = KNOWN.replace(' ', ", ");
    let message =
        format!("Invalid currency: {currency}. Stripe currently supports these currencies: {known}");
    Err(Refusal::parameter(None, "currency", message))
}

/// Checks an amount by the rules of its currency; `param` is the parameter to blame.
pub(super) fn check_amount(amount: i64, currency: &str, param: &str) -> Result<(), Refusal> {
    check_range(amount, 1, currency, param)?;
    if let Some((_, least, sign)) = LEAST.iter().find(|(known, _, _)| *known == currency)
        && amount < *least
    {
        let least = crate::payer::major(*least, decimals(currency));
        let message = format!("Amount must be at least {sign}{least} {currency}");
        return Err(Refusal::parameter(Some("amount_too_small"), param, message));
    }
    check_unit(amount, unit(currency), currency, param)
}

/// Checks the amount of a refund or a transfer, which may be smaller than the smallest charge.
pub(super) fn check_part(amount: i64, currency: &str, param: &str) -> Result<(), Refusal> {
    check_range(amount, 1, currency, param)?;
    check_unit(amount, unit(currency), currency, param)
}

/// Checks the amount of one piece, which may be free.
pub(super) fn check_price(amount: i64, currency: &str, param: &str) -> Result<(), Refusal> {
    check_range(amount, 0, currency, param)?;
    check_unit(amount, unit(currency), currency, param)
}

/// Checks the amount of a payout: some currencies have decimals in charges only.
pub(super) fn check_payout(amount: i64, currency: &str, param: &str) -> Result<(), Refusal> {
    check_range(amount, 1, currency, param)?;
    let unit = if lists(WHOLE_PAYOUTS, currency) { 100 } else { unit(currency) };
    check_unit(amount, unit, currency, param)
}

/// Writes an amount with its sign, as error messages do: `$20.00`.
pub(super) fn written(amount: i64, currency: &str) -> String {
    format!("{}{}", sign(currency), crate::payer::major(amount, decimals(currency)))
}

fn check_range(amount: i64, least: i64, currency: &str, param: &str) -> Result<(), Refusal> {
    if amount < least {
        let code = Some("parameter_invalid_integer");
        let message = format!("This value must be greater than or equal to {least}.");
        return Err(Refusal::parameter(code, param, message));
    }
    if amount > MOST_AMOUNT {
        let message = format!("Amount must be no more than {} {currency}", written(MOST_AMOUNT, currency));
        return Err(Refusal::parameter(Some("amount_too_large"), param, message));
    }
    Ok(())
}

fn unit(currency: &str) -> i64 {
    if lists(THREE, currency) {
        10
    } else if lists(HUNDREDS, currency) {
        100
    } else {
        1
    }
}

fn check_unit(amount: i64, unit: i64, currency: &str, param: &str) -> Result<(), Refusal> {
    if amount % unit != 0 {
        let message = format!("Invalid amount: amounts in {currency} must be divisible by {unit}.");
        return Err(Refusal::parameter(Some("parameter_invalid_integer"), param, message));
    }
    Ok(())
}

fn sign(currency: &str) -> &'static str {
    LEAST.iter().find(|(known, _, _)| *known == currency).map_or("", |(_, _, sign)| sign)
}

fn lists(list: &str, currency: &str) -> bool {
    list.split(' ').any(|known| known == currency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_follow_stripes_own_decimals() {
        for (amount, currency, is_fine) in [
            (50, "usd", true),
            (49, "usd", false),
            (0, "usd", false),
            (-1, "eur", false),
            (99_999_999, "inr", true),
            (100_000_000, "inr", false),
            (49, "jpy", false),
            (50, "jpy", true),
            (5120, "kwd", true),
            (5124, "kwd", false),
            (500, "ugx", true),
            (550, "ugx", false),
            (17_500, "huf", true),
        ] {
            assert_eq!(check_amount(amount, currency, "amount").is_ok(), is_fine, "{amount} {currency}");
        }
    }

    #[test]
    fn payouts_and_prices_have_rules_of_their_own() {
        for (amount, currency, is_fine) in [
            (100, "huf", true),
            (150, "huf", false),
            (150, "twd", false),
            (1, "usd", true),
            (5124, "kwd", false),
        ] {
            assert_eq!(check_payout(amount, currency, "amount").is_ok(), is_fine, "{amount} {currency}");
        }
        assert!(check_price(0, "usd", "unit_amount").is_ok());
        assert!(check_price(-1, "usd", "unit_amount").is_err());
        assert!(check_part(1, "usd", "amount").is_ok());
        assert!(check_part(550, "ugx", "amount").is_err());
        assert_eq!(written(2000, "usd"), "$20.00");
    }

    #[test]
    fn every_list_is_of_known_currencies() {
        for currency in [ZERO, THREE, HUNDREDS, WHOLE_PAYOUTS].iter().flat_map(|list| list.split(' ')) {
            assert!(lists(KNOWN, currency), "{currency}");
        }
        assert!(check_currency("USD").is_ok());
        assert!(check_currency("xyz").is_err());
    }
}
