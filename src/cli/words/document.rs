//! The arguments of `record` and `assessment`, and the command that they stand for.

use clap::Args;

use crate::control::Command;
use crate::control::document::{DocumentCommand, DocumentKind};

#[derive(Debug, Args)]
pub struct DocumentWords {
    /// The domain of the site
    #[arg(long, value_name = "DOMAIN")]
    site: String,
    /// As a page of HTML rather than Markdown
    #[arg(long)]
    html: bool,
}

impl DocumentWords {
    /// The command for the collector.
    pub fn command(&self, kind: DocumentKind) -> Command {
        Command::Document(DocumentCommand { kind, site: self.site.clone(), as_html: self.html })
    }
}
