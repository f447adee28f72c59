//! Amounts of money as the API writes them, and with how many decimals.

/// Currencies of ISO 4217 that have no smaller unit in use.
const WHOLE: [&str; 16] =
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF"];
/// Those whose unit has a thousand parts.
const THOUSANDTHS: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];
/// How English texts write some (CLDR); others stand with their code.
const SYMBOLS: [(&str, &str); 18] = [
    ("AUD", "A$"),
    ("BRL", "R$"),
    ("CAD", "CA$"),
    ("CNY", "CN¥"),
    ("EUR", "€"),
    ("GBP", "£"),
    ("HKD", "HK$"),
    ("ILS", "₪"),
    ("INR", "₹"),
    ("JPY", "¥"),
    ("KRW", "₩"),
    ("MXN", "MX$"),
    ("NZD", "NZ$"),
    ("PHP", "₱"),
    ("TWD", "NT$"),
    ("USD", "$"),
    ("VND", "₫"),
    ("XCD", "EC$"),
];
/// Large amounts, and what stands behind them.
const SCALES: [(i64, &str); 3] = [(1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K")];

/// How many decimals an amount of a currency has.
pub fn decimals(currency: &str) -> u32 {
    match currency {
        whole if WHOLE.contains(&whole) => 0,
        thousandths if THOUSANDTHS.contains(&thousandths) => 3,
        _ => 2,
    }
}

/// Thousandths of a unit with all decimals that the currency has, as a machine reads it: `1234.50`.
pub fn plain(currency: &str, thousandths: i64) -> String {
    with_decimals(thousandths, decimals(currency), "")
}

/// In full: `$1,234.50`.
pub fn long(currency: &str, thousandths: i64) -> String {
    signed(currency, thousandths, with_decimals(thousandths.saturating_abs(), decimals(currency), ","))
}

/// In few digits: `$1.2K`.
pub fn short(currency: &str, thousandths: i64) -> String {
    let amount = thousandths.saturating_abs();
    let scale = SCALES.into_iter().find(|(least, _)| amount / 1_000 >= *least);
    let text = match scale {
        Some((scale, letter)) => with_decimals(amount / scale, 1, ",") + letter,
        None => with_decimals(amount, decimals(currency).min(1), ","),
    };
    signed(currency, thousandths, text)
}

fn signed(currency: &str, thousandths: i64, amount: String) -> String {
    let sign = if thousandths < 0 && amount.contains(|c: char| ('1'..='9').contains(&c)) { "-" } else { "" };
    match SYMBOLS.into_iter().find(|(code, _)| *code == currency) {
        Some((_, symbol)) => format!("{sign}{symbol}{amount}"),
        None => format!("{sign}{currency}\u{a0}{amount}"),
    }
}

/// Thousandths of a unit, rounded half away from 0 to so many decimals, with a mark between thousands.
fn with_decimals(thousandths: i64, decimals: u32, mark: &str) -> String {
    let (unit, part) = (10_i64.pow(3 - decimals), 10_i64.pow(decimals));
    let rounded = thousandths.saturating_abs().saturating_add(unit / 2) / unit;
    let whole = (rounded / part).to_string();
    let mut text = String::from(if thousandths < 0 && rounded != 0 { "-" } else { "" });
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            text.push_str(mark);
        }
        text.push(digit);
    }
    if decimals > 0 {
        text.push_str(&format!(".{:0width$}", rounded % part, width = decimals as usize));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_decimals_of_their_currency() {
        for (currency, thousandths, expected_short, expected_long, expected_plain) in [
            ("USD", 1_000_000, "$1.0K", "$1,000.00", "1000.00"),
            ("USD", 96_336_315_000, "$96.3M", "$96,336,315.00", "96336315.00"),
            ("EUR", 12_500, "€12.5", "€12.50", "12.50"),
            ("EUR", 29_985, "€30.0", "€29.99", "29.99"),
            ("EUR", -12_500, "-€12.5", "-€12.50", "-12.50"),
            ("JPY", 1_234_000, "¥1.2K", "¥1,234", "1234"),
            ("JPY", 500_000, "¥500", "¥500", "500"),
            ("KWD", 1_234, "KWD\u{a0}1.2", "KWD\u{a0}1.234", "1.234"),
            ("GBP", 2_500_000_000_000, "£2.5B", "£2,500,000,000.00", "2500000000.00"),
            ("CHF", 0, "CHF\u{a0}0.0", "CHF\u{a0}0.00", "0.00"),
            ("USD", -4, "$0.0", "$0.00", "0.00"),
        ] {
            let written = [short(currency, thousandths), long(currency, thousandths), plain(currency, thousandths)];
            assert_eq!(written, [expected_short, expected_long, expected_plain], "{currency} {thousandths}");
        }
    }
}
