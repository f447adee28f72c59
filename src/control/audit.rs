//! What an audit asks of whoever holds the data folder: what the process says of itself, and a signature.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Done, Reply, refuse};
use crate::audit::process::ProcessFacts;
use crate::audit::summary;
use crate::collector::{Collector, random};
use crate::secret::signing::SigningSeed;

/// What an audit asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AuditCommand {
    /// What the process keeps where.
    Process,
    /// Signs a summary.
    Sign {
        /// The summary ([`summary::AuditSummary`]).
        summary: Value,
        /// Whether it is kept, for the sites that publish it.
        publish: bool,
    },
}

pub(super) fn run(collector: &Collector, command: AuditCommand) -> Done {
    match command {
        AuditCommand::Process => Ok(process(collector)),
        AuditCommand::Sign { summary, publish } => sign(collector, &summary, publish),
    }
}

fn process(collector: &Collector) -> Reply {
    let (journal, trouble) = (collector.journal_folder(), collector.journal_trouble());
    let facts = ProcessFacts {
        live_state: if trouble.is_none() { "journal" } else { "memory" }.to_owned(),
        journal: journal.map(|path| path.display().to_string()),
        journal_trouble: trouble.map(|why| why.sentence().to_owned()),
        ..ProcessFacts::of_self()
    };
    let json = serde_json::to_value(&facts).unwrap_or_default();
    Reply::new(format!("process {}", facts.pid), json)
}

fn sign(collector: &Collector, summary: &Value, publish: bool) -> Done {
    let seed = collector.operators().instance_key(SigningSeed::of(random()?))?;
    let Ok(signed) = summary::signed(summary, &seed) else {
        return refuse("the summary is of another version of headcount; run the audit with the version of the server");
    };
    if publish {
        collector.operators().keep_summary(&signed.to_string())?;
    }
    Ok(Reply::new(serde_json::to_string_pretty(&signed)?, signed))
}
