//! The rows of a breakdown as CSV and JSON. Numbers keep all their digits.

use std::fmt::Write;

use super::panel::PanelRow;
use super::site::MailLine;
use crate::cell::Metric;
use crate::report::comparison::ComparedWith;

/// A breakdown as CSV by RFC 4180: a header `value,visitors,...`, lines that end in CR LF, nothing for what was not
/// measured.
///
/// Values come from strangers, and a spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage
/// return for a formula: such a value gets an apostrophe in front.
///
/// Compared rows have for each metric what it was before, and the change in whole percent, of rates in points.
pub fn csv(metrics: &[Metric], rows: &[PanelRow], is_compared: bool) -> String {
    let mut text = String::from("value");
    for metric in metrics {
        let _ = write!(text, ",{}", metric.name());
        text.extend(metric.is_money().then_some(",currency"));
    }
    let unsure = unsure(metrics, rows);
    let is_estimated = rows.iter().any(is_estimated);
    for place in &unsure {
        let name = metrics[*place].name();
        let estimated = if is_estimated { format!(",{name}_estimated") } else { String::new() };
        let _ = write!(text, "{estimated},{name}_at_least,{name}_at_most");
    }
    for name in compared_names(metrics).iter().filter(|_| is_compared) {
        text.extend([",", name]);
    }
    text.push_str("\r\n");
    for row in rows {
        text.push_str(&field(&row.value));
        for (place, metric) in metrics.iter().enumerate() {
            let _ = write!(text, ",{}", number(row, place).unwrap_or_default());
            if metric.is_money() {
                text.extend([",", row.currency.as_deref().unwrap_or_default()]);
            }
        }
        for place in &unsure {
            let [likely, low, high] = bounds(row, *place).unwrap_or_default();
            let likely = if is_estimated { format!(",{likely}") } else { String::new() };
            let _ = write!(text, "{likely},{low},{high}");
        }
        if is_compared {
            compared(row, metrics.len()).for_each(|number| _ = write!(text, ",{}", number.unwrap_or_default()));
        }
        text.push_str("\r\n");
    }
    text
}

/// The places of metrics that are not sure in some row. They have bounds in the place of a number.
fn unsure(metrics: &[Metric], rows: &[PanelRow]) -> Vec<usize> {
    (0..metrics.len()).filter(|place| rows.iter().any(|row| row.bounds_of(*place).is_some())).collect()
}

fn is_estimated(row: &PanelRow) -> bool {
    row.bounds.iter().flatten().any(|bounds| bounds.is_estimated)
}

/// What is likely of a metric, the least and the most; of one that is sure all are the same.
fn bounds(row: &PanelRow, place: usize) -> Option<[String; 3]> {
    let value = row.metrics.get(place).copied().flatten()?;
    let [low, high] = row.bounds_of(place).map_or([value; 2], |bounds| [bounds.low, bounds.high]);
    Some([value, low, high].map(|value| value.to_string()))
}

/// A breakdown as JSON: `{"dimension":"page","metrics":["visitors"],"rows":[{"value":"/","visitors":3}]}`, with `null`
/// for what was not measured. With a `warning` where there is something to know, and the days that it is compared with.
pub fn json(
    dimension: &str,
    metrics: &[Metric],
    rows: &[PanelRow],
    with: Option<&ComparedWith>,
    warning: Option<&str>,
) -> String {
    let names: Vec<_> = metrics.iter().map(|metric| quoted(metric.name())).collect();
    let names_compared: Vec<_> = compared_names(metrics).iter().map(|name| quoted(name)).collect();
    let line = |row: &PanelRow| {
        let mut line = format!("{{\"value\":{}", quoted(&row.value));
        for (place, name) in names.iter().enumerate() {
            let _ = write!(line, ",{name}:{}", number(row, place).unwrap_or_else(|| "null".to_owned()));
            if metrics[place].is_money() {
                let currency = row.currency.as_deref().map_or_else(|| "null".to_owned(), quoted);
                let _ = write!(line, ",\"currency\":{currency}");
            }
            if let Some([likely, low, high]) = row.bounds_of(place).and_then(|_| bounds(row, place)) {
                let name = metrics[place].name();
                if is_estimated(row) {
                    let _ = write!(line, ",\"{name}_estimated\":{likely}");
                }
                let _ = write!(line, ",\"{name}_at_least\":{low},\"{name}_at_most\":{high}");
            }
        }
        for (name, number) in names_compared.iter().zip(compared(row, names.len())).filter(|_| with.is_some()) {
            let _ = write!(line, ",{name}:{}", number.unwrap_or_else(|| "null".to_owned()));
        }
        line + "}"
    };
    let rows: Vec<_> = rows.iter().map(line).collect();
    let warning = warning.map_or_else(String::new, |text| format!(",\"warning\":{}", quoted(text)));
    let (dimension, metrics) = (quoted(dimension), names.join(","));
    let with = with.map_or_else(String::new, |with| format!(",\"compared\":{}", with.json()));
    format!("{{\"dimension\":{dimension},\"metrics\":[{metrics}],\"rows\":[{}]{with}{warning}}}\n", rows.join(","))
}

/// What the columns of compared rows are called.
fn compared_names(metrics: &[Metric]) -> Vec<String> {
    metrics.iter().flat_map(|metric| ["before", "change"].map(|of| format!("{}_{of}", metric.name()))).collect()
}

/// Before and change of each metric.
fn compared(row: &PanelRow, metrics: usize) -> impl Iterator<Item = Option<String>> {
    (0..metrics).flat_map(move |place| {
        let compared = row.compared.as_ref();
        let before = compared.and_then(|compared| shown(compared.before.get(place).copied().flatten()));
        [before, compared.and_then(|compared| compared.change.get(place)?.map(|change| change.to_string()))]
    })
}

