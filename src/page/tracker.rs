//! In: the readable source of the tracker, and what makes it answer to other trackers' snippets. Out: the scripts as browsers
//! get them. Forgets: comments, indentation, and long names.

use std::sync::LazyLock;

/// The tracker: its source without comment lines, leading space and empty lines, and with short names.
pub static TRACKER: LazyLock<String> = LazyLock::new(|| {
    let frequent = CUTS.iter().fold(SOURCE.to_owned(), |text, (rare, instead)| text.replace(rare, instead));
    tight(&frequent)
});

const SOURCE: &str = include_str!("../../dashboards/tracker.js");
/// How it begins: a second one on a page does nothing.
const HEAD: &str = "if(history.headcount)console.info('headcount: not counted,','again')\nelse{\n";
/// What only the second file does, and what stands there instead in the first.
const CUTS: [(&str, &str); 11] = [
    ("{dataset:$its,src:$src}=$script,\n", ""),
    ("if(document.prerendering)await new Promise(a=>addEventListener('prerenderingchange',a,1))\n", ""),
    ("$its.api||", ""),
    ("$src)\n", "$script.src)\n"),
    ("$its.domain", "$script.dataset.domain"),
    (
        "$on=(n,or)=>!/^(f|n|of|0)/i.test($its[n]??or),\nh=$on('hash',0)?'':/#.*/,\n$here=o=>location.href.replace(h,''),\n",
        "",
    ),
    ("$here().replace(/\\?[^#]*/,'')", "location.pathname"),
    ("$here()", "location.href.replace(/#.*/,'')"),
    (",h:!h", ""),
    ("!$on('manual',0)&&", ""),
    ("x&&$on(/\\w+/.exec(x.toLowerCase()))", "x"),
];
/// Answers to Plausible's script per site; and it is [`Installed::Init`].
const PA: &str = include_str!("../../dashboards/installed/pa.js");
/// What stands in several scripts: Plausible's attributes, and what its two snippets share.
const RULES: &str = include_str!("../../dashboards/installed/rules.js");
const TAGGED: &str = include_str!("../../dashboards/installed/tagged.js");
/// The line of the other sources between what comes before the tracker and what comes after it.
const TRACKER_LINE: &str = "// TRACKER\n";
/// What a script puts into the tracker when it declares a name: a line of the tracker, the name, and what takes its place.
/// Without the name the line goes, or stays as it is.
const PLACES: [(&str, &str, &str); 3] = [
    ("// MASK\n", "$forbid=", "if(x=$forbid(it))throw x\n"),
    ("// MASK\n", "$mask=", "if(n=='pageview')$page=it.u\nif(n!='engagement'&&!(it=await $mask(it)))throw $why\n"),
    (
        "$files.test(url.pathname)?'File Download':url.host!=location.host&&'Outbound Link: Click'",
        "$kind=",
        "$kind(a,url)",
    ),
];

/// Whose installed snippet a script answers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Installed {
    /// Plausible's classic script.
    Plausible,
    /// Umami's.
    Umami,
    /// GoatCounter's `count.js`.
    Goatcounter,
    /// Matomo's `matomo.js`.
    Matomo,
    /// The module that Matomo's script loads for rarer calls.
    MatomoMore,
    /// The module that our own script loads for rarer options.
    More,
    /// The module that runs where a page calls `plausible.init`.
    Init,
    /// Fathom Lite's `tracker.js`.
    Fathom,
}

/// The tracker for a snippet of another one.
pub fn installed(whose: Installed) -> &'static str {
    static SCRIPTS: LazyLock<[String; 8]> = LazyLock::new(|| {
        [
            tight(&joined(include_str!("../../dashboards/installed/plausible.js"))),
            tight(&joined(include_str!("../../dashboards/installed/umami.js"))),
            tight(&joined(include_str!("../../dashboards/installed/goatcounter.js"))),
            tight(&joined(include_str!("../../dashboards/installed/matomo.js"))),
            tight(include_str!("../../dashboards/installed/matomo_more.js")),
            tight(&joined(include_str!("../../dashboards/installed/fathom.js"))),
            more(),
            init(),
        ]
    });
    match whose {
        Installed::Plausible => &SCRIPTS[0],
        Installed::Umami => &SCRIPTS[1],
        Installed::Goatcounter => &SCRIPTS[2],
        Installed::Matomo => &SCRIPTS[3],
        Installed::MatomoMore => &SCRIPTS[4],
        Installed::Fathom => &SCRIPTS[5],
        Installed::More => &SCRIPTS[6],
        Installed::Init => &SCRIPTS[7],
    }
}

