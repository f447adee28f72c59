//! `headcount notice`: what visitors of a site are told. Shows it, says what is missing, takes the owner's texts, lists versions and
//! requests, and takes announced changes back.

pub mod announcing;
pub mod keeping;
pub mod places;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{CommandRefusal, Done, Reply, find, refuse};
use crate::collector::Collector;
use crate::config::nearest;
use crate::limits;
use crate::notice::{
    ChangedLine, LanguageTexts, NoticeDifference, NoticeLanguages, described, english_file, gpc, kept_facts, kept_text,
    markdown, snippet,
};
use crate::operator::KeptNotice;
use crate::page::notice::fragment;
use crate::site::{Moment, NoticeField, Site};
use crate::store::StoreError;

/// What an operator can ask of notices. Each but the languages names the site's domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum NoticeCommand {
    /// Shows a notice.
    Show {
        /// The site.
        site: String,
        /// The code of the language; nothing for English.
        language: Option<String>,
        /// `markdown`, `html`, `json` or `gpc`.
        format: String,
        /// Which version; nothing for the one in force.
        version: Option<u32>,
    },
    /// Says what is missing.
    Check {
        /// The site.
        site: String,
    },
    /// Takes texts of the owner; empty ones are removed.
    Set {
        /// The site.
        site: String,
        /// The code of their language; nothing for all languages.
        language: Option<String>,
        /// The texts.
        texts: BTreeMap<NoticeField, String>,
    },
    /// Lists the versions.
    Versions {
        /// The site.
        site: String,
        /// The code of the language; nothing for English.
        language: Option<String>,
    },
    /// Lists how many requests about their rights visitors have made.
    Requests {
        /// The site.
        site: String,
    },
    /// Takes an announced change back.
    Withdraw {
        /// The site.
        site: String,
        /// Its number.
        change: i64,
    },
    /// Prints the piece of HTML by which visitors opt out.
    Snippet {
        /// The site.
        site: String,
        /// The code of the language; nothing for English.
        language: Option<String>,
    },
    /// Lists the languages, and what is wrong with their files.
    Languages,
    /// Prints the English texts, to translate them.
    Template,
}

pub(super) fn run(collector: &Collector, command: NoticeCommand, base_url: &str) -> Done {
    match command {
        NoticeCommand::Show { site, language, format, version } => {
            let site = find(collector, &site)?;
            let kept = match version {
                None => keeping::in_force_alone(collector, &site)?,
                Some(number) => match collector.operators().notice(site.id, number)? {
                    Some((kept, _)) => kept,
                    None => return refuse(format!("{} has no version {number} of its notice", site.domain)),
                },
            };
            show(&site, &kept, texts(&keeping::languages(collector), language.as_deref())?, &format, base_url)
        }
        NoticeCommand::Check { site } => check(collector, &find(collector, &site)?),
        NoticeCommand::Set { site, language, texts } => set(collector, find(collector, &site)?, language, texts),
        NoticeCommand::Versions { site, language } => {
            versions(collector, &find(collector, &site)?, language.as_deref())
        }
        NoticeCommand::Requests { site } => requests(collector, &find(collector, &site)?),
        NoticeCommand::Withdraw { site, change } => withdraw(collector, &find(collector, &site)?, change),
        NoticeCommand::Snippet { site, language } => {
            let honours_signals = find(collector, &site)?.settings.opt_out;
            let html = snippet::snippet(texts(&keeping::languages(collector), language.as_deref())?, honours_signals);
            Ok(Reply::new(html.clone(), json!({"html": html})))
        }
        NoticeCommand::Languages => Ok(languages(&keeping::languages(collector))),
        NoticeCommand::Template => Ok(Reply::new(english_file(), json!({"file": english_file()}))),
    }
}

/// The texts of a language that somebody names.
fn texts<'a>(languages: &'a NoticeLanguages, code: Option<&str>) -> Result<LanguageTexts<'a>, CommandRefusal> {
    let Some(code) = code else { return Ok(languages.english()) };
    match languages.texts(code) {
        Some(texts) => Ok(texts),
        None => refuse(format!(
            "there is no language {code:?}, only {}; put a file notice/{code}.txt into the data folder, which \
             `headcount notice template` begins",
            languages.codes().join(", ")
        )),
    }
}

/// The day since which a version is in force.
pub fn day_of(kept: &KeptNotice, site: &Site) -> String {
    date(kept.from, site)
}

/// The day of a moment on the site's calendar, as `2026-12-31`.
pub fn date(moment: Moment, site: &Site) -> String {
    site.schedule.locate(moment).day.to_string()
}

