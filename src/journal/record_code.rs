//! Writes records one behind the other, and reads them again.

use std::sync::Arc;

use super::hit_code::{HitDecoder, HitEncoder};
use super::values::{
    array, byte, moment, optional_text, place, put_moment, put_optional_text, put_place, put_text, text,
};
use super::{HowCounted, Record, Unreadable};
use crate::beacon::mail::MailKind;
use crate::cell::FoldingStart;
use crate::cell::packed::{Bytes, put, put_signed};
use crate::counts::DayOpening;
use crate::hit::agent::bot_named;
use crate::hit::token::Salt;
use crate::hit::{BotHit, Hit};
use crate::rejection::Rejection;
use crate::secret::Digest;
use crate::site::{Day, Moment, SiteId};
use crate::store::Imported;

const HIT: u8 = 1;
const REJECTED: u8 = 2;
const MAIL: u8 = 3;
const BATCH: u8 = 4;
const IMPORTED: u8 = 5;
const SALT: u8 = 6;
const DISPLACED: u8 = 7;
const CLOSED: u8 = 8;
const FORGOTTEN: u8 = 9;
const FLUSHED: u8 = 10;
const MAY_REPEAT: u8 = 11;
const OPENED: u8 = 12;

/// Writes the records of one segment.
#[derive(Default)]
pub(super) struct RecordEncoder {
    hits: HitEncoder,
}

impl RecordEncoder {
    pub(super) fn put_hit(&mut self, to: &mut Vec<u8>, hit: &Hit, how: HowCounted) {
        to.push(HIT);
        self.hits.put(to, hit, how);
    }

    pub(super) fn put(&mut self, to: &mut Vec<u8>, record: &Record) {
        match record {
            Record::Hit(record) => self.put_hit(to, &record.hit, record.how),
            Record::Rejected { site, day, reason, bot } => {
                put_head(to, REJECTED, *site, *day);
                to.push(reason.code());
                put_bot(to, bot.as_ref());
            }
            Record::Mail { site, day, campaign, kind, person } => {
                put_head(to, MAIL, *site, *day);
                put_text(to, campaign);
                to.extend([kind.code(), u8::from(person.is_some())]);
                to.extend(person.iter().flat_map(|person| person.to_le_bytes()));
            }
            Record::Batch { id, at } => {
                to.push(BATCH);
                to.extend_from_slice(&id.0);
                put_signed(to, at.0);
            }
            Record::Imported(imported) => put_imported(to, imported),
            Record::Salt { site, day, salt, late } => {
                put_head(to, SALT, *site, *day);
                salt.with_bytes(|bytes| to.extend_from_slice(bytes));
                put_moment(to, *late);
            }
            Record::Displaced { site, day, names } => {
                put_head(to, DISPLACED, *site, *day);
                put_names(to, names);
            }
            Record::Opened { site, day, opening } => put_opening(to, (*site, *day), opening),
            Record::Closed { site, day } => put_head(to, CLOSED, *site, *day),
            Record::Flushed { site, day } => put_head(to, FLUSHED, *site, *day),
            Record::MayRepeat { site, day } => put_head(to, MAY_REPEAT, *site, *day),
            Record::Forgotten { site } => {
                to.push(FORGOTTEN);
                put(to, u64::from(site.0));
            }
        }
    }
}

fn put_head(to: &mut Vec<u8>, code: u8, site: SiteId, day: Day) {
    to.push(code);
    put_place(to, site, day);
}

fn put_bot(to: &mut Vec<u8>, bot: Option<&BotHit>) {
    put_optional_text(to, bot.map(|bot| bot.bot.family));
    if let Some(bot) = bot {
        put_text(to, &bot.pages);
    }
}

fn put_imported(to: &mut Vec<u8>, imported: &Imported) {
    to.push(IMPORTED);
    put(to, u64::from(imported.site.0));
    to.extend_from_slice(&imported.head.0);
    put(to, imported.head_bytes);
    put(to, imported.bytes);
}

