//! In: what a notice tells, and the texts of a language. Out: the notice in that language.

use super::{ChangedLine, LanguageTexts, Notice, NoticeDifference, NoticeFacts, NoticeLine, NoticeSection};
use crate::cell::{Card, DIMENSIONS, Dimension};
use crate::site::{AddressMode, KeptFor, NoticeField};

/// The notice in a language. What an owner has left empty is left out.
pub fn compose(facts: &NoticeFacts, texts: LanguageTexts<'_>) -> Notice {
    let writer = Writer { facts, texts };
    let title = writer.filled("title", &[("domain", &facts.domain)]);
    let mut sections = writer.sections();
    let announced = announced(facts, texts);
    if !announced.is_empty() {
        sections.insert(0, writer.section("announced", announced));
    }
    sections.retain(|section| !section.lines.is_empty());
    Notice { title, sections }
}

/// How not to be counted, in lines.
pub fn out_lines(facts: &NoticeFacts, texts: LanguageTexts<'_>) -> Vec<NoticeLine> {
    Writer { facts, texts }.out()
}

/// What will hold, or hold no longer, from each of the days on that are announced.
fn announced(facts: &NoticeFacts, texts: LanguageTexts<'_>) -> Vec<NoticeLine> {
    let mut lines = Vec::new();
    if facts.announced.is_empty() {
        return lines;
    }
    let now = NoticeFacts { announced: Vec::new(), ..facts.clone() };
    let mut before = compose(&now, texts);
    for announced in &facts.announced {
        let after = compose(&announced.facts, texts);
        let NoticeDifference { came, went } = NoticeDifference::between(&before, &after);
        let told = |changed: Vec<ChangedLine>| changed.into_iter().map(|line| line.text).collect::<Vec<_>>();
        let untold = announced.more.iter().map(|what| texts.get(&format!("announced.{what}")).to_owned());
        let came = told(came).into_iter().chain(untold).collect::<Vec<_>>();
        for (key, changed) in [("announced.comes", came), ("announced.goes", told(went))] {
            if changed.is_empty() {
                continue;
            }
            lines.push(NoticeLine::text(texts.filled(key, &[("date", &announced.from)])));
            lines.extend(changed.into_iter().map(NoticeLine::item));
        }
        before = after;
    }
    lines
}

/// By how much at the most a file of an epsilon is more likely with a visitor than without: `e^epsilon`.
fn factor(epsilon: &str) -> String {
    let factor = epsilon.parse::<f64>().map_or(f64::INFINITY, f64::exp);
    if factor < 10.0 { format!("{factor:.1}") } else { format!("{factor:.0}") }
}

#[derive(Clone, Copy)]
struct Writer<'a> {
    facts: &'a NoticeFacts,
    texts: LanguageTexts<'a>,
}

