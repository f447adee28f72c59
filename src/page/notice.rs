//! In: notices, as they were composed or kept. Out: the pages for visitors: the notice, its versions, requests about rights; and the
//! notice as a piece of HTML for the site's own pages.

use askama::Template;

use super::rendered;
use super::words::Words;
use crate::notice::{ChangedLine, Notice, NoticeLine, NoticeSection};

/// What visitors of a site are told.
#[derive(Debug, Clone, Template)]
#[template(path = "notice.html")]
pub struct NoticePage {
    /// The texts around it.
    pub words: &'static Words,
    /// The code of the language of the notice.
    pub language: String,
    /// What it says.
    pub notice: Notice,
    /// Which version it is and since when, and that it is over.
    pub remarks: Vec<String>,
    /// Further links: text and address.
    pub links: Vec<(String, String)>,
    /// What the choice of the language is called.
    pub languages_title: String,
    /// The languages: code, name and address; the one that is shown has no address.
    pub languages: Vec<(String, String, Option<String>)>,
    /// Whether it stands within another page.
    pub is_embedded: bool,
}

/// The notice alone.
#[derive(Debug, Template)]
#[template(path = "notice_alone.html")]
struct NoticeAlone<'a> {
    notice: &'a Notice,
    language: &'a str,
    version: Option<&'a str>,
    base: &'a str,
}

/// The versions of a notice.
#[derive(Debug, Clone, Template)]
#[template(path = "notice_versions.html")]
pub struct NoticeVersionsPage {
    /// The texts around it.
    pub words: &'static Words,
    /// The code of the language.
    pub language: String,
    /// Its title.
    pub title: String,
    /// Where the notice is, and what the link is called.
    pub notice: (String, String),
    /// The versions, the last one first.
    pub versions: Vec<VersionLine>,
    /// What stands above what came, and above what went.
    pub came_and_went: (String, String),
    /// What is said where neither came nor went anything in this language.
    pub same: String,
}

/// A version in a list.
#[derive(Debug, Clone)]
pub struct VersionLine {
    /// Its line.
    pub title: String,
    /// Where it is.
    pub href: String,
    /// Why it was made.
    pub cause: String,
    /// What came and what went; nothing for the first.
    pub changed: Option<(Vec<ChangedLine>, Vec<ChangedLine>)>,
}

/// Where visitors ask for their rights.
#[derive(Debug, Clone, Template)]
#[template(path = "notice_requests.html")]
pub struct NoticeRequestsPage {
    /// The texts around it.
    pub words: &'static Words,
    /// The code of the language.
    pub language: String,
    /// Its title.
    pub title: String,
    /// What is done with a request.
    pub intro: String,
    /// Where the form is sent.
    pub action: String,
    /// What can be asked for: name and text.
    pub kinds: Vec<(String, String)>,
    /// What stands above the choice, and on the button.
    pub labels: (String, String),
    /// What was asked for and the answer, under this title.
    pub answer: Option<(String, String, Vec<NoticeLine>)>,
    /// Where the notice is, and what the link is called.
    pub notice: (String, String),
}

/// Lines of a section that stand together.
enum LineBlock<'a> {
    Paragraph(&'a NoticeLine),
    List(Vec<&'a NoticeLine>),
}

/// The paragraphs and lists of some lines.
fn blocks(lines: &[NoticeLine]) -> Vec<LineBlock<'_>> {
    let mut found: Vec<LineBlock<'_>> = Vec::new();
    for line in lines {
        match (found.last_mut(), line.is_item) {
            (Some(LineBlock::List(items)), true) => items.push(line),
            (_, true) => found.push(LineBlock::List(vec![line])),
            (_, false) => found.push(LineBlock::Paragraph(line)),
        }
    }
    found
}

/// Whether a link is the way not to be counted.
pub(super) fn is_button(section: &str, line: &NoticeLine) -> bool {
    section == "out" && line.to.as_deref().is_some_and(|to| to.ends_with("=ignore"))
}

/// The notice as a piece of HTML for other pages, with whole addresses.
pub fn fragment(notice: &Notice, language: &str, version: Option<&str>, base: &str) -> String {
    rendered(&NoticeAlone { notice, language, version, base })
}

impl NoticePage {
    fn section_blocks<'a>(&self, section: &'a NoticeSection) -> Vec<LineBlock<'a>> {
        blocks(&section.lines)
    }

    /// The page as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }
}

impl NoticeAlone<'_> {
    fn section_blocks<'a>(&self, section: &'a NoticeSection) -> Vec<LineBlock<'a>> {
        blocks(&section.lines)
    }
}

impl NoticeVersionsPage {
    /// The page as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }
}

impl NoticeRequestsPage {
    /// The page as HTML.
    pub fn html(&self) -> String {
        rendered(self)
    }
}