/// The tracker in full, with the rest of Plausible's attributes.
fn more() -> String {
    let (outer, inner) = include_str!("../../dashboards/installed/more.js").split_once("// BODY\n").unwrap_or_default();
    tight(&format!("{}{}}}", outer.replace("// RULES\n", RULES), joined(inner).replacen(HEAD, "{\n", 1)))
}

/// Plausible's script per site as a module.
fn init() -> String {
    let body = joined(PA).replacen(HEAD, "{\n", 1).replace("DOMAIN", "undefined");
    tight(&format!("export let more=async $script=>{{\n{body}\n}}"))
}

/// The tracker for a snippet of Plausible's script per site; `domain` is the site's, if the name of the script is known.
pub fn of_site(domain: Option<&str>) -> String {
    // It may have to wait for the site's options, which takes a function that can.
    static SCRIPT: LazyLock<String> = LazyLock::new(|| {
        let body = joined(PA);
        tight(&format!("(async()=>{{\nlet $script=document.currentScript\n{body}\n}})()"))
    });
    // A domain has no character that a text of JavaScript would take for its end.
    SCRIPT.replace("DOMAIN", &domain.map_or("undefined".to_owned(), |domain| format!("'{domain}'")))
}

/// The tracker with what comes before and after it in the place of its own.
fn joined(around: &str) -> String {
    let around = around.replace("// TAGGED\n", TAGGED).replace("// RULES\n", RULES);
    let (before, after) = around.split_once(TRACKER_LINE).unwrap_or((&around, ""));
    let mut body =
        between(SOURCE, "// PLACE\n", "// An attribute", "").replace("window.plausible?.init||/^(file", "/^(file");
    while body.contains("// MORE\n") {
        let (head, rest) = body.split_once("// MORE\n").unwrap_or_default();
        body = format!("{head}{}", rest.split_once("// END\n").unwrap_or_default().1);
    }
    body = body.replacen("setInterval($pulse,1e4)", "setInterval($pulse,1e4,history.headcount=1)", 1);
    if !before.contains("$kind=") {
        body = between(&body, "// AUTO\n", "// END\n", "");
    }
    if !before.contains("$files") {
        body = between(&body, "let $files=", "y,", "let ");
    }
    for (line, name, instead) in PLACES {
        if before.contains(name) {
            // The line stays for what else stands there.
            let rest = if line.starts_with("//") { line } else { "" };
            body = body.replace(line, &format!("{instead}{rest}"));
        }
    }
    if before.contains("$mask=") {
        body = body.replace("$track(x,{url:u,", "$track(x,{url:$page,");
    }
    let start = body.find("let $files=").or_else(|| body.find("let y,")).unwrap_or_default();
    let end = body.trim_end().strip_suffix('}').unwrap_or(&body).len();
    format!("{}{before}{}{after}}}\n", &body[..start], &body[start..end])
}

/// The text with what stands from one mark until another replaced.
fn between(text: &str, from: &str, until: &str, instead: &str) -> String {
    let found = text.split_once(from).and_then(|(head, rest)| Some((head, rest.find(until).map(|at| &rest[at..])?)));
    found.map_or_else(|| text.to_owned(), |(head, tail)| format!("{head}{instead}{tail}"))
}

/// The script without what is only for readers; a line ends where JavaScript needs that.
fn tight(source: &str) -> String {
    let lines = source.lines().map(str::trim_start);
    let kept: Vec<&str> = lines.filter(|line| !line.is_empty() && !line.starts_with("//")).collect();
    let text = kept.join("\n").replace("{\n", "{").replace(",\n", ",").replace("\n}", "}");
    shortened(&text)
}

