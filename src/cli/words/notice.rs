//! The arguments of `notice`, and the commands that they stand for.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};

use crate::control::Command;
use crate::control::notice::NoticeCommand;
use crate::site::NoticeField;

/// Made of what is set for the site, in versions: each change makes a new one, and old ones stay readable at /privacy/DOMAIN/versions.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true, arg_required_else_help = true)]
pub struct NoticeWords {
    /// The site
    #[arg(long, value_name = "DOMAIN", required = true)]
    site: Option<String>,
    /// How it is written: markdown, html (a piece to paste), json, or gpc for /.well-known/gpc.json of the site
    #[arg(long, value_name = "FORMAT", default_value = "markdown")]
    format: String,
    /// Code of the language, like de [default: en]
    #[arg(long, value_name = "CODE")]
    language: Option<String>,
    /// Number of an old version [default: the one in force]
    #[arg(long, value_name = "N")]
    version: Option<u32>,
    /// Says what is missing, and fails if the law asks for it
    #[arg(long, conflicts_with_all = ["format", "version"])]
    check: bool,
    #[command(subcommand)]
    work: Option<NoticeWork>,
}

#[derive(Debug, Subcommand)]
pub enum NoticeWork {
    /// Says what the program can't know; an empty text takes one away
    Set(Box<NoticeSetWords>),
    /// Lists the versions, with what came and went
    Versions {
        /// The site
        #[arg(long, value_name = "DOMAIN")]
        site: String,
        /// Code of the language, like de [default: en]
        #[arg(long, value_name = "CODE")]
        language: Option<String>,
    },
    /// Takes a change back that the notice announces
    Withdraw {
        /// The site
        #[arg(long, value_name = "DOMAIN")]
        site: String,
        /// Its number in `headcount site show`
        #[arg(long, value_name = "N")]
        change: i64,
    },
    /// Lists how often visitors have asked for their rights, by day and kind
    Requests {
        /// The site
        #[arg(long, value_name = "DOMAIN")]
        site: String,
    },
    /// Prints a piece of HTML for the site's privacy page, by which visitors opt out
    Snippet {
        /// The site
        #[arg(long, value_name = "DOMAIN")]
        site: String,
        /// Code of the language, like de [default: en]
        #[arg(long, value_name = "CODE")]
        language: Option<String>,
    },
    /// Lists the languages of notices, and what is wrong with files of further ones
    Languages,
    /// Prints the English texts, to translate them into a file notice/CODE.txt in the data folder
    Template,
}

#[derive(Debug, Args)]
pub struct NoticeSetWords {
    /// The site
    #[arg(long, value_name = "DOMAIN")]
    site: String,
    /// Code of the language of these texts, like de [default: all languages]
    #[arg(long, value_name = "CODE")]
    language: Option<String>,
    /// Who is responsible: name and address
    #[arg(long, value_name = "TEXT")]
    controller: Option<String>,
    /// How they are reached
    #[arg(long, value_name = "TEXT")]
    contact: Option<String>,
    /// The data protection officer
    #[arg(long, value_name = "TEXT")]
    dpo: Option<String>,
    /// Purposes beside the usual one
    #[arg(long, value_name = "TEXT")]
    purposes: Option<String>,
    /// What allows the processing
    #[arg(long, value_name = "TEXT")]
    legal_basis: Option<String>,
    /// Who hosts the collector
    #[arg(long, value_name = "TEXT")]
    host: Option<String>,
    /// Where it stands
    #[arg(long, value_name = "TEXT")]
    storage_place: Option<String>,
    /// Further recipients
    #[arg(long, value_name = "TEXT")]
    recipients: Option<String>,
    /// Transfers to other countries
    #[arg(long, value_name = "TEXT")]
    transfers: Option<String>,
    /// The authority for complaints
    #[arg(long, value_name = "TEXT")]
    complaint_body: Option<String>,
    /// What else protects the data
    #[arg(long, value_name = "TEXT")]
    security: Option<String>,
    /// What else there is to say about children
    #[arg(long, value_name = "TEXT")]
    minors: Option<String>,
}

impl NoticeSetWords {
    fn texts(&self) -> BTreeMap<NoticeField, String> {
        let given = |field: NoticeField| match field {
            NoticeField::Controller => &self.controller,
            NoticeField::Contact => &self.contact,
            NoticeField::Dpo => &self.dpo,
            NoticeField::Purposes => &self.purposes,
            NoticeField::LegalBasis => &self.legal_basis,
            NoticeField::Host => &self.host,
            NoticeField::StoragePlace => &self.storage_place,
            NoticeField::Recipients => &self.recipients,
            NoticeField::Transfers => &self.transfers,
            NoticeField::ComplaintBody => &self.complaint_body,
            NoticeField::Security => &self.security,
            NoticeField::Minors => &self.minors,
        };
        NoticeField::ALL.into_iter().filter_map(|field| Some((field, given(field).clone()?))).collect()
    }
}

impl NoticeWords {
    /// Whether what is missing is a failure.
    pub fn checks(&self) -> bool {
        self.check
    }

    /// The command for the collector.
    pub fn command(&self) -> Command {
        let site = self.site.clone().unwrap_or_default();
        Command::Notice(match &self.work {
            None if self.check => NoticeCommand::Check { site },
            None => {
                let (language, format) = (self.language.clone(), self.format.clone());
                NoticeCommand::Show { site, language, format, version: self.version }
            }
            Some(NoticeWork::Set(words)) => {
                NoticeCommand::Set { site: words.site.clone(), language: words.language.clone(), texts: words.texts() }
            }
            Some(NoticeWork::Versions { site, language }) => {
                NoticeCommand::Versions { site: site.clone(), language: language.clone() }
            }
            Some(NoticeWork::Withdraw { site, change }) => {
                NoticeCommand::Withdraw { site: site.clone(), change: *change }
            }
            Some(NoticeWork::Requests { site }) => NoticeCommand::Requests { site: site.clone() },
            Some(NoticeWork::Snippet { site, language }) => {
                NoticeCommand::Snippet { site: site.clone(), language: language.clone() }
            }
            Some(NoticeWork::Languages) => NoticeCommand::Languages,
            Some(NoticeWork::Template) => NoticeCommand::Template,
        })
    }
}
