//! The whole running state, as it is written to the journal's image and taken up again.
//!
//! Whoever has one shares the blocks of the days with the state itself, so that it is made in no time, and written by another thread.

use std::sync::Arc;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Running;
use super::batches::Batches;
use super::minutes::Minutes;
use crate::collector::mail::MailTallies;
use crate::collector::rejections::RejectionSums;
use crate::collector::repeats::RepeatMemory;
use crate::counts::{DayImage, OpenDay, Shares};
use crate::hit::token::Salt;
use crate::site::{Day, Moment, SiteId};
use crate::store::Imported;

/// The running state at one moment.
#[derive(Serialize, Deserialize)]
pub(super) struct RunningImage {
    days: Vec<DayImage>,
    shares: Shares,
    salts: Vec<SaltImage>,
    repeats: RepeatMemory,
    rejections: RejectionSums,
    mails: MailTallies,
    minutes: Minutes,
    batches: Batches,
    imported: Vec<Imported>,
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
    salt.bytes().serialize(to)
}

fn salt_of<'a, D: Deserializer<'a>>(from: D) -> Result<Arc<Salt>, D::Error> {
    let bytes = <[u8; 32]>::deserialize(from)?;
    if bytes == [0; 32] { Err(D::Error::custom("no salt")) } else { Ok(Arc::new(Salt::from_random(bytes))) }
}

impl Running {
    /// The state as it is now.
    pub(super) fn image(&self) -> RunningImage {
        let salts = self.salts.all().into_iter();
        RunningImage {
            days: self.days.values().map(OpenDay::image).collect(),
            shares: self.shares.clone(),
            salts: salts.map(|((site, day), salt, late)| SaltImage { site, day, late, salt }).collect(),
            repeats: self.repeats.clone(),
            rejections: self.rejections.clone(),
            mails: self.mails.clone(),
            minutes: self.minutes.clone(),
            batches: self.batches.clone(),
            imported: self.imported.clone(),
        }
    }

    /// Takes an image up, in a state in which nothing has happened yet.
    pub(super) fn take_up(&mut self, image: RunningImage) {
        for image in image.days {
            let (site, day) = (image.site, image.day);
            let opened = OpenDay::from_image(image, self.folding(site));
            self.days.insert((site, day), opened);
        }
        for SaltImage { site, day, late, salt } in image.salts {
            self.salts.restore((site, day), salt, late);
        }
        self.shares = image.shares;
        (self.repeats, self.rejections, self.mails) = (image.repeats, image.rejections, image.mails);
        (self.minutes, self.batches, self.imported) = (image.minutes, image.batches, image.imported);
    }
}
