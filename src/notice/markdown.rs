//! In: a notice. Out: the same as Markdown, in which an owner's texts are text and nothing else.

use std::borrow::Cow;

use super::{Notice, NoticeLine};

/// The notice as Markdown, with a line of its version. `base` stands in front of links to the collector.
pub fn markdown(notice: &Notice, version: Option<&str>, base: &str) -> String {
    let mut text = format!("# {}\n", escaped(&notice.title));
    if let Some(version) = version {
        text.push_str(&format!("\n{}\n", escaped(version)));
    }
    for section in &notice.sections {
        text.push_str(&format!("\n## {}\n", escaped(&section.title)));
        let mut follows_item = false;
        for line in &section.lines {
            // Items of a list stand together.
            if !(line.is_item && follows_item) {
                text.push('\n');
            }
            text.push_str(&written(line, base));
            follows_item = line.is_item;
        }
    }
    text
}

fn written(line: &NoticeLine, base: &str) -> String {
    let mut text = line.text.lines().map(escaped).collect::<Vec<_>>().join("\\\n");
    if let Some(to) = line.href(base) {
        text = format!("[{text}]({to})");
    }
    let begin = if line.is_item { "- " } else { "" };
    format!("{begin}{text}\n")
}

/// A line of which Markdown takes nothing for its own.
fn escaped(line: &str) -> Cow<'_, str> {
    let line = line.trim();
    let is_mark = |c: char| "\\`*_[]<>#|~&".contains(c);
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    // What begins a list, a heading under the line before, or a number of one.
    let begins = line.starts_with(['-', '+', '=']).then_some(0);
    let begins = begins.or_else(|| (digits > 0 && line[digits..].starts_with(['.', ')'])).then_some(digits));
    if begins.is_none() && !line.contains(is_mark) {
        return Cow::Borrowed(line);
    }
    let mut text = String::with_capacity(line.len() + 8);
    for (at, c) in line.char_indices() {
        if begins == Some(at) || is_mark(c) {
            text.push('\\');
        }
        text.push(c);
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::super::NoticeSection;
    use super::*;

    #[test]
    fn what_an_owner_writes_is_text_and_a_list_stays_together() {
        let lines = vec![
            NoticeLine::text("*Ada* <b>\n1. Street_1\n- x".into()),
            NoticeLine::item("a".into()),
            NoticeLine::item("b".into()),
            NoticeLine::link("More [here]".into(), "/privacy/example.com/versions".into()),
            NoticeLine::link("Out".into(), "https://example.com/?headcount=ignore".into()),
        ];
        let section = NoticeSection { id: "x".into(), title: "# One".into(), lines };
        let notice = Notice { title: "How".into(), sections: vec![section] };
        let text = "# How\n\nVersion 2\n\n## \\# One\n\n\\*Ada\\* \\<b\\>\\\n1\\. Street\\_1\\\n\\- x\n\n- a\n- b\n\n\
                    [More \\[here\\]](https://c.example/privacy/example.com/versions)\n\n[Out](https://example.com/?headcount=ignore)\n";
        assert_eq!(markdown(&notice, Some("Version 2"), "https://c.example"), text);
    }
}