/// What became of mails, as CSV in the same manner.
pub fn mail_csv(lines: &[MailLine]) -> String {
    let mut text = String::from("campaign");
    MailLine::default().numbers().iter().for_each(|(name, _)| text.extend([",", name]));
    text.push_str("\r\n");
    for line in lines {
        text.push_str(&field(&line.campaign));
        for (_, number) in line.numbers() {
            let _ = write!(text, ",{number}");
        }
        text.push_str("\r\n");
    }
    text
}

/// The same as JSON: `{"rows":[{"campaign":"spring","sent":1200,"opened":3,...}]}`.
pub fn mail_json(lines: &[MailLine]) -> String {
    let line = |line: &MailLine| {
        let mut object = serde_json::Map::from_iter([("campaign".to_owned(), line.campaign.as_str().into())]);
        object.extend(line.numbers().map(|(name, number)| (name.to_owned(), number.into())));
        serde_json::Value::Object(object)
    };
    let rows: Vec<serde_json::Value> = lines.iter().map(line).collect();
    format!("{}\n", serde_json::json!({ "rows": rows }))
}

/// Whole numbers without a point, others as short as they can be read back.
fn number(row: &PanelRow, place: usize) -> Option<String> {
    shown(row.metrics.get(place).copied().flatten().filter(|_| row.bounds_of(place).is_none()))
}

fn shown(value: Option<f64>) -> Option<String> {
    value.filter(|value| value.is_finite()).map(|value| value.to_string())
}

pub(super) fn field(value: &str) -> String {
    let is_formula = value.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let safe = if is_formula { format!("'{value}") } else { value.to_owned() };
    if safe.contains([',', '"', '\r', '\n']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::FigureBounds;

    const METRICS: [Metric; 2] = [Metric::Visitors, Metric::ViewsPerVisit];

    fn rows(values: &[&str]) -> Vec<PanelRow> {
        let row = |value: &&str| PanelRow {
            value: (*value).into(),
            metrics: vec![Some(3.0), Some(1.25)],
            bounds: Vec::new(),
            compared: None,
            currency: None,
            share: None,
            href: None,
        };
        values.iter().map(row).collect()
    }

    #[test]
    fn csv_quotes_what_it_must() {
        let text = csv(&METRICS, &rows(&["/", "/a,b", "/say \"hi\"", "/two\nlines"]), false);
        let expected = "value,visitors,views_per_visit\r\n/,3,1.25\r\n\"/a,b\",3,1.25\r\n\"/say \"\"hi\"\"\",3,1.25\r\n\
                        \"/two\nlines\",3,1.25\r\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn money_stands_with_its_currency() {
        let mut rows = rows(&["Google", "Bing"]);
        (rows[0].currency, rows[1].metrics[1]) = (Some("EUR".into()), None);
        let metrics = [Metric::Visitors, Metric::TotalRevenue];
        assert_eq!(
            csv(&metrics, &rows, false),
            "value,visitors,total_revenue,currency\r\nGoogle,3,1.25,EUR\r\nBing,3,,\r\n"
        );
        let read: serde_json::Value = serde_json::from_str(&json("source", &metrics, &rows, None, None)).unwrap();
        let expected = serde_json::json!({"value": "Google", "visitors": 3, "total_revenue": 1.25, "currency": "EUR"});
        assert_eq!((&read["rows"][0], &read["rows"][1]["currency"]), (&expected, &serde_json::Value::Null));
    }

    #[test]
    fn csv_never_begins_a_value_as_a_formula() {
        for value in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "=HYPERLINK(\"http://x\",\"y\")"] {
            let text = csv(&[], &rows(&[value]), false);
            let line = text.strip_prefix("value\r\n").unwrap();
            assert!(line.trim_start_matches('"').starts_with('\''), "{line:?}");
        }
        assert_eq!(csv(&[], &rows(&["a=b"]), false), "value\r\na=b\r\n");
    }

    #[test]
    fn what_is_not_sure_has_bounds_in_the_place_of_a_number() {
        let mut rows = rows(&["/a", "/b"]);
        let bounds =
            |is_estimated: bool| FigureBounds { low: 2.0, high: if is_estimated { 5.0 } else { 3.0 }, is_estimated };
        rows[1].bounds = vec![Some(bounds(false)), None];
        let expected =
            "value,visitors,views_per_visit,visitors_at_least,visitors_at_most\r\n/a,3,1.25,3,3\r\n/b,,1.25,2,3\r\n";
        assert_eq!(csv(&METRICS, &rows, false), expected);
        let read: serde_json::Value = serde_json::from_str(&json("page", &METRICS, &rows, None, None)).unwrap();
        let expected = serde_json::json!({"value": "/b", "visitors": null, "visitors_at_least": 2, "visitors_at_most": 3, "views_per_visit": 1.25});
        assert_eq!((&read["rows"][1], read["rows"][0].get("visitors_at_least")), (&expected, None));
    }

    #[test]
    fn json_escapes_and_says_null_where_nothing_was_measured() {
        let mut rows = rows(&["a\"b\\c\u{1}</script>"]);
        rows[0].metrics = vec![None];
        let text = json("event", &METRICS, &rows, None, None);
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["rows"][0]["value"], "a\"b\\c\u{1}</script>");
        assert!(read["rows"][0]["visitors"].is_null() && read["rows"][0]["views_per_visit"].is_null());
        assert_eq!(read["metrics"][1], "views_per_visit");
        assert_eq!(csv(&METRICS, &rows, false).lines().nth(1).map(|l| l.ends_with(",,")), Some(true));
    }
}
