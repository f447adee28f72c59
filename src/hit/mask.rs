//! stub
/// x
pub fn name(t: &str) -> std::borrow::Cow<'_, str> {
    t.into()
}
