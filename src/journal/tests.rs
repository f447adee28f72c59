//! The journal by itself: real files in memory, opened, damaged, outgrown and wiped.

#[cfg(test)]
mod damage;
#[cfg(test)]
mod encoding;
#[cfg(test)]
mod life;
#[cfg(test)]
mod moving;
#[cfg(test)]
mod wiping;

use std::cell::Cell;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use super::place::{Candidates, SwapFacts};
use super::*;
use crate::beacon::mail::MailKind;
use crate::cell::FoldingStart;
use crate::counts::DayOpening;
use crate::hit::agent::{AUTOMATED, Agent};
use crate::hit::path::Campaign;
use crate::hit::place::Place;
use crate::hit::source::Origin;
use crate::hit::token::{Network, Salt, Token};
use crate::hit::{BotHit, Kind, Money, Watched};
use crate::rejection::Rejection;
use crate::secret::Digest;
use crate::site::{Collectable, Collected, Day, Hour, LocalHour, Moment, SiteId};
use crate::store::{DatabaseId, Imported};

const DAY: Day = Day(20_605);
const SITE: SiteId = SiteId(1);
const PLENTY: u64 = 64 << 20;

/// A data folder, and a folder in memory for its journal.
struct JournalHome {
    data: TempDir,
    memory: TempDir,
    state: Cell<JournalState>,
    bytes_max: u64,
}

impl JournalHome {
    fn new() -> JournalHome {
        let folder = || tempfile::tempdir_in("/dev/shm").unwrap();
        let state = JournalState { database: DatabaseId([3; 16]), ..JournalState::default() };
        JournalHome { data: folder(), memory: folder(), state: Cell::new(state), bytes_max: PLENTY }
    }

    fn place(&self) -> JournalPlace {
        JournalPlace::Folder(self.memory.path().to_owned())
    }

    fn candidates(&self) -> Candidates {
        self.candidates_of(&self.place(), None)
    }

    /// The data folder stands for the file in it.
    fn candidates_of(&self, place: &JournalPlace, last: Option<&Path>) -> Candidates {
        Candidates::of(&JournalSearch { place, file: self.data.path(), last }, DatabaseId([3; 16]), None)
    }

    /// Whatever the machine says of swap. The database is told of a new journal.
    fn opened(&self) -> (Option<Journal>, Found) {
        let (mut journal, found) = open_among(&self.candidates(), without_swap, &self.state.get(), self.bytes_max);
        if let (Some(journal), Found::Nothing { .. }) = (&mut journal, &found) {
            let drained = Some(journal.position());
            self.state.set(JournalState { drained, ..self.state.get() });
        }
        (journal, found)
    }

    fn open(&self) -> Journal {
        self.opened().0.unwrap()
    }

    /// What a program left that ended.
    fn left(&self) -> Option<Recovered> {
        match self.opened().1 {
            Found::State(recovered) => Some(recovered),
            Found::Nothing { .. } => None,
        }
    }

    fn wiped(&self) -> Option<JournalTrouble> {
        match self.opened() {
            (Some(_), Found::Nothing { wiped, without: None }) => wiped,
            other => panic!("{other:?}"),
        }
    }

