//! Documents about a site's data protection, as Markdown, HTML and JSON: the record of processing and the self-assessment. They are
//! written in English; the owner hands them to whom they concern.

use std::fmt::Write;

use askama::Template;
use serde::Serialize;

use super::rendered;

/// A document of sections.
#[derive(Debug, Clone, Serialize, Template)]
#[template(path = "document.html")]
pub struct Document {
    /// Its title.
    pub title: String,
    /// The site that it is about.
    pub site: String,
    /// The day on which it was made, on the site's calendar.
    pub made: String,
    /// What it is, in a paragraph.
    pub intro: String,
    /// Its parts.
    pub sections: Vec<DocumentSection>,
}

/// A part of a document.
#[derive(Debug, Clone, Serialize)]
pub struct DocumentSection {
    /// What it is about.
    pub title: String,
    /// Whether it is met; nothing where there is no question of that.
    pub status: Option<PointStatus>,
    /// What is said, a paragraph each; parts between backticks are code.
    pub paragraphs: Vec<String>,
    /// The command that shows it.
    pub command: Option<String>,
}

/// Whether a point of a self-assessment is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PointStatus {
    /// It follows from the configuration.
    Met,
    /// The configuration stands against it.
    NotMet,
    /// The program can't know it.
    ForTheOwner,
}

impl PointStatus {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            PointStatus::Met => "met",
            PointStatus::NotMet => "not met",
            PointStatus::ForTheOwner => "for the owner to say",
        }
    }
}

impl DocumentSection {
    /// A part that says something, and is no question.
    pub fn new(title: &str, paragraphs: Vec<String>) -> DocumentSection {
        DocumentSection { title: title.to_owned(), status: None, paragraphs, command: None }
    }

    /// The same with the command that shows it.
    pub fn shown_by(self, command: impl Into<String>) -> DocumentSection {
        DocumentSection { command: Some(command.into()), ..self }
    }
}

impl Document {
    /// As Markdown.
    pub fn markdown(&self) -> String {
        let mut text = format!("# {}\n\n{} · {}\n\n{}\n", self.title, self.site, self.made, self.intro);
        for section in &self.sections {
            let status = section.status.map(|status| format!(" · {}", status.words())).unwrap_or_default();
            let _ = write!(text, "\n## {}{status}\n", escaped(&section.title));
            section.paragraphs.iter().for_each(|paragraph| _ = write!(text, "\n{}\n", escaped(paragraph)));
            if let Some(command) = &section.command {
                let _ = write!(text, "\n```sh\n{command}\n```\n");
            }
        }
        text
    }

    /// As a page of its own.
    pub fn html(&self) -> String {
        rendered(self)
    }
}

/// What owners wrote must not become a heading, a link or a page's code.
fn escaped(text: &str) -> String {
    text.replace('<', "&lt;").replace('[', "\\[").replace(['\r', '\n'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Document {
        let section = DocumentSection::new("Point", vec!["As `a` <b>\n# no heading [x](y)".into()]);
        Document {
            title: "Record".into(),
            site: "example.com".into(),
            made: "2026-06-01".into(),
            intro: "What it is.".into(),
            sections: vec![
                DocumentSection { status: Some(PointStatus::NotMet), ..section }
                    .shown_by("headcount site show example.com"),
            ],
        }
    }

    #[test]
    fn what_owners_wrote_is_text_in_every_form() {
        assert_eq!(
            document().markdown(),
            "# Record\n\nexample.com · 2026-06-01\n\nWhat it is.\n\n## Point · not met\n\nAs `a` &lt;b> # no heading \\[x](y)\n\n```sh\nheadcount site show example.com\n```\n"
        );
        let html = document().html();
        assert!(html.contains("<code>a</code>") && html.contains("&#60;b&#62;") && !html.contains("<b>"), "{html}");
    }
}
