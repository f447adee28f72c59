//! The arguments of `segment`, and the commands that they stand for.

use clap::Subcommand;

use crate::control::Command;
use crate::control::segment::SegmentCommand;

#[derive(Debug, Subcommand)]
pub enum SegmentWork {
    /// Declares a segment: visits, or hits, that are counted by themselves from the running day on
    Add {
        /// The domain of the site
        site: String,
        /// What to call it
        name: String,
        /// What it lets pass, like 'device=mobile and country=DE' or 'has_done page=/pricing and not has_done event=Signup'
        #[arg(long = "filter", value_name = "CONDITION")]
        condition: String,
    },
    /// Lists the segments of a site, with their numbers
    List {
        /// The domain of the site
        site: String,
    },
    /// Gives a segment another name, or another condition: it begins anew then, under another number
    Set {
        /// The domain of the site
        site: String,
        /// The name of the segment, or its number
        name: String,
        /// What to call it from now on
        #[arg(long = "name", value_name = "NAME")]
        new_name: Option<String>,
        /// What it lets pass from now on
        #[arg(long = "filter", value_name = "CONDITION")]
        condition: Option<String>,
    },
    /// Takes a segment away, with its figures
    Remove {
        /// The domain of the site
        site: String,
        /// The name of the segment, or its number
        name: String,
    },
}

impl SegmentWork {
    /// The command for the collector.
    pub fn command(&self) -> Command {
        Command::Segment(match self {
            SegmentWork::Add { site, name, condition } => {
                SegmentCommand::Add { site: site.clone(), name: name.clone(), condition: condition.clone() }
            }
            SegmentWork::List { site } => SegmentCommand::List { site: site.clone() },
            SegmentWork::Set { site, name, new_name, condition } => SegmentCommand::Set {
                site: site.clone(),
                name: name.clone(),
                new_name: new_name.clone(),
                condition: condition.clone(),
            },
            SegmentWork::Remove { site, name } => SegmentCommand::Remove { site: site.clone(), name: name.clone() },
        })
    }
}