/// The line of a version.
pub fn version_line(kept: &KeptNotice, site: &Site, texts: LanguageTexts<'_>) -> String {
    texts.filled("version", &[("number", &kept.number.to_string()), ("date", &day_of(kept, site))])
}

fn show(site: &Site, kept: &KeptNotice, texts: LanguageTexts<'_>, format: &str, base_url: &str) -> Done {
    let (Some(notice), Some(facts)) = (kept_text(kept, texts.code()), kept_facts(kept)) else {
        return refuse(format!("version {} of the notice was made by a later program and can't be read", kept.number));
    };
    let (day, line) = (day_of(kept, site), version_line(kept, site, texts));
    let json = described(&notice, texts.code(), &facts, Some((kept.number, &day)), base_url);
    let text = match format {
        "markdown" => markdown(&notice, Some(&line), base_url),
        "html" => fragment(&notice, texts.code(), Some(&line), base_url),
        "json" => pretty(&json),
        "gpc" => pretty(&gpc(facts.honours_signals, Some(&day))),
        _ => {
            let known = ["markdown", "html", "json", "gpc"];
            return refuse(format!(
                "{format:?} is no format; write {:?} (there are {})",
                nearest(format, &known),
                known.join(", ")
            ));
        }
    };
    Ok(Reply::new(text, json))
}

fn pretty(json: &Value) -> String {
    serde_json::to_string_pretty(json).unwrap_or_default()
}

/// What is missing: what the law asks for, and what else an owner may say.
fn check(collector: &Collector, site: &Site) -> Done {
    let (required, others): (Vec<_>, Vec<_>) = site.settings.notice.missing().partition(|field| field.is_required());
    let flags = |fields: &[NoticeField]| {
        fields.iter().map(|field| format!("--{}", field.flag())).collect::<Vec<_>>().join(", ")
    };
    let mut text = match required.is_empty() {
        true => format!("The notice of {} has all that the law asks for in any case.", site.domain),
        false => format!("The notice of {} lacks what the law asks for: {}", site.domain, flags(&required)),
    };
    if !others.is_empty() {
        text.push_str(&format!("\nNot said, where there is something to say: {}", flags(&others)));
    }
    let languages = keeping::languages(collector);
    for fault in languages.faults() {
        text.push_str(&format!("\nnotice/{}: {}", fault.file, fault.sentence));
    }
    let names = |fields: &[NoticeField]| fields.iter().map(|field| field.name()).collect::<Vec<_>>();
    let faults: Vec<Value> =
        languages.faults().iter().map(|fault| json!({"file": fault.file, "fault": fault.sentence})).collect();
    let json = json!({
        "site": site.domain, "is_complete": required.is_empty(), "missing": names(&required), "not_said": names(&others),
        "language_faults": faults,
    });
    Ok(Reply::new(text, json))
}

/// Takes texts of the owner.
fn set(collector: &Collector, mut site: Site, language: Option<String>, new: BTreeMap<NoticeField, String>) -> Done {
    if new.is_empty() {
        return refuse("say what to set, like --controller 'Ada Lovelace, 1 Street, Town'; an empty text removes one");
    }
    let languages = keeping::languages(collector);
    let code = language.as_deref().map(|code| texts(&languages, Some(code))).transpose()?.map_or("", |it| it.code());
    let own = site.settings.notice.texts.entry(code.to_owned()).or_default();
    for (field, text) in &new {
        match checked(*field, text)? {
            text if text.is_empty() => own.remove(field),
            text => own.insert(*field, text),
        };
    }
    site.settings.notice.texts.retain(|_, texts| !texts.is_empty());
    if site.settings.notice.texts.len() > limits::NOTICE_TEXT_LANGUAGES_MAX {
        return refuse(format!("there are texts in {} languages at the most", limits::NOTICE_TEXT_LANGUAGES_MAX));
    }
    collector.operators().set_site(&site)?;
    collector.reload()?;
    let Reply { text, json } = check(collector, &site)?;
    Ok(Reply::new(format!("The notice of {} is at /privacy/{}.\n{text}", site.domain, site.domain), json))
}

/// A text as it is kept: with line breaks, and without whatever else controls a terminal.
fn checked(field: NoticeField, text: &str) -> Result<String, CommandRefusal> {
    let text = text.replace("\r\n", "\n").trim().to_owned();
    let most = limits::NOTICE_TEXT_CHARS_MAX;
    if text.chars().count() > most || text.contains(|c: char| c.is_control() && c != '\n') {
        let flag = field.flag();
        return refuse(format!(
            "--{flag} takes at most {most} characters, and line breaks as the only ones that control"
        ));
    }
    Ok(text)
}