fn put_opening(to: &mut Vec<u8>, (site, day): (SiteId, Day), opening: &DayOpening) {
    put_head(to, OPENED, site, day);
    let DayOpening { values, without_hours, folding } = opening;
    put(to, u64::from(*values));
    to.push(u8::from(*without_hours));
    put(to, u64::from(folding.named_children));
    put(to, folding.mark);
    put(to, folding.personal.len() as u64);
    folding.personal.iter().for_each(|parent| put_text(to, parent));
}

fn put_names(to: &mut Vec<u8>, names: &[(u32, String, String)]) {
    put(to, names.len() as u64);
    for (of, gone, come) in names {
        put(to, u64::from(*of));
        put_text(to, gone);
        put_text(to, come);
    }
}

/// Reads the records of one segment.
#[derive(Default)]
pub(super) struct RecordDecoder {
    hits: HitDecoder,
}

impl RecordDecoder {
    /// Reads the next record.
    pub(super) fn take(&mut self, bytes: &mut Bytes<'_>) -> Result<Record, Unreadable> {
        Ok(match byte(bytes)? {
            HIT => Record::Hit(Box::new(self.hits.take(bytes)?)),
            REJECTED => rejected(bytes)?,
            MAIL => mail(bytes)?,
            BATCH => Record::Batch { id: Digest(array(bytes)?), at: Moment(bytes.signed()?) },
            IMPORTED => Record::Imported(Imported {
                site: SiteId(bytes.small()?),
                head: Digest(array(bytes)?),
                head_bytes: bytes.number()?,
                bytes: bytes.number()?,
            }),
            SALT => {
                let (site, day) = place(bytes)?;
                let salt = Arc::new(Salt::from_bytes(&array(bytes)?));
                Record::Salt { site, day, salt, late: moment(bytes)? }
            }
            DISPLACED => displaced(bytes)?,
            CLOSED => {
                let (site, day) = place(bytes)?;
                Record::Closed { site, day }
            }
            OPENED => opened(bytes)?,
            FLUSHED => {
                let (site, day) = place(bytes)?;
                Record::Flushed { site, day }
            }
            MAY_REPEAT => {
                let (site, day) = place(bytes)?;
                Record::MayRepeat { site, day }
            }
            FORGOTTEN => Record::Forgotten { site: SiteId(bytes.small()?) },
            _ => return Err(Unreadable),
        })
    }
}

fn rejected(bytes: &mut Bytes<'_>) -> Result<Record, Unreadable> {
    let (site, day) = place(bytes)?;
    let reason = Rejection::from_code(byte(bytes)?).ok_or(Unreadable)?;
    let bot = match optional_text(bytes)? {
        Some(family) => Some(BotHit { bot: bot_named(&family).ok_or(Unreadable)?, pages: text(bytes)? }),
        None => None,
    };
    Ok(Record::Rejected { site, day, reason, bot })
}

fn mail(bytes: &mut Bytes<'_>) -> Result<Record, Unreadable> {
    let (site, day) = place(bytes)?;
    let campaign = text(bytes)?;
    let kind = MailKind::from_code(byte(bytes)?).ok_or(Unreadable)?;
    let person = (byte(bytes)? == 1).then(|| array(bytes)).transpose()?.map(u64::from_le_bytes);
    Ok(Record::Mail { site, day, campaign, kind, person })
}

fn opened(bytes: &mut Bytes<'_>) -> Result<Record, Unreadable> {
    let (site, day) = place(bytes)?;
    let (values, without_hours) = (bytes.small()?, byte(bytes)? == 1);
    let mut folding = FoldingStart { named_children: bytes.small()?, mark: bytes.number()?, ..FoldingStart::default() };
    for _ in 0..bytes.number()? {
        folding.personal.insert(text(bytes)?);
    }
    Ok(Record::Opened { site, day, opening: DayOpening { values, without_hours, folding } })
}

fn displaced(bytes: &mut Bytes<'_>) -> Result<Record, Unreadable> {
    let (site, day) = place(bytes)?;
    let mut names = Vec::new();
    for _ in 0..bytes.number()? {
        names.push((bytes.small()?, text(bytes)?, text(bytes)?));
    }
    Ok(Record::Displaced { site, day, names })
}
