//! In: a notice and the facts behind it. Out: both as JSON of a shape that stays, and what `/.well-known/gpc.json` says.

use serde_json::{Value, json};

use super::{AnnouncedFacts, Notice, NoticeFacts};

/// Where browsers look whether a site honours Global Privacy Control.
pub const GPC_PATH: &str = "/.well-known/gpc.json";

/// The number of this shape: it changes when a name goes or means something else, not when one comes.
const SHAPE: &str = "1";

/// The notice for programs: its version and day of effect, the facts in no language, and the texts in one. `base` stands in front of
/// links to the collector.
pub fn described(
    notice: &Notice,
    language: &str,
    facts: &NoticeFacts,
    version: Option<(u32, &str)>,
    base: &str,
) -> Value {
    let sections: Vec<Value> = notice
        .sections
        .iter()
        .map(|section| {
            let line = |line: &super::NoticeLine| json!({"text": line.text, "item": line.is_item, "link": line.href(base)});
            json!({"id": section.id, "title": section.title, "lines": section.lines.iter().map(line).collect::<Vec<_>>()})
        })
        .collect();
    json!({
        "shape": SHAPE,
        "site": facts.domain,
        "version": version.map(|(number, _)| number),
        "effective": version.map(|(_, day)| day),
        "language": language,
        "title": notice.title,
        "facts": told(facts),
        "announced": facts.announced.iter().map(announced).collect::<Vec<_>>(),
        "sections": sections,
    })
}

fn announced(it: &AnnouncedFacts) -> Value {
    json!({"from": it.from, "facts": told(&it.facts), "more": it.more})
}

/// The facts without the owner's texts, which stand in the sections.
fn told(facts: &NoticeFacts) -> Value {
    json!({
        "cookies": false,
        "address": facts.address.name(),
        "honours_gpc_and_dnt": facts.honours_signals,
        "dimensions": facts.dimensions,
        "query_keys": facts.query_keys,
        "engagement": facts.has_reading,
        "properties": facts.has_properties,
        "named_properties": facts.named_properties,
        "goals": facts.has_goals,
        "money": facts.has_money,
        "funnels": facts.has_funnels,
        "segments": facts.has_segments,
        "mails": facts.has_mails,
        "public_page": facts.public.as_ref().map(|page| json!({"until": page.until, "embedded_in": page.embed})),
        "secret_links": facts.secret_links,
        "counter": facts.counter,
        "small_counts_k": facts.small_counts_k,
        "published_epsilon": facts.published,
        "public_audit": facts.audit,
        "retention": facts.retention,
        "k_at_rest": facts.k_at_rest,
        "time_zone": facts.zone,
        "announce_days": facts.announce_days,
    })
}

/// The document of the Global Privacy Control specification: whether the signal is honoured, and since which day that is said.
pub fn gpc(is_honoured: bool, last_update: Option<&str>) -> Value {
    match last_update {
        Some(day) => json!({"gpc": is_honoured, "lastUpdate": day}),
        None => json!({"gpc": is_honoured}),
    }
}