/// A version and what it says otherwise than the one before, in a language.
pub struct ListedVersion {
    /// The version.
    pub kept: KeptNotice,
    /// What came and went; nothing for the first, and where one of both can't be read.
    pub difference: Option<NoticeDifference>,
}

/// The latest versions of a site's notice, the last one first.
///
/// # Errors
/// [`StoreError`]
pub fn listed(collector: &Collector, site: &Site, language: &str) -> Result<Vec<ListedVersion>, StoreError> {
    let kept = collector.operators().notices(site.id, limits::NOTICE_VERSIONS_LISTED + 1)?;
    let difference = |at: usize, of: &KeptNotice| {
        let (before, after) = (kept_text(kept.get(at + 1)?, language)?, kept_text(of, language)?);
        Some(NoticeDifference::between(&before, &after))
    };
    let listed = kept.iter().enumerate().take(limits::NOTICE_VERSIONS_LISTED);
    Ok(listed.map(|(at, of)| ListedVersion { kept: of.clone(), difference: difference(at, of) }).collect())
}

fn versions(collector: &Collector, site: &Site, language: Option<&str>) -> Done {
    let languages = keeping::languages(collector);
    let texts = texts(&languages, language)?;
    keeping::in_force_alone(collector, site)?;
    let (mut blocks, mut rows) = (Vec::new(), Vec::new());
    for ListedVersion { kept, difference } in listed(collector, site, texts.code())? {
        let is_elsewhere = difference.as_ref().is_some_and(|it| it.came.is_empty() && it.went.is_empty());
        let difference = difference.unwrap_or_default();
        let why = texts.get(&format!("versions.{}", kept.cause)).to_owned();
        let mut lines = vec![format!("{}  {}  {why}", kept.number, day_of(&kept, site))];
        lines.extend(is_elsewhere.then(|| format!("  {}", texts.get("versions.other_words"))));
        let told = |sign, line: &ChangedLine| format!("  {sign} {}", line.text.replace('\n', " "));
        lines.extend(difference.went.iter().map(|line| told('-', line)));
        lines.extend(difference.came.iter().map(|line| told('+', line)));
        blocks.push(lines.join("\n"));
        let texts = |lines: &[ChangedLine]| lines.iter().map(|line| line.text.clone()).collect::<Vec<_>>();
        rows.push(json!({
            "version": kept.number, "effective": day_of(&kept, site), "cause": kept.cause, "program": kept.program,
            "came": texts(&difference.came), "went": texts(&difference.went),
        }));
    }
    Ok(Reply::new(blocks.join("\n"), Value::Array(rows)))
}

fn requests(collector: &Collector, site: &Site) -> Done {
    let sums = collector.operators().requests(site.id)?;
    let rows = sums.iter().map(|sum| json!({"day": sum.day.to_string(), "kind": sum.kind, "requests": sum.count}));
    let lines: Vec<String> = sums.iter().map(|sum| format!("{}  {}  {}", sum.day, sum.kind, sum.count)).collect();
    let none = format!("Nobody has asked anything at /privacy/{}/requests yet.", site.domain);
    let json = Value::Array(rows.collect());
    Ok(Reply::new(if lines.is_empty() { none } else { lines.join("\n") }, json))
}

fn withdraw(collector: &Collector, site: &Site, change: i64) -> Done {
    let all = announcing::Announcement::all(collector, site)?;
    let Some(found) = all.iter().find(|it| it.change.id == change) else {
        let ids: Vec<String> = all.iter().map(|it| it.change.id.to_string()).collect();
        let there_are = if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
        return refuse(format!("{} announces no change {change}; there are: {there_are}", site.domain));
    };
    collector.operators().withdraw(site.id, change)?;
    let text = format!("{} is taken back and will not act.", found.what());
    Ok(Reply::new(text, json!({"site": site.domain, "withdrawn": change})))
}

fn languages(languages: &NoticeLanguages) -> Reply {
    let name = |code: &str| languages.texts(code).map_or_else(String::new, |it| it.get("language.name").to_owned());
    let mut lines: Vec<String> = languages.codes().iter().map(|code| format!("{code}  {}", name(code))).collect();
    lines.extend(languages.faults().iter().map(|fault| format!("notice/{}: {}", fault.file, fault.sentence)));
    let rows: Vec<Value> = languages.codes().iter().map(|code| json!({"language": code, "name": name(code)})).collect();
    let faults: Vec<Value> =
        languages.faults().iter().map(|fault| json!({"file": fault.file, "fault": fault.sentence})).collect();
    Reply::new(lines.join("\n"), json!({"languages": rows, "faults": faults}))
}
