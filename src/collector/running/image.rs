//! The whole running state, as it is written to the journal's image and taken up again.
//!
//! Whoever has one shares the blocks of the days with the state itself, so that it is made in no time, and written by another thread.

use std::collections::HashMap;
use std::sync::Arc;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroize;

use super::Running;
use super::batches::Batches;
use super::minutes::Minutes;
use crate::collector::mail::MailTallies;
use crate::collector::rejections::RejectionSums;
use crate::collector::repeats::RepeatMemory;
use crate::counts::{DayImage, OpenDay, SessionSnapshot, Shares};
use crate::hit::token::Salt;
use crate::site::{Day, Moment, SiteId};
use crate::store::{Imported, JournalPosition};

/// The running state at one moment.
#[derive(Serialize, Deserialize)]
pub(super) struct RunningImage {
    days: Vec<DayImage>,
    /// Visits of days that ended, which are not stored yet; they have no tokens.
    closing: Vec<(SiteId, Day, Arc<SessionSnapshot>)>,
    shares: Shares,
    salts: Vec<SaltImage>,
    repeats: RepeatMemory,
    rejections: RejectionSums,
    mails: MailTallies,
    minutes: Minutes,
    batches: Batches,
    imported: Vec<Imported>,
    repeating: HashMap<SiteId, Day>,
    /// How far the store is with the journal: the rest of this is in none that has less.
    stored: Option<JournalPosition>,
}

impl RunningImage {
    /// Whether a store that is so far with the journal has all that this was left out for.
    pub(super) fn fits(&self, stored: Option<JournalPosition>) -> bool {
        self.stored <= stored
    }
}

/// A salt and its day. Only the journal, which is wiped, ever sees its bytes.
#[derive(Serialize, Deserialize)]
struct SaltImage {
    site: SiteId,
    day: Day,
    late: Option<Moment>,
    #[serde(serialize_with = "salt_bytes", deserialize_with = "salt_of")]
    salt: Arc<Salt>,
}

fn salt_bytes<S: Serializer>(salt: &Arc<Salt>, to: S) -> Result<S::Ok, S::Error> {
    salt.with_bytes(|bytes| bytes.serialize(to))
}

fn salt_of<'a, D: Deserializer<'a>>(from: D) -> Result<Arc<Salt>, D::Error> {
    let mut bytes = <[u8; 32]>::deserialize(from)?;
    if bytes == [0; 32] {
        return Err(D::Error::custom("no salt"));
    }
    let salt = Arc::new(Salt::from_bytes(&bytes));
    bytes.zeroize();
    Ok(salt)
}

impl Running {
    /// The state as it is now.
    pub(super) fn image(&self) -> RunningImage {
        let salts = self.salts.days().into_iter().filter_map(|(site, day)| {
            let (salt, late) = self.salts.get(site, day)?;
            Some(SaltImage { site, day, late, salt })
        });
        let closing = self.closing.iter().filter_map(|state| Some((state.site, state.day, state.snapshot.clone()?)));
        RunningImage {
            closing: closing.collect(),
            days: self.days.values().map(OpenDay::image).collect(),
            shares: self.shares.clone(),
            salts: salts.collect(),
            repeats: self.repeats.clone(),
            rejections: self.rejections.clone(),
            mails: self.mails.clone(),
            minutes: self.minutes.clone(),
            batches: self.batches.clone(),
            imported: self.imported.clone(),
            repeating: self.repeating.clone(),
            stored: self.stored,
        }
    }

    /// Takes an image up, in a state in which nothing has happened yet.
    pub(super) fn take_up(&mut self, image: RunningImage) {
        for image in image.days {
            let (site, day) = (image.site, image.day);
            let opened = OpenDay::from_image(image, Arc::new(self.known_site(site)));
            self.days.insert((site, day), opened);
        }
        for (site, day, snapshot) in image.closing {
            self.wait_for_closing((site, day), Some(snapshot));
        }
        for SaltImage { site, day, late, salt } in image.salts {
            self.salts.restore((site, day), salt, late);
        }
        self.shares = image.shares;
        (self.repeats, self.rejections, self.mails) = (image.repeats, image.rejections, image.mails);
        (self.minutes, self.batches, self.imported) = (image.minutes, image.batches, image.imported);
        self.repeating = image.repeating;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beacon::{ClientIp, NO_HINTS, Request, plausible};
    use crate::clock::Clock;
    use crate::collector::{Collector, Outcome};
    use crate::control::{self, Command, SiteChange};
    use crate::hit::Tools;
    use crate::hit::agent::Agents;
    use crate::hit::place::Places;
    use crate::journal::VERSION;
    use crate::store;

    /// The image of a state in which somebody has looked at a page and signed up.
    fn image() -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let stores = store::open(&folder.path().join("headcount.db")).unwrap();
        let tools = Tools { agents: Agents::new(), places: Places::none() };
        let clock = Clock::manual(Moment(1_780_315_200_000));
        let (collector, keeping) = Collector::start(stores, tools, clock).unwrap();
        let add = Command::SiteAdd { domain: "example.com".into(), change: SiteChange::default() };
        control::run(add, &collector, "").unwrap();
        for body in [
            r#"{"n":"pageview","u":"https://example.com/a","d":"example.com"}"#,
            r#"{"n":"Signup","u":"https://example.com/a","d":"example.com","p":{"plan":"pro"}}"#,
        ] {
            let request = Request {
                query: "",
                body: body.as_bytes(),
                address: ClientIp("192.0.2.1".parse().unwrap()),
                way: Default::default(),
                user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                hints: &NO_HINTS,
                accept_language: "",
                referer: "",
                origin: "",
                forwarded: "",
                opted_out: false,
                prefetch: false,
            };
            let beacon = plausible::parse(&request).unwrap().remove(0);
            assert_eq!(collector.receive(beacon), Outcome::Accepted);
        }
        let image = collector.0.running.with(|running, _| postcard::to_extend(&running.image(), Vec::new()).unwrap());
        collector.stop();
        keeping.wait().unwrap();
        image.unwrap()
    }

    /// What an image of this version is read by must read all of them: a change of any type in it makes another version.
    #[test]
    fn a_version_never_changes_what_an_image_holds() {
        let path = format!("{}/src/collector/running/golden/{VERSION}.hex", env!("CARGO_MANIFEST_DIR"));
        let golden = std::fs::read_to_string(path).unwrap_or_default();
        let bytes = data_encoding::HEXLOWER.decode(golden.trim().as_bytes()).unwrap();
        let read =
            postcard::take_from_bytes::<RunningImage>(&bytes).map(|(image, rest)| (image.days.len(), rest.len()));
        assert!(
            read == Ok((1, 0)),
            "raise VERSION in journal/header.rs and write golden/{{VERSION}}.hex: {read:?}\n{}",
            data_encoding::HEXLOWER.encode(&image())
        );
    }
}
