//! `headcount audit`: looks at a data folder or a backup, signs and verifies summaries.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde_json::json;

use super::{CliFailure, carry_out, give_way, output, print, set_known_aside};
use crate::audit::process::ProcessFacts;
use crate::audit::{self, AuditOrder, summary};
use crate::clock::Clock;
use crate::config::Config;
use crate::control::audit::AuditCommand;
use crate::control::folder::{DATABASE, socket_of};
use crate::control::{Command, Reply, socket};
use crate::limits;

/// The exit code is 1 where something was found, 0 where nothing was; with --verify, 0 only for a right signature of an audit that
/// found nothing.
#[derive(Debug, Args)]
pub struct AuditWords {
    /// A backup, or a data folder; that of --data if left out
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Print the summary, signed with the key of the instance, instead
    #[arg(long, conflicts_with_all = ["file", "verify"])]
    sign: bool,
    /// Sign the summary and keep it, for the sites that publish it
    #[arg(long, conflicts_with_all = ["file", "verify"])]
    publish: bool,
    /// Verify a signed summary, and do nothing else
    #[arg(long, value_name = "SUMMARY", conflicts_with = "file")]
    verify: Option<PathBuf>,
    /// The key that must have signed it, in base64
    #[arg(long, value_name = "KEY", requires = "verify")]
    key: Option<String>,
}

/// Does what the words say.
pub fn audit(config: &Config, words: &AuditWords, as_json: bool, clock: Clock) -> Result<(), CliFailure> {
    give_way();
    if let Some(file) = &words.verify {
        let (reply, is_clean) = verify(file, words.key.as_deref())?;
        print(&reply, as_json)?;
        let why = || CliFailure::Failed("the signature is right, and the summary tells of findings".to_owned());
        return if is_clean { Ok(()) } else { Err(why()) };
    }
    let path = words.file.as_deref().unwrap_or(&config.data);
    let process = if path.is_dir() { running(path)? } else { None };
    if process.is_none() {
        set_known_aside(&if path.is_dir() { path.join(DATABASE) } else { path.to_owned() })?;
    }
    let report = audit::look(AuditOrder {
        path,
        database: DATABASE,
        journal: &config.journal,
        proxies: config.trust.proxies.clone(),
        listen: config.listen.ip(),
        process,
        now: clock.now(),
    })?;
    if words.sign || words.publish {
        let summary = serde_json::to_value(report.summary()).context("the summary can't be written")?;
        let publish = words.publish;
        print(&carry_out(config, Command::Audit(AuditCommand::Sign { summary, publish }), clock)?, as_json)?;
        if publish && !report.is_published() {
            output::remark("no site publishes it yet: headcount site set DOMAIN --publish-audit true\n");
        }
    } else {
        print(&Reply { text: report.text(), json: report.json() }, as_json)?;
    }
    match report.found() {
        0 => Ok(()),
        1 => Err(CliFailure::Failed("the audit has one finding".to_owned())),
        found => Err(CliFailure::Failed(format!("the audit has {found} findings"))),
    }
}

/// What the server of a folder says of itself; nothing if none runs.
fn running(folder: &Path) -> Result<Option<ProcessFacts>, CliFailure> {
    let Some(answer) = socket::call(&socket_of(folder), &Command::Audit(AuditCommand::Process)) else {
        return Ok(None);
    };
    let reply = answer.map_err(|error| CliFailure::Failed(format!("the running server did not answer: {error}")))??;
    Ok(Some(serde_json::from_value(reply.json).context("the running server is of another version")?))
}

/// What is said of a summary that is rightly signed, and whether it says that nothing was found.
fn verify(file: &Path, key: Option<&str>) -> Result<(Reply, bool), CliFailure> {
    let shown = file.display();
    let length = std::fs::metadata(file).with_context(|| format!("{shown} can't be read"))?.len();
    if length > limits::AUDIT_SUMMARY_BYTES_MAX {
        return Err(CliFailure::Failed(format!("{shown} is too long for a summary")));
    }
    let text = std::fs::read_to_string(file).with_context(|| format!("{shown} can't be read"))?;
    let summary = summary::verified(&text, key).map_err(|why| CliFailure::Failed(format!("{shown}: {why}")))?;
    let signed_by = summary::key_of(&text).unwrap_or_default();
    let by = if key.is_some() { "by the key that was named" } else { "by the key that it names" };
    let text = format!(
        "The signature is right: signed {by}.\n  key: {signed_by}\n  time: {}\n  headcount {}, sha256 {}\n  verdict: {}",
        summary.time,
        summary.version,
        summary.build.as_deref().unwrap_or("unknown"),
        summary.verdict
    );
    let json = json!({"verified": true, "key": signed_by, "summary": summary});
    Ok((Reply { text, json }, summary.is_clean()))
}
