//! stub
use super::path::Campaign;
use crate::rejection::Rejection;
use std::borrow::Cow;
/// x
#[derive(Debug, Default)]
pub struct Origin {
    pub source: Cow<'static, str>,
    pub referrer: Cow<'static, str>,
    pub channel: &'static str,
}
/// x
pub fn origin(_c: &Campaign, _r: &str, _h: &str, _o: impl Fn(&str) -> bool) -> Result<Origin, Rejection> {
    Ok(Origin::default())
}
