//! `headcount explain`: what the collector would make of agents, headers and referrers. Nothing is counted.

use std::io::{self, BufRead, Write};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::words::ExplainWords;
use crate::beacon::Hints;
use crate::cell::NOT_SET;
use crate::hit::agent::{Agent, Agents, Verdict};
use crate::hit::{path, source};
use crate::site::HostRelation;

/// The keys of an answer, in their order.
const KEYS: [&str; 8] = ["browser", "browser_version", "os", "os_version", "device", "bot", "source", "channel"];

/// Explains what was asked for.
pub fn explain(words: &ExplainWords, as_json: bool) -> Result<()> {
    let agents = Agents::new();
    let mut out = io::BufWriter::new(io::stdout().lock());
    let hints = hints(&words.headers);
    let written = if words.batch {
        batch(&agents, words, &hints, &mut out)
    } else {
        let agent = given(&words.user_agent, &words.headers, "user-agent");
        let referrer = given(&words.referrer, &words.headers, "referer");
        let answer = answer(&agents, words, &hints, agent, referrer);
        if as_json { writeln!(out, "{}", line(&answer)) } else { write!(out, "{}", text(&answer)) }
    };
    match written.and_then(|()| out.flush()) {
        // A reader that closes the pipe early has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("standard input can't be read, or standard output not be written"),
    }
}

fn batch(agents: &Agents, words: &ExplainWords, hints: &Hints, out: &mut impl Write) -> io::Result<()> {
    for read in io::stdin().lock().split(b'\n') {
        let read = read?;
        let read = String::from_utf8_lossy(&read);
        let mut columns = read.trim_end_matches('\r').split('\t');
        let (agent, referrer) = (columns.next().unwrap_or_default(), columns.next().unwrap_or_default());
        writeln!(out, "{}", line(&answer(agents, words, hints, agent, referrer)))?;
    }
    Ok(())
}

/// What was given, else the header of this name.
fn given<'a>(words: &'a str, headers: &'a [String], name: &str) -> &'a str {
    let header = |header: &'a String| {
        let (found, value) = header.split_once(':')?;
        found.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    };
    if words.is_empty() { headers.iter().find_map(header).unwrap_or_default() } else { words }
}

fn hints(headers: &[String]) -> Hints {
    let mut hints = Hints::default();
    for header in headers {
        if let Some((name, value)) = header.split_once(':') {
            hints.add(&name.trim().to_ascii_lowercase(), value);
        }
    }
    hints
}

/// Values by the names of [`KEYS`]; nothing for what is unknown, and for what is not looked at.
fn answer(agents: &Agents, words: &ExplainWords, hints: &Hints, agent: &str, referrer: &str) -> Map<String, Value> {
    let mut answer: Map<String, Value> = KEYS.iter().map(|key| ((*key).to_owned(), Value::Null)).collect();
    match agents.classify(agent, hints, words.touch) {
        Verdict::Person(agent) => describe(&agent, &mut answer),
        Verdict::Bot(bot) | Verdict::Library(bot) => {
            answer.insert("bot".into(), bot.family.into());
            answer.insert("bot_group".into(), bot.group.into());
        }
    }
    let location = path::locate(&words.url, false);
    let (host, campaign) = match &location {
        Ok(location) => (location.host.as_str(), path::campaign(&location.query)),
        Err(_) => ("", path::Campaign::default()),
    };
    match source::origin(&campaign, referrer, |other| HostRelation::among(other, [host])) {
        Ok(origin) => {
            answer.insert("source".into(), origin.source.into());
            answer.insert("channel".into(), origin.channel.into());
        }
        Err(reason) => {
            answer.insert("rejected".into(), reason.label().into());
        }
    }
    answer
}

fn describe(agent: &Agent, answer: &mut Map<String, Value>) {
    let browser_version = number(&agent.browser_version, &agent.browser);
    let os_version = number(&agent.os_version, &agent.os);
    let values: [&str; 5] = [&agent.browser, browser_version, &agent.os, os_version, agent.device];
    for (key, value) in KEYS.iter().zip(values) {
        answer.insert((*key).to_owned(), if value == NOT_SET { Value::Null } else { json!(value) });
    }
}

/// `140` of `Chrome 140`: the name has a key of its own here.
fn number<'a>(version: &'a str, name: &str) -> &'a str {
    version.strip_prefix(name).map_or(version, str::trim_start)
}

/// One line of JSON: the eight keys, always and alone.
fn line(answer: &Map<String, Value>) -> String {
    let pair = |key: &str| format!("{}:{}", Value::from(key), answer[key]);
    let pairs = KEYS.map(pair);
    format!("{{{}}}", pairs.join(","))
}

fn text(answer: &Map<String, Value>) -> String {
    let rest = answer.keys().map(String::as_str).filter(|key| !KEYS.contains(key));
    let shown = |key: &str| {
        let value = answer[key].as_str().unwrap_or("-");
        // Control characters in a name must not reach a terminal.
        let value: String = value.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        format!("{key:<16} {value}\n")
    };
    KEYS.into_iter().chain(rest).map(shown).collect()
}
