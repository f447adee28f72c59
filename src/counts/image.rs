//! In: a running day. Out: all of it, for the journal, and the same day again after the program ended. Forgets: nothing, so that it
//! may lie in memory alone; tokens are among it, as numbers.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::OpenDay;
use super::shares::NetworkCounts;
use super::unknown_hits::UnknownRows;
use super::unstored::Layers;
use crate::cell::{Blocks, DayNames, SiteHistory};
use crate::hit::token::Token;
use crate::site::{Day, Moment, SiteId};
use crate::visit::Visitor;

/// A running day as it was at a moment. It shares what it can with the day, so that it costs little to make.
#[derive(Debug, Serialize, Deserialize)]
pub struct DayImage {
    /// The site.
    pub site: SiteId,
    /// The day.
    pub day: Day,
    names: DayNames,
    #[serde(with = "numbers")]
    tokens: Blocks<Token>,
    visitors: Blocks<Visitor>,
    unknown: UnknownRows,
    unstored: Layers,
    crowd: Option<Box<NetworkCounts>>,
    last_hit: Moment,
    displaced: Option<Moment>,
    has_changed: bool,
}

impl OpenDay {
    /// The day as it is now.
    pub fn image(&self) -> DayImage {
        DayImage {
            site: self.site,
            day: self.day,
            names: self.names.image(),
            tokens: self.tokens.tokens().clone(),
            visitors: self.visitors.clone(),
            unknown: self.unknown.rows(),
            unstored: self.unstored.clone(),
            crowd: self.crowd.clone(),
            last_hit: self.last_hit,
            displaced: self.displaced,
            has_changed: self.has_changed,
        }
    }

    /// The day of an image: every further hit books what it would have booked. `history` knows the site beside its day.
    pub fn from_image(image: DayImage, history: Arc<dyn SiteHistory>) -> OpenDay {
        let DayImage { site, day, names, tokens, visitors, unknown, unstored, crowd, last_hit, displaced, has_changed } =
            image;
        OpenDay {
            site,
            day,
            names: names.restored(history),
            places: visitors.iter().map(Visitor::places).sum(),
            tokens: tokens.into(),
            visitors,
            unknown: unknown.into(),
            unstored,
            crowd,
            last_hit,
            displaced,
            has_changed,
        }
    }
}

/// Tokens have no form of their own in which they could be written.
mod numbers {
    use serde::ser::SerializeSeq;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::cell::Blocks;
    use crate::hit::token::Token;

    pub(super) fn serialize<S: Serializer>(tokens: &Blocks<Token>, to: S) -> Result<S::Ok, S::Error> {
        let mut list = to.serialize_seq(Some(tokens.len()))?;
        tokens.iter().try_for_each(|token| list.serialize_element(&token.bits()))?;
        list.end()
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Blocks<Token>, D::Error> {
        let numbers = Blocks::<u64>::deserialize(from)?;
        Ok(numbers.iter().copied().map(Token::from_bits).collect())
    }
}