/// The text with a letter for each name that begins with `$`, letters that are no name yet.
fn shortened(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let words: std::collections::HashSet<&str> = text.split(|c| !is_part(c)).collect();
    let mut letters = ('a'..='z').chain('A'..='Z').map(String::from).filter(|letter| !words.contains(letter.as_str()));
    let mut names: Vec<(&str, String)> = Vec::new();
    let (mut short, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('$') {
        let name = &rest[at..];
        let length = 1 + name[1..].find(|c: char| !c.is_ascii_lowercase()).unwrap_or(name.len() - 1);
        let name = &name[..length];
        short.push_str(&rest[..at]);
        rest = &rest[at + length..];
        if !names.iter().any(|(known, _)| *known == name) && length > 1 {
            names.extend(letters.next().map(|letter| (name, letter)));
        }
        short.push_str(names.iter().find(|(known, _)| *known == name).map_or(name, |(_, letter)| letter));
    }
    short + rest
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    /// The promises, in bytes: less than 1.5 KB, and less than 2.5 KB for scripts that answer to another tracker's functions.
    const BYTES_MAX: usize = 1_500;
    const INSTALLED_BYTES_MAX: usize = 2_500;

    const ALL: [Installed; 8] = [
        Installed::Plausible,
        Installed::Umami,
        Installed::Goatcounter,
        Installed::Matomo,
        Installed::MatomoMore,
        Installed::More,
        Installed::Init,
        Installed::Fathom,
    ];

    /// As the server packs it.
    fn packed(script: &str) -> usize {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(script.as_bytes()).unwrap();
        packed.finish().unwrap().len()
    }

    #[test]
    fn the_script_is_small_when_compressed() {
        let bytes = packed(&TRACKER);
        assert!(bytes <= BYTES_MAX, "{bytes} bytes");
        for script in ALL.map(installed).into_iter().chain([&*of_site(Some("example.com"))]) {
            let bytes = packed(script);
            assert!(bytes <= INSTALLED_BYTES_MAX, "{bytes} bytes: {script}");
        }
    }

    #[test]
    fn the_script_holds_code_only() {
        for script in ALL.map(installed).into_iter().chain([TRACKER.as_str(), &of_site(None)]) {
            assert!(!script.contains("// ") && !script.contains("\n "));
            assert!(!script.contains("cookie="), "no script sets a cookie");
            assert!(!script.contains("sessionStorage") && !script.contains("indexedDB"));
        }
        for script in ALL.map(installed).into_iter().filter(|script| !script.contains("export let")) {
            assert_eq!(script.matches("localStorage.headcount_ignore=").count(), 1, "the opt-out: {script}");
            assert_eq!(script.matches("document.currentScript").count(), 1, "{script}");
        }
    }

    #[test]
    fn scripts_for_others_put_in_what_they_need() {
        for whose in [Installed::Plausible, Installed::Umami, Installed::Goatcounter, Installed::Matomo] {
            assert!(installed(whose).contains("throw"), "{whose:?}");
        }
        for whose in [Installed::Umami, Installed::Goatcounter, Installed::Fathom] {
            assert!(!installed(whose).contains("Outbound Link"), "{whose:?} counts no links");
        }
        assert!(of_site(None).contains("transformRequest") && !TRACKER.contains("transformRequest"));
        for (rare, _) in CUTS {
            assert!(SOURCE.contains(rare), "{rare}");
        }
        for module in [Installed::More, Installed::Init] {
            assert!(!installed(module).contains("'again'"), "the first script has said that it is there");
        }
    }

    #[test]
    fn names_become_short_and_stay_apart() {
        assert_eq!(shortened("let $name=1,a=$other+$name,x='$',y=/$/"), "let b=1,a=c+b,x='$',y=/$/");
        assert_eq!(shortened("`${$long}`"), "`${a}`");
        assert_eq!(shortened("$"), "$");
        let many: Vec<String> = ('a'..='z').flat_map(|a| ['x', 'y', 'z'].map(|b| format!("${a}{b}"))).collect();
        let short = shortened(&many.join(" "));
        let mut words: Vec<&str> = short.split(' ').collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), many.len(), "{short}");
    }

    #[test]
    fn a_script_of_a_site_names_it() {
        assert!(of_site(Some("a.test")).contains(".domain||'a.test'"));
        assert!(of_site(None).contains(".domain||undefined"));
    }
}
