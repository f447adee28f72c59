//! Writes and reads the values of which records consist.

use super::Unreadable;
use crate::cell::packed::{Bytes, Damaged, put, put_signed};
use crate::site::{Day, Moment, SiteId};

impl From<Damaged> for Unreadable {
    fn from(_: Damaged) -> Self {
        Unreadable
    }
}

pub(super) fn put_text(to: &mut Vec<u8>, text: &str) {
    put(to, text.len() as u64);
    to.extend_from_slice(text.as_bytes());
}

pub(super) fn text(bytes: &mut Bytes<'_>) -> Result<String, Unreadable> {
    let length = bytes.length()?;
    whole_text(bytes.take(length)?)
}

pub(super) fn whole_text(bytes: &[u8]) -> Result<String, Unreadable> {
    Ok(std::str::from_utf8(bytes).map_err(|_| Unreadable)?.to_owned())
}

/// A text that may be missing: 0, or its length and one.
pub(super) fn put_optional_text(to: &mut Vec<u8>, text: Option<&str>) {
    put(to, text.map_or(0, |text| text.len() as u64 + 1));
    to.extend_from_slice(text.unwrap_or_default().as_bytes());
}

pub(super) fn optional_text(bytes: &mut Bytes<'_>) -> Result<Option<String>, Unreadable> {
    match bytes.length()? {
        0 => Ok(None),
        length => whole_text(bytes.take(length - 1)?).map(Some),
    }
}

pub(super) fn byte(bytes: &mut Bytes<'_>) -> Result<u8, Unreadable> {
    array(bytes).map(|[byte]| byte)
}

pub(super) fn array<const N: usize>(bytes: &mut Bytes<'_>) -> Result<[u8; N], Unreadable> {
    bytes.take(N)?.first_chunk().copied().ok_or(Unreadable)
}

pub(super) fn put_place(to: &mut Vec<u8>, site: SiteId, day: Day) {
    put(to, u64::from(site.0));
    put_signed(to, i64::from(day.0));
}

pub(super) fn place(bytes: &mut Bytes<'_>) -> Result<(SiteId, Day), Unreadable> {
    let site = SiteId(bytes.small()?);
    let day = i32::try_from(bytes.signed()?).map_err(|_| Unreadable)?;
    Ok((site, Day(day)))
}

/// A moment that may be missing.
pub(super) fn put_moment(to: &mut Vec<u8>, moment: Option<Moment>) {
    to.push(u8::from(moment.is_some()));
    if let Some(moment) = moment {
        put_signed(to, moment.0);
    }
}

pub(super) fn moment(bytes: &mut Bytes<'_>) -> Result<Option<Moment>, Unreadable> {
    match byte(bytes)? {
        0 => Ok(None),
        1 => Ok(Some(Moment(bytes.signed()?))),
        _ => Err(Unreadable),
    }
}
