//! Hits of some days, with the numbers of their values.

use std::collections::HashMap;

use headcount::cell::Dimension;

/// A hit: who, in which visit, and a value of each dimension.
pub struct VisitRow {
    pub visitor: u32,
    pub visit: u32,
    pub values: Vec<u32>,
}

/// Hits by day, those of a visit one after the other.
pub struct Rows {
    pub dimensions: Vec<Dimension>,
    pub days: Vec<Vec<VisitRow>>,
}

impl Rows {
    /// Reads a file of lines that are separated by tabs: day, visitor, visit, values.
    pub fn read(path: &str) -> Rows {
        let text = std::fs::read_to_string(path).expect("a file of rows");
        let mut lines = text.lines();
        let names = lines.next().expect("a line of names").split('\t').skip(3);
        let dimensions: Vec<Dimension> = names.map(|name| Dimension::from_name(name).expect("a dimension")).collect();
        let mut numbers: HashMap<(usize, &str), u32> = HashMap::new();
        let mut number = |column: usize, text| {
            let next = numbers.len() as u32;
            *numbers.entry((column, text)).or_insert(next)
        };
        let (mut days, mut last) = (Vec::new(), None);
        for line in lines {
            let mut columns = line.split('\t');
            let mut next = || columns.next().expect("all columns");
            let (day, visitor, visit) = (next(), number(0, next()), number(1, next()));
            if last.replace(day) != Some(day) {
                days.push(Vec::new());
            }
            let values = columns.enumerate().map(|(at, text)| number(at + 2, text)).collect();
            days.last_mut().expect("a day").push(VisitRow { visitor, visit, values });
        }
        Rows { dimensions, days }
    }
}
