//! In: how often programs of each family came for which pages. Out: the lines of their panel, and CSV and JSON. Forgets: the
//! days.

use super::words::{Words, values};
use crate::limits;
use crate::report::bots::BotLine;

impl BotLine {
    pub(super) fn shown(&self, words: &Words) -> String {
        words.exact(self.count as f64)
    }

    pub(super) fn name(&self, words: &Words) -> &str {
        values::of_bot_family(&self.family, words.language).unwrap_or(&self.family)
    }

    pub(super) fn kind(&self, words: &Words) -> &'static str {
        values::of_bot_group(self.group, words.language).unwrap_or(self.group)
    }

    /// The pages that they came for most.
    pub(super) fn most(&self, words: &Words) -> String {
        let shown = self.pages.iter().take(limits::BOT_PAGES_SHOWN);
        let shown: Vec<_> = shown.map(|(pages, count)| format!("{pages} {}", words.exact(*count as f64))).collect();
        let rest = self.pages.len().saturating_sub(limits::BOT_PAGES_SHOWN);
        if rest > 0 { words.two(words.bot_pages_more, shown.join(", "), rest) } else { shown.join(", ") }
    }
}

/// All lines as CSV: `family,group,pages,count`.
pub fn csv(lines: &[BotLine]) -> String {
    let field = super::export::field;
    let mut text = String::from("family,group,pages,count\r\n");
    for line in lines {
        for (pages, count) in &line.pages {
            let row = [field(&line.family), field(line.group), field(pages), count.to_string()];
            text.push_str(&row.join(","));
            text.push_str("\r\n");
        }
    }
    text
}

/// All lines as JSON: `{"rows":[{"family":"GPTBot","group":"AI crawler","count":3,"pages":[{"pages":"/docs","count":3}]}]}`.
pub fn json(lines: &[BotLine]) -> String {
    let pages = |line: &BotLine| -> Vec<_> {
        line.pages.iter().map(|(pages, count)| serde_json::json!({"pages": &**pages, "count": count})).collect()
    };
    let row = |line: &BotLine| serde_json::json!({"family": &*line.family, "group": line.group, "count": line.count, "pages": pages(line)});
    let rows: Vec<_> = lines.iter().map(row).collect();
    format!("{}\n", serde_json::json!({ "rows": rows }))
}

/// The name of the panel in addresses; no dimension may have it.
pub const NAME: &str = "bots";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::Dimension;
    use crate::counts::Name;

    #[test]
    fn exports_have_a_row_for_each_group_of_pages() {
        assert_eq!(Dimension::from_name(NAME), None);
        let pages = vec![(Name::from("/docs"), 3), (Name::from("=x"), 1), (Name::from("/a"), 1), (Name::from("/b"), 1)];
        let lines = [BotLine { family: "GPTBot".into(), group: "AI crawler", count: 6, pages }];
        assert!(
            csv(&lines)
                .starts_with("family,group,pages,count\r\nGPTBot,AI crawler,/docs,3\r\nGPTBot,AI crawler,'=x,1\r\n")
        );
        let read: serde_json::Value = serde_json::from_str(&json(&lines)).unwrap();
        assert_eq!((&read["rows"][0]["count"], &read["rows"][0]["pages"][0]["pages"]), (&6.into(), &"/docs".into()));
        assert_eq!(lines[0].most(&crate::page::words::ENGLISH), "/docs 3, =x 1, /a 1, 1 more");
    }
}