    fn folder(&self) -> PathBuf {
        let chosen = self.candidates().chosen.unwrap();
        chosen.base.join(chosen.name)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    fn names(&self) -> Vec<String> {
        names(&self.folder())
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Files that somebody has open, to see what becomes of their bytes.
fn held(home: &JournalHome) -> Vec<File> {
    home.names().iter().map(|name| File::open(home.file(name)).unwrap()).collect()
}

fn are_zeros(files: Vec<File>) -> bool {
    files.into_iter().all(|mut file| {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        !bytes.is_empty() && bytes.iter().all(|byte| *byte == 0)
    })
}

fn filled() -> JournalHome {
    let home = JournalHome::new();
    let mut journal = home.open();
    journal.append(&hit_record(1)).unwrap();
    journal.rotate().unwrap().write(&[7_u8; 100_000][..].to_vec()).unwrap();
    journal.append(&hit_record(2)).unwrap();
    drop(journal);
    home
}

fn with_swap() -> SwapFacts {
    SwapFacts { swaps: Some("Filename\n/dev/vda2\n".into()), ..SwapFacts::default() }
}

fn without_swap() -> SwapFacts {
    SwapFacts { swaps: Some("Filename Type\n".into()), ..SwapFacts::default() }
}

fn records(recovered: Recovered) -> Vec<String> {
    recovered.records().map(|found| told(&found.unwrap().1)).collect()
}

/// All that a record says.
fn told(record: &Record) -> String {
    match record {
        Record::Hit(record) => told_hit(record),
        Record::Salt { site, day, salt, late } => {
            salt.with_bytes(|bytes| format!("Salt {site:?} {day:?} {bytes:?} {late:?}"))
        }
        other => format!("{other:?}"),
    }
}

fn told_hit(record: &HitRecord) -> String {
    let HitRecord { hit, how } = record;
    let Hit { site, at, local, token, kind, page, hostname, props, agent, place, .. } = hit;
    let Hit { origin, campaign, language, screen, watched, collected, .. } = hit;
    let token = token.map(Token::bits);
    format!(
        "Hit {site:?} {at:?} {local:?} {token:?} {kind:?} {page:?} {hostname:?} {props:?} {agent:?} {place:?} {origin:?} \
         {campaign:?} {language:?} {screen:?} {watched:?} {collected:?} {how:?}"
    )
}

/// A hit like most.
fn hit(number: u64) -> Hit {
    let local = LocalHour { day: DAY, hour: Hour(9) };
    Hit {
        site: SITE,
        at: Moment(1_780_304_400_000 + number as i64 * 7),
        local,
        token: Some(Token::from_bits(number.wrapping_mul(0x9e37_79b9_7f4a_7c15))),
        network: Some(Network::from_bits(number as u32 % 1_000)),
        kind: Kind::Pageview,
        page: format!("/page/{}", number % 50),
        hostname: "example.com".into(),
        props: Vec::new(),
        agent: Arc::new(Agent::unknown()),
        place: Arc::new(Place { country: "DE".into(), region: "DE-BE".into(), city: "Berlin, DE-BE".into() }),
        origin: Origin { source: "Google".into(), referrer: "google.com".into(), channel: "Organic Search" },
        campaign: Campaign::default(),
        language: "de".into(),
        screen: Some("xl"),
        watched: Watched::default(),
        collected: Collected::ALL,
    }
}

/// The same as a record.
fn hit_record(number: u64) -> Record {
    let hit = hit(number);
    let how = how(&hit);
    Record::Hit(Box::new(HitRecord { hit, how }))
}

/// As most are counted.
fn how(hit: &Hit) -> HowCounted {
    HowCounted { at: hit.at.plus(1), mark: None, is_apart: false }
}

/// A hit that has everything.
fn rich_hit() -> Record {
    let money = Some(Money { thousandths: -29_990, currency: "EUR".into() });
    let hit = Hit {
        kind: Kind::Event { name: "Signup".into(), interactive: true },
        props: vec![("plan".into(), "pro".into()), ("path".into(), "/a".into())],
        campaign: crate::hit::path::campaign(
            "utm_source=a&utm_medium=b&utm_campaign=c&utm_content=d&utm_term=e&gclid=x",
        ),
        watched: Watched {
            patterns: vec!["/blog/**".into()],
            steps: vec![(3, 0b101)],
            is_declared_page: false,
            is_declared_event: true,
            named: 1 << 21,
            named_keys: 0b11,
            named_props: 0b10,
            money,
            properties: vec!["plan".into()],
        },
        collected: Collected::ALL.without([Collectable::City, Collectable::Money]),
        ..hit(3)
    };
    let how = HowCounted { at: hit.at.plus(86_400_000), mark: Some(u64::MAX), is_apart: true };
    Record::Hit(Box::new(HitRecord { hit, how }))
}

fn opening() -> DayOpening {
    let personal = ["/profile", "/u"].map(str::to_owned).into();
    let folding = FoldingStart { named_children: 50, mark: 1 << 40, personal };
    DayOpening { values: 1_000, without_hours: true, folding }
}

/// One record of each kind, and hits of each kind.
fn all_records() -> Vec<Record> {
    let (site, day) = (SITE, DAY);
    let ping = |scroll| Hit { kind: Kind::Engagement { ms: 12_000, scroll }, token: None, screen: None, ..hit(4) };
    let quiet = Hit { kind: Kind::Event { name: "tick".into(), interactive: false }, ..hit(5) };
    let of_hit = |hit: Hit| Record::Hit(Box::new(HitRecord { how: how(&hit), hit }));
    let bot = Some(BotHit { bot: AUTOMATED, pages: "/blog".into() });
    let (campaign, kind) = ("spring".to_owned(), MailKind::ALL[5]);
    let salt = |byte| Arc::new(Salt::from_bytes(&[byte; 32]));
    vec![
        Record::Salt { site, day, salt: salt(1), late: None },
        hit_record(1),
        hit_record(2),
        rich_hit(),
        of_hit(ping(Some(0))),
        of_hit(ping(None)),
        of_hit(quiet),
        Record::Rejected { site, day, reason: Rejection::Bot, bot },
        Record::Rejected { site: SiteId::INSTANCE, day: Day(-3), reason: Rejection::UnknownSite, bot: None },
        Record::Mail { site, day, campaign: campaign.clone(), kind, person: Some(7) },
        Record::Mail { site, day, campaign, kind, person: None },
        Record::Batch { id: Digest([9; 32]), at: Moment(-1) },
        Record::Imported(Imported { site, head: Digest([8; 32]), head_bytes: 100, bytes: u64::MAX }),
        Record::Salt { site, day: Day(-1), salt: salt(2), late: Some(Moment(5)) },
        Record::Displaced {
            site,
            day,
            names: vec![(2, "/junk".into(), "/real".into()), (0, String::new(), "ä".into())],
        },
        Record::Opened { site, day, opening: opening() },
        Record::Closed { site, day },
        Record::Flushed { site, day },
        Record::MayRepeat { site, day },
        Record::Forgotten { site },
    ]
}
