//! A piece of HTML for the site's own privacy page: it says whether the browser is counted, and changes that. It needs nothing of the
//! collector, and keeps what the tracker looks for: the note in the site's own storage.

use super::LanguageTexts;

const HTML: &str = include_str!("snippet.html");

/// The piece of HTML in a language, for a site that honours Global Privacy Control and Do Not Track or does not.
pub fn snippet(texts: LanguageTexts<'_>, honours_signals: bool) -> String {
    let keys = ["on", "off", "stop", "start", "denied", "signal"];
    let text = |key: &str| escaped(texts.get(&format!("snippet.{key}")));
    let filled = keys.iter().fold(HTML.to_owned(), |html, key| html.replace(&format!("{{{key}}}"), &text(key)));
    filled.replace("{language}", texts.code()).replace("{honours}", &honours_signals.to_string())
}

/// A text within an attribute or between tags.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
