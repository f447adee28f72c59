//! In: what commands found. Out: texts for the terminal, and the same as JSON. Forgets: control characters, which must not
//! reach a terminal.

pub mod bots;
pub mod explained;
pub mod report;
pub mod site;
pub mod table;
pub mod watched;

/// A number of what is named in the plural by a first word that ends with an s: `1 cell by hour`, `2 cells by hour`.
pub fn counted(number: u64, plural: &str) -> String {
    format!("{number} {}", noun(number, plural))
}

/// The same without the number.
pub fn noun(number: u64, plural: &str) -> String {
    let end = plural.find(|c: char| !c.is_alphabetic()).unwrap_or(plural.len());
    let (word, rest) = plural.split_at(end);
    let word = if number == 1 { word.strip_suffix('s').unwrap_or(word) } else { word };
    format!("{word}{rest}")
}

/// A sentence with a number in the place of `{}`, and of what comes behind it as many.
fn filled(sentence: &str, number: u32) -> String {
    match sentence.split_once("{} ") {
        Some((before, plural)) => format!("{before}{}", counted(number.into(), plural)),
        None => sentence.replace("{}", &number.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_said_in_the_singular() {
        assert_eq!(
            [1, 2, 0].map(|number| counted(number, "cells by hour")).join(", "),
            "1 cell by hour, 2 cells by hour, 0 cells by hour"
        );
        assert_eq!(filled("changes are announced {} days ahead", 1), "changes are announced 1 day ahead");
        assert_eq!(filled("for {} months", 1), "for 1 month");
        assert_eq!(filled("k = {}", 1), "k = 1");
    }
}
