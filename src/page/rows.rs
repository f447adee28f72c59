//! The page of all rows of a panel, to search and to sort.

use askama::Template;

use super::panel::Panel;
use super::site::LinkTo;
use super::words::Words;
use super::{Account, Chip, EmbedOptions, rendered};
use crate::site::Day;

/// All rows of a panel, some at a time.
#[derive(Debug, Clone, Template)]
#[template(path = "rows.html")]
pub struct RowsPage {
    /// Its texts.
    pub words: &'static Words,
    /// Who is signed in.
    pub account: Option<Account>,
    /// The site's domain.
    pub domain: String,
    /// Where the page of the site is.
    pub back: String,
    /// How it stands.
    pub embed_options: EmbedOptions,
    /// Where the page without any filter is.
    pub everything: String,
    /// First and last day.
    pub days: (Day, Day),
    /// The filters that act.
    pub filters: Vec<Chip>,
    /// The rows that are seen, and how many there are in all.
    pub panel: Panel,
    /// Why visitors are missing.
    pub not_measured: &'static str,
    /// What was searched for.
    pub search: String,
    /// The address of the form that searches, and what else the address says.
    pub form: (String, Vec<(String, String)>),
    /// The heads of the columns: links that sort by them. The first is of the values.
    pub heads: Vec<ColumnHead>,
    /// The number of the first row that is seen, from 1 on.
    pub first: usize,
    /// Where the rows before are.
    pub before: Option<String>,
    /// What they are compared with, in words.
    pub compared: Option<String>,
    /// Where the rows after are.
    pub after: Option<String>,
}

/// The head of a column.
#[derive(Debug, Clone)]
pub struct ColumnHead {
    /// The link that sorts by it.
    pub link: LinkTo,
    /// What it means.
    pub meaning: &'static str,
    /// `ascending`, `descending` or `none`, for `aria-sort`.
    pub order: &'static str,
}

impl RowsPage {
    /// The page as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }

    fn title(&self) -> String {
        self.panel.tab.title(self.words)
    }

    fn range(&self) -> String {
        self.words.range(self.days.0, self.days.1)
    }

    fn shown(&self) -> String {
        let rows = self.panel.rows.as_ref().map_or(0, Vec::len);
        let last = (self.first + rows).saturating_sub(1);
        let range = format!("{} – {}", self.words.exact(self.first as f64), self.words.exact(last as f64));
        self.words.two(self.words.rows_of, range, self.words.exact(self.panel.values as f64))
    }

    fn is_filtered(&self) -> bool {
        !self.filters.is_empty()
    }
}
