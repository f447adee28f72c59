//! The arguments of `annotation`, and the commands that they stand for.

use clap::Subcommand;

use crate::control::Command;
use crate::control::annotation::AnnotationCommand;

#[derive(Debug, Subcommand)]
pub enum AnnotationWork {
    /// Notes something on a day or an hour of a site's chart, like 'Version 2 is out'
    Add {
        /// The domain of the site
        site: String,
        /// What happened
        text: String,
        /// When: a day like 2026-11-20, an hour like 2026-11-20T14, a timestamp, or now [default: today]
        #[arg(long, value_name = "WHEN")]
        at: Option<String>,
    },
    /// Lists the annotations of a site, with their numbers
    List {
        /// The domain of the site
        site: String,
    },
    /// Removes an annotation
    Remove {
        /// The domain of the site
        site: String,
        /// Its number in `headcount annotation list`
        id: u32,
    },
}

impl AnnotationWork {
    /// The command for the collector.
    pub fn command(&self) -> Command {
        Command::Annotation(match self {
            AnnotationWork::Add { site, text, at } => {
                AnnotationCommand::Add { site: site.clone(), text: text.clone(), at: at.clone() }
            }
            AnnotationWork::List { site } => AnnotationCommand::List { site: site.clone() },
            AnnotationWork::Remove { site, id } => AnnotationCommand::Remove { site: site.clone(), id: *id },
        })
    }
}
