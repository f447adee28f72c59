//! In: the beginning of a file of which no line could be read. Out: what it looks like, in words for its owner. Forgets: all
//! values: a name of a key is the most that is told.

use memchr::memmem;

use super::json;
use crate::limits;

/// What a file looks like.
pub fn looks_like(head: &[u8]) -> String {
    let head = head.strip_prefix("\u{feff}".as_bytes()).unwrap_or(head);
    let first = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).find(|line| !line.is_empty());
    let first = first.unwrap_or_default();
    if let Some(kind) = looks_binary(head) {
        return kind.to_owned();
    }
    if let Some(names) = json::names(first) {
        let names = names.into_iter().take(limits::LOG_KEYS_NAMED).collect::<Vec<_>>().join(", ");
        return format!(
            "looks like JSON with keys {names}; name them with --log-format '{{\"KEY\": \"$remote_addr\", \"KEY\": \"$time_iso8601\", ...}}'"
        );
    }
    by_text(first).to_owned()
}

/// What is no text, or text of a kind that has to be turned into another.
pub fn looks_binary(head: &[u8]) -> Option<&'static str> {
    const SIGNS: [(&[u8], &str); 8] = [
        (b"\xff\xfe", "looks like text in UTF-16; `iconv -f UTF-16 -t UTF-8` makes it readable"),
        (b"\xfe\xff", "looks like text in UTF-16; `iconv -f UTF-16 -t UTF-8` makes it readable"),
        (b"PK\x03\x04", "looks like a zip archive; unpack it first"),
        (b"7z\xbc\xaf", "looks like a 7z archive; unpack it first"),
        (b"\x04\x22\x4d\x18", "looks compressed by lz4; unpack it first"),
        (b"LPKSHHRH", "looks like a file of the journal; `journalctl --file FILE -o cat` prints it"),
        (b"SQLite format 3", "looks like a database, no log"),
        (b"%PDF", "looks like a document, no log"),
    ];
    if let Some((_, told)) = SIGNS.into_iter().find(|(sign, _)| head.starts_with(sign)) {
        return Some(told);
    }
    if head.get(257..262) == Some(b"ustar") {
        return Some("looks like a tar archive; unpack it first");
    }
    let nulls = head.iter().filter(|byte| **byte == 0).count();
    let text = head.iter().position(|byte| *byte != 0).map_or(&b""[..], |at| &head[at..]);
    let odd = text.iter().filter(|byte| matches!(byte, 0..=8 | 14..=26 | 28..=31)).count();
    match () {
        () if !head.is_empty() && nulls == head.len() => Some("is empty: it holds nothing but zeros"),
        () if nulls * 3 > head.len() && odd * 3 > text.len() => {
            Some("looks like text in UTF-16; `iconv -f UTF-16 -t UTF-8` makes it readable")
        }
        () if odd * 10 > text.len() => Some("looks like binary data, no text"),
        () => None,
    }
}

fn by_text(line: &[u8]) -> &'static str {
    let start = &line[..line.len().min(limits::LOG_GUESS_BYTES)];
    let has = |text: &str| memmem::find(start, text.as_bytes()).is_some();
    let levels =
        ["[error]", "[warn]", "[notice]", "[crit]", "[info]", "[debug]", "[emerg]", ":error]", ":warn]", ":notice]"];
    let of_php = ["PHP Warning", "PHP Notice", "PHP Fatal", "NOTICE: ", "WARNING: ", "ERROR: "];
    if levels.into_iter().chain(of_php).any(has) {
        return "looks like an error log; requests are in the access log";
    }
    if start.starts_with(b"<") {
        return "looks like HTML or XML, no log";
    }
    if has("HTTP/") && has("INFO") {
        return "looks like a program's own log of requests, which has no agents; import the log of the web server before it";
    }
    if has("] \"") && has("HTTP/") {
        return "looks like a log of requests whose fields are in another order; name them with --log-format";
    }
    if has("/<NOSRV>") || (has("] ") && has(" -- ") && has("/")) {
        return "looks like HAProxy's log of TCP connections, which names no pages; `option httplog` does";
    }
    let mut words = start.split(|byte| *byte == b' ');
    let is_date = |word: &[u8]| word.len() == 10 && word[4] == b'-' && word[7] == b'-';
    if words.next().is_some_and(is_date) && words.count() > 7 {
        return "looks like W3C's format without its line of #Fields; put that first";
    }
    if start.split(|byte| *byte == b',').count() > 5 || start.split(|byte| *byte == b'\t').count() > 5 {
        return "looks like a table; name its columns with --log-format, what stands between them included";
    }
    "is in no known format; name its fields with --log-format"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_looks_like_is_said_without_values() {
        for (head, told) in [
            ("2024/10/10 13:55:36 [error] 1#1: *1 open() failed, client: 192.0.2.1\n", "an error log"),
            ("[Thu Oct 10 13:55:36.1 2024] [core:error] [pid 1] [client 192.0.2.1:5] x\n", "an error log"),
            ("[10-Oct-2024 13:55:36 UTC] PHP Warning:  x\n", "an error log"),
            (
                "{\"when\":\"192.0.2.1\",\"who\":1,\"192.0.2.1\":2}\n",
                "JSON with keys when, who; name them with --log-format",
            ),
            ("PK\u{3}\u{4}xyz", "a zip archive"),
            ("<!doctype html>\n", "HTML"),
            ("2024-10-10 13:55:36 10.0.0.1 GET /a - 443 - 192.0.2.1 Mine - 200 0 0 15\n", "#Fields"),
            ("INFO:     192.0.2.1:5 - \"GET /a HTTP/1.1\" 200 OK\n", "no agents"),
            ("some words\n", "in no known format"),
            ("", "in no known format"),
            ("\0\0\0\0", "nothing but zeros"),
        ] {
            let said = looks_like(head.as_bytes());
            assert!(said.contains(told) && !said.contains("192"), "{head:?}: {said}");
        }
        let wide: Vec<u8> = "192.0.2.1 - - [".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(looks_like(&wide).contains("UTF-16"));
        assert!(looks_like(&[&b"\xff\xfe"[..], &wide].concat()).contains("UTF-16"));
    }
}