impl Writer<'_> {
    fn filled(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.texts.filled(key, values)
    }

    /// A paragraph that has nothing to fill in but what every text may name.
    fn line(&self, key: &str) -> NoticeLine {
        let k = self.facts.small_counts_k.to_string();
        let values = [("domain", &*self.facts.domain), ("zone", &*self.facts.zone), ("k", &*k)];
        NoticeLine::text(self.filled(key, &values))
    }

    fn line_if(&self, is_so: bool, key: &str) -> Option<NoticeLine> {
        is_so.then(|| self.line(key))
    }

    fn item(&self, is_so: bool, key: &str) -> Option<NoticeLine> {
        is_so.then(|| NoticeLine { is_item: true, ..self.line(key) })
    }

    /// A text of the owner, within one of ours.
    fn own(&self, key: &str, field: NoticeField) -> Option<NoticeLine> {
        let texts = self.facts.owner();
        let text = texts.text(field, self.texts.code())?;
        Some(NoticeLine::text(self.filled(key, &[("text", text)])))
    }

    fn section(&self, id: &str, lines: Vec<NoticeLine>) -> NoticeSection {
        let title = self.texts.get(&format!("{id}.title")).to_owned();
        NoticeSection { id: id.to_owned(), title, lines }
    }

    fn sections(&self) -> Vec<NoticeSection> {
        vec![
            self.section("summary", vec![self.line("summary.text")]),
            self.section("counted", self.counted()),
            self.section("never", vec![self.line("never.text")]),
            self.section("addresses", self.addresses()),
            self.section("beacons", self.beacons()),
            self.section("cookies", vec![self.line("cookies.text")]),
            self.section("out", self.out()),
            self.section("purposes", self.purposes()),
            self.section("controller", self.controller()),
            self.section("recipients", self.recipients()),
            self.section("transfers", self.own("transfers.own", NoticeField::Transfers).into_iter().collect()),
            self.section("storage", self.storage()),
            self.section("rights", self.rights()),
            self.section("complaint", self.with_own("complaint", NoticeField::ComplaintBody)),
            self.section("security", self.security()),
            self.section("minors", self.with_own("minors", NoticeField::Minors)),
            self.section("changes", self.changes()),
        ]
    }

    /// Our text of a section, and that of the owner.
    fn with_own(&self, id: &str, field: NoticeField) -> Vec<NoticeLine> {
        let ours = self.line(&format!("{id}.text"));
        [Some(ours), self.own(&format!("{id}.own"), field)].into_iter().flatten().collect()
    }

    fn security(&self) -> Vec<NoticeLine> {
        let mut lines = self.with_own("security", NoticeField::Security);
        lines.splice(1..1, self.line_if(self.facts.address != AddressMode::None, "security.key"));
        lines
    }

    fn counted(&self) -> Vec<NoticeLine> {
        let facts = self.facts;
        let tells_visits = facts.address != AddressMode::None;
        let cards = [
            (Card::Pages, "counted.pages"),
            (Card::Sources, "counted.sources"),
            (Card::Places, "counted.places"),
            (Card::Technology, "counted.technology"),
            (Card::Events, "counted.events"),
        ];
        let mut lines = vec![self.line("counted.intro")];
        lines.extend(cards.into_iter().filter_map(|(card, key)| self.dimensions(card, key)));
        if !facts.query_keys.is_empty() {
            let list = facts.query_keys.join(", ");
            lines.push(NoticeLine::item(self.filled("counted.query_keys", &[("list", &list)])));
        }
        lines.extend(self.item(facts.has_properties, "counted.properties"));
        if !facts.named_properties.is_empty() {
            let list = facts.named_properties.join(", ");
            lines.push(NoticeLine::item(self.filled("counted.named_properties", &[("list", &list)])));
        }
        let rest = [
            self.item(tells_visits, "counted.visits"),
            self.item(facts.has_reading, "counted.reading"),
            self.item(facts.has_goals, "counted.goals"),
            self.item(facts.has_money, "counted.money"),
            self.item(facts.has_funnels, "counted.funnels"),
            self.item(facts.has_segments, "counted.segments"),
            self.item(facts.has_mails, "counted.mails"),
        ];
        lines.extend(rest.into_iter().flatten());
        lines
    }

    /// The dimensions of a card that are counted, in the order of its panels.
    fn dimensions(&self, card: Card, key: &str) -> Option<NoticeLine> {
        let mut counted: Vec<_> = DIMENSIONS.tabs(card).filter(|(_, row)| self.facts.has(row.dimension)).collect();
        counted.sort_by_key(|(place, _)| *place);
        let names: Vec<String> =
            counted.iter().map(|(_, row)| self.texts.get(&format!("dimension.{}", row.name)).to_owned()).collect();
        (!names.is_empty()).then(|| NoticeLine::item(self.filled(key, &[("list", &names.join(", "))])))
    }

    fn addresses(&self) -> Vec<NoticeLine> {
        let key = match self.facts.address {
            AddressMode::Hash => "addresses.hash",
            AddressMode::Truncate => "addresses.truncate",
            AddressMode::None => "addresses.none",
        };
        let has_more = self.facts.has(Dimension::Region) || self.facts.has(Dimension::City);
        let place = match self.facts.has(Dimension::Country) || has_more {
            true if has_more => Some("addresses.place"),
            true => Some("addresses.country"),
            false => None,
        };
        [Some(key), place].into_iter().flatten().map(|key| self.line(key)).collect()
    }

    fn beacons(&self) -> Vec<NoticeLine> {
        let mails = self.facts.has_mails;
        let lines = [
            self.line_if(true, "beacons.page"),
            self.line_if(true, "beacons.page_avoid"),
            self.line_if(mails, "beacons.mail"),
            self.line_if(mails, "beacons.mail_avoid"),
        ];
        lines.into_iter().flatten().collect()
    }

    fn out(&self) -> Vec<NoticeLine> {
        let domain = &self.facts.domain;
        let mut lines = vec![
            NoticeLine::link(self.line("out.button").text, format!("https://{domain}/?headcount=ignore")),
            self.line("out.how"),
            NoticeLine::link(self.line("out.again").text, format!("https://{domain}/?headcount=count")),
        ];
        lines.extend(self.line_if(self.facts.honours_signals, "out.signals"));
        lines
    }

    fn purposes(&self) -> Vec<NoticeLine> {
        let own = self.own("purposes.own", NoticeField::Purposes);
        let basis = self.own("purposes.basis", NoticeField::LegalBasis);
        [Some(self.line("purposes.text")), own, basis].into_iter().flatten().collect()
    }

    fn controller(&self) -> Vec<NoticeLine> {
        let fields = [
            ("controller.own", NoticeField::Controller),
            ("controller.contact", NoticeField::Contact),
            ("controller.dpo", NoticeField::Dpo),
        ];
        fields.into_iter().filter_map(|(key, field)| self.own(key, field)).collect()
    }

    fn recipients(&self) -> Vec<NoticeLine> {
        let facts = self.facts;
        let mut lines = vec![self.line("recipients.nobody")];
        lines.extend(self.own("recipients.host", NoticeField::Host));
        if let Some(public) = &facts.public {
            let page = format!("/share/{}", facts.domain);
            lines.push(NoticeLine::link(self.line("recipients.public").text, page));
            let until = public.until.as_deref();
            lines.extend(until.map(|day| NoticeLine::text(self.filled("recipients.public_until", &[("date", day)]))));
            if !public.embed.is_empty() {
                let list = public.embed.join(", ");
                lines.push(NoticeLine::text(self.filled("recipients.embedded", &[("list", &list)])));
            }
        }
        let (count, k) = (facts.secret_links.to_string(), facts.small_counts_k.to_string());
        let links = match facts.secret_links {
            0 => None,
            1 => Some("recipients.secret_one"),
            _ => Some("recipients.secret_many"),
        };
        lines.extend(links.map(|key| NoticeLine::text(self.filled(key, &[("count", &count), ("k", &k)]))));
        lines.extend(self.line_if(facts.counter, "recipients.counter"));
        if let Some(epsilon) = &facts.published {
            let factor = factor(epsilon);
            let text = self.filled("recipients.published", &[("epsilon", epsilon), ("factor", &factor)]);
            lines.push(NoticeLine::link(text, format!("/public/{}.json", facts.domain)));
        }
        lines.extend(self.own("recipients.own", NoticeField::Recipients));
        lines
    }

    fn storage(&self) -> Vec<NoticeLine> {
        let facts = self.facts;
        let mut lines: Vec<NoticeLine> = self.own("storage.place", NoticeField::StoragePlace).into_iter().collect();
        lines.extend(self.line_if(facts.address != AddressMode::None, "storage.memory"));
        lines.push(self.line("storage.sums"));
        lines.extend(self.line_if(!facts.retention.is_empty(), "storage.retention"));
        lines.extend(facts.retention.iter().map(|(name, kept)| {
            let time = self.time(*kept);
            NoticeLine::item(self.filled(&format!("retention.{name}"), &[("time", &time)]))
        }));
        if !facts.k_at_rest.is_empty() {
            let list = facts.k_at_rest.join(", ");
            lines.push(NoticeLine::text(self.filled("storage.at_rest", &[("list", &list)])));
        }
        lines
    }

    fn time(&self, kept: KeptFor) -> String {
        let (key, count) = match kept {
            KeptFor::Days(count) => ("time.days", count),
            KeptFor::Months(count) => ("time.months", count),
        };
        self.filled(key, &[("count", &count.to_string())])
    }

    fn rights(&self) -> Vec<NoticeLine> {
        let domain = &self.facts.domain;
        let link = |key: &str, page: &str| {
            NoticeLine::link(self.texts.get(key).to_owned(), format!("/privacy/{domain}/{page}"))
        };
        let mut lines = vec![self.line("rights.text"), self.line("rights.proof")];
        lines.extend(self.facts.audit.then(|| link("link.audit", "audit")));
        lines.push(link("link.requests", "requests"));
        lines
    }

    fn changes(&self) -> Vec<NoticeLine> {
        let days = self.facts.announce_days;
        let announced = || NoticeLine::text(self.filled("changes.days", &[("days", &days.to_string())]));
        let versions = format!("/privacy/{}/versions", self.facts.domain);
        let mut lines = vec![self.line("changes.text")];
        lines.extend((days > 0).then(announced));
        lines.push(NoticeLine::link(self.texts.get("link.versions").to_owned(), versions));
        lines
    }
}
