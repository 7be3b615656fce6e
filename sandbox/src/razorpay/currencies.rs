//! Razorpay's currencies, their decimals (documentation page "International payments", April 2026) and the rules of an amount.

use crate::payer::major;

use super::refusal::Refusal;

/// The account's limit: one billion rupees in paise. The real one is per account and not published.
const MOST_AMOUNT: i64 = 100_000_000_000;
/// No decimals.
const ZERO: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
/// Three decimals, of which the last must be 0.
const THREE: &str = "BHD IQD JOD KWD OMR TND";
/// Two decimals, HUF and TWD included.
const TWO: &str = "AED ALL AMD AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BZD CAD CHF CNY COP CRC CUP CVE \
    CZK DKK DOP DZD EGP ETB EUR FJD GBP GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR JMD KES KGS \
    KHR KYD KZT LAK LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR \
    NZD PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SCR SEK SGD SLL SOS SVC SZL THB TRY TTD TWD TZS UAH USD \
    UYU UZS XCD YER ZAR ZMW";

/// Returns the currency's number of decimals; none where Razorpay does not know it.
pub(super) fn decimals(currency: &str) -> Option<usize> {
    // Most orders are in rupees; the lists are for the rest.
    if currency == "INR" || lists(TWO, currency) {
        Some(2)
    } else if lists(ZERO, currency) {
        Some(0)
    } else if lists(THREE, currency) {
        Some(3)
    } else {
        None
    }
}

/// Checks an amount by the rules of its currency.
///
/// # Errors
///
/// Refuses unknown currencies and amounts that are too small, too large or too precise.
pub(super) fn check_amount(amount: i64, currency: &str) -> Result<(), Refusal> {
    let decimals =
        decimals(currency).ok_or_else(|| Refusal::field("currency", "Currency is not supported."))?;
    let least = if currency == "INR" { 100 } else { 1 };
    if amount < least {
        let text = major(least, decimals);
        return Err(Refusal::field("amount", format!("The amount must be at least {currency} {text}")));
    }
    if amount > MOST_AMOUNT {
        return Err(Refusal::field("amount", "Amount exceeds maximum amount allowed."));
    }
    if decimals == 3 && amount % 10 != 0 {
        return Err(Refusal::field("amount", format!("The last digit of a {currency} amount must be 0.")));
    }
    Ok(())
}

fn lists(list: &str, currency: &str) -> bool {
    list.split(' ').any(|known| known == currency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_razorpays_own() {
        for (currency, expected) in [
            ("INR", Some(2)),
            ("JPY", Some(0)),
            ("KWD", Some(3)),
            ("HUF", Some(2)),
            ("TWD", Some(2)),
            ("inr", None),
            ("XYZ", None),
            ("", None),
        ] {
            assert_eq!(decimals(currency), expected, "{currency}");
        }
        assert_eq!([ZERO, TWO, THREE].iter().map(|list| list.split(' ').count()).sum::<usize>(), 128);
    }
}
