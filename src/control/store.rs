//! `headcount store`: what becomes of a database that was replaced or removed while a server has it open.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Done, Reply};
use crate::collector::Collector;
use crate::page::text::counted;

/// Which database the server goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreCommand {
    /// The one that is at its path now.
    Adopt,
    /// The one that is open.
    Keep,
}

/// What is said where there is no choice.
pub const NOTHING: &str = "Nothing is to do: the database at its path is the one that is in use.";

pub(super) fn run(collector: &Collector, command: StoreCommand) -> Done {
    if collector.is_in_place().is_ok() {
        return Ok(Reply::new(NOTHING, json!({"done": false})));
    }
    match command {
        StoreCommand::Adopt => adopt(collector),
        StoreCommand::Keep => keep(collector),
    }
}

fn adopt(collector: &Collector) -> Done {
    let adopted = collector.adopt()?;
    let hits = counted(adopted.added, "hits");
    let mut text = "The server goes on with the database that is at its path now; ".to_owned();
    text.push_str(&match &adopted.waits {
        None => format!("{hits} that waited are added to it."),
        Some(why) => format!("{hits} wait in memory, and are added to it as soon as it can be written ({why})."),
    });
    if let Some(older) = &adopted.older {
        let older = older.display();
        text.push_str(&format!(
            "\nAn older version wrote it, and it is brought up to date: {older} is a copy of it as it was."
        ));
    }
    for (site, hits) in &adopted.missing {
        let hits = counted(*hits, "hits");
        text.push_str(&format!(
            "\n{site} is not in it: {hits} of it that waited are counted as rejected (unknown_site)."
        ));
    }
    for site in &adopted.forgotten {
        text.push_str(&format!("\n{site} has another number in it: visitors of today may count again."));
    }
    if adopted.lacks_stored {
        text.push_str("\nIt lacks what was stored of the running day: visitors of today may count again.");
    }
    if adopted.without_journal {
        text.push_str(
            "\nThe journal of the running day was of the other database; there is none until the next start.",
        );
    }
    let missing = adopted.missing.iter().map(|(site, hits)| json!({"site": site, "hits": hits})).collect::<Vec<_>>();
    let json = json!({
        "done": true, "added": adopted.added, "waits": adopted.waits.is_some(), "missing": missing,
        "lacks_stored": adopted.lacks_stored, "older": adopted.older,
    });
    Ok(Reply::new(text, json))
}

fn keep(collector: &Collector) -> Done {
    let aside = collector.keep()?.map(|path| path.display().to_string());
    let mut text = "The database that is open is at its path again, with all that waited.".to_owned();
    if let Some(aside) = &aside {
        text.push_str(&format!(" What lay there is kept as {aside}."));
    }
    Ok(Reply::new(text, json!({"done": true, "set_aside": aside})))
}
