//! In: JSON of any shape, as owners of sites put it into their events. Out: properties, values as text; money. Forgets: the
//! nesting, blank values, and all past a bound.

use serde_json::{Map, Value};

use super::{Revenue, cut, json};
use crate::limits;

/// The properties of an object: keys of nested objects are joined by dots, lists stay JSON, fractions have 4 digits.
pub(super) fn props(object: &Map<String, Value>) -> Vec<(String, String)> {
    let mut props = Vec::new();
    gather(object, "", &mut props);
    props
}

/// The properties of an object that is written as JSON within a text; none if it is not.
pub(super) fn props_of_text(text: &str) -> Vec<(String, String)> {
    json::object(text.as_bytes()).map(|object| props(&object)).unwrap_or_default()
}

fn gather(object: &Map<String, Value>, before: &str, props: &mut Vec<(String, String)>) {
    for (key, value) in object {
        if props.len() >= limits::PROPS_MAX {
            return;
        }
        let key = [before, key].concat();
        match value {
            Value::Object(inner) => gather(inner, &format!("{}.", cut(&key, limits::PROP_KEY_BYTES_MAX)), props),
            other => add(props, &key, &text(other)),
        }
    }
}

/// Adds a property, cut to its bounds, unless it is blank or there are too many.
pub(super) fn add(props: &mut Vec<(String, String)>, key: &str, value: &str) {
    let (key, value) = (cut(key.trim(), limits::PROP_KEY_BYTES_MAX), cut(value.trim(), limits::PROP_VALUE_BYTES_MAX));
    if !key.is_empty() && !value.is_empty() && props.len() < limits::PROPS_MAX {
        props.push((key.to_owned(), value.to_owned()));
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64() {
            Some(fraction) if number.is_f64() => fixed(fraction),
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

/// With 4 digits behind the point, without zeros at the end.
fn fixed(number: f64) -> String {
    format!("{number:.4}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Money from an amount, which may be a number or a text, and a currency's code.
pub(super) fn revenue(amount: Option<&Value>, currency: Option<&Value>) -> Option<Revenue> {
    let currency = currency?.as_str()?.trim();
    let amount = match amount? {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    let is_code = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_alphabetic());
    let fits = amount.len() <= limits::AMOUNT_BYTES_MAX && is_decimal(&amount);
    (is_code && fits).then(|| Revenue { amount, currency: currency.to_ascii_uppercase() })
}

/// Whether a text is a decimal number without an exponent.
pub(super) fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    is_digits(whole) && is_digits(fraction)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nested_objects_become_dotted_keys() {
        let props = props_of_text(
            r#"{"plan":"pro","n":3,"f":1.23456,"g":2.0,"ok":true,"no":null,"a":{"b":{"c":1}},"l":[1,"x"]," ":1}"#,
        );
        let mut found: Vec<String> = props.iter().map(|(key, value)| format!("{key}={value}")).collect();
        found.sort_unstable();
        assert_eq!(found, ["a.b.c=1", "f=1.2346", "g=2", "l=[1,\"x\"]", "n=3", "ok=true", "plan=pro"]);
        assert!(props_of_text("[1]").is_empty() && props_of_text("no").is_empty());
    }

    #[test]
    fn deep_and_wide_objects_keep_the_bounds() {
        let deep = format!("{}1{}", "{\"kkkkkkkkkk\":".repeat(100), "}".repeat(100));
        let props = props_of_text(&deep);
        assert!(props.len() == 1 && props[0].0.len() <= limits::PROP_KEY_BYTES_MAX);
        let wide: Map<String, Value> = (0..100).map(|n| (format!("k{n}"), json!("ä".repeat(2_000)))).collect();
        let props = super::props(&wide);
        assert_eq!(props.len(), limits::PROPS_MAX);
        assert!(props.iter().all(|(_, value)| value.len() <= limits::PROP_VALUE_BYTES_MAX));
    }

    #[test]
    fn money_is_a_decimal_number_and_a_code() {
        let found =
            |amount: Value, currency: Value| revenue(Some(&amount), Some(&currency)).map(|r| (r.amount, r.currency));
        assert_eq!(found(json!(19.9), json!("eur")), Some(("19.9".into(), "EUR".into())));
        assert_eq!(found(json!("5"), json!(" USD ")), Some(("5".into(), "USD".into())));
        assert_eq!(found(json!(1e30), json!("EUR")), None);
        assert_eq!(found(json!("x"), json!("EUR")), None);
        assert_eq!(found(json!(1), json!("EURO")), None);
        assert_eq!(revenue(None, Some(&json!("EUR"))), None);
    }
}
