//! In: two notices of a site in one language. Out: which sentences came, and which went.

use super::{Notice, NoticeSection};

/// What one notice says and another does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NoticeDifference {
    /// What only the later one says.
    pub came: Vec<ChangedLine>,
    /// What only the earlier one says.
    pub went: Vec<ChangedLine>,
}

/// A line that is in one of two notices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedLine {
    /// The title of its section.
    pub section: String,
    /// What it says.
    pub text: String,
}

impl NoticeDifference {
    /// What came and went from one notice to the next. A line that only moves within its section is the same.
    pub fn between(before: &Notice, after: &Notice) -> NoticeDifference {
        NoticeDifference { came: without(after, before), went: without(before, after) }
    }

    /// Whether both say the same.
    pub fn is_empty(&self) -> bool {
        self.came.is_empty() && self.went.is_empty()
    }
}

/// The lines of a notice that another has not.
fn without(notice: &Notice, other: &Notice) -> Vec<ChangedLine> {
    let of = |section: &NoticeSection| other.sections.iter().find(|known| known.id == section.id);
    let in_section = |section: &NoticeSection| -> Vec<ChangedLine> {
        let known = of(section).map_or_else(Vec::new, told);
        let new = told(section).into_iter().filter(|line| !known.contains(line));
        new.map(|(text, _)| ChangedLine { section: section.title.clone(), text }).collect()
    };
    notice.sections.iter().flat_map(in_section).collect()
}

/// What the lines of a section say, and where they lead. What is announced is not in force: each item says from when on it is.
fn told(section: &NoticeSection) -> Vec<(String, Option<String>)> {
    let (mut told, mut heading) = (Vec::with_capacity(section.lines.len()), "");
    for line in &section.lines {
        match (section.id == "announced", line.is_item) {
            (true, false) => heading = &line.text,
            (true, true) => told.push((format!("{heading} {}", line.text), None)),
            (false, _) => told.push((line.text.clone(), line.to.clone())),
        }
    }
    told
}
