//! Masks leave names alone as sites have them, but for the share that is printed, and let no secret pass.
//!
//! The names are those of `ordinary/names.txt`, and as many again of kinds that can be made up: dates, versions, ISBNs, articles.

use std::borrow::Cow;
use std::fmt::Write;

use headcount::hit::mask::name;

/// Names of packages, titles and long words; its first line says where they come from.
const NAMES: &str = include_str!("ordinary/names.txt");
/// How many of a hundred thousand ordinary names may change.
const FALSE_HITS_MAX: usize = 100;

/// Numbers that look random and are the same at each run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.below(last - first + 1)
    }

    fn text(&mut self, letters: &str, length: usize) -> String {
        let letters = letters.as_bytes();
        (0..length).map(|_| char::from(letters[self.below(letters.len() as u64) as usize])).collect()
    }
}

/// A number with the check digit of articles behind it.
fn article(digits: &str) -> String {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, digit)| u32::from(digit - b'0') * if at % 2 == 0 { 3 } else { 1 })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

/// Dates, times, versions, numbers of books and articles, codes of products, prices, files, revisions.
fn made_up(numbers: &mut Numbers, words: &[&str]) -> String {
    const CAPITALS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const DIGITS: &str = "0123456789";
    let n = numbers;
    let (year, month, day) = (n.between(1990, 2030), n.between(1, 12), n.between(1, 28));
    let (hour, minute, second) = (n.below(24), n.below(60), n.below(60));
    let word = words[n.below(words.len() as u64) as usize];
    let other = words[n.below(words.len() as u64) as usize];
    match n.below(26) {
        0 => format!("/{year}/{month:02}/{day:02}/{word}"),
        1 => format!("/{word}-{year}-{month:02}-{day:02}"),
        2 => format!("{year}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z"),
        3 => format!("{year}-{month:02}-{day:02}-{hour:02}-{minute:02}-{second:02}"),
        4 => format!("{year}{month:02}{day:02}{hour:02}{minute:02}{second:02}"),
        5 => format!("/events/17{}", n.text(DIGITS, 11)),
        6 => format!("/v{}.{}.{}/{word}", n.below(20), n.below(60), n.below(99)),
        7 => format!("{word}-{}.{}.{}-rc.{}", n.below(20), n.below(60), n.below(99), n.below(9)),
        8 => format!("/isbn/{}", article(&format!("978{}", n.text(DIGITS, 9)))),
        9 => format!("/isbn/978-{}-{}-{}-{}", n.below(9), n.text(DIGITS, 4), n.text(DIGITS, 4), n.below(9)),
        10 => format!("/p/{}", article(&format!("4{}", n.text(DIGITS, 11)))),
        11 => format!("/dp/B0{}", n.text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", 8)),
        12 => format!("/{}-{}{}", n.text(CAPITALS, 2), n.text(CAPITALS, 1), n.text(DIGITS, 4)),
        13 => format!("/{word}/{}-{}-{}", n.text(CAPITALS, 3), n.text(DIGITS, 4), n.text(CAPITALS, 2)),
        14 => format!("/order/{}", n.text("123456789", 10)),
        15 => format!("/{}-{word}-{other}", n.text("123456789", 5)),
        16 => format!("/commit/{}", n.text("0123456789abcdef", 7)),
        17 => format!("/assets/{word}.{}.js", n.text("0123456789abcdef", 8)),
        18 => format!("/watch/{}", n.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 11)),
        19 => format!("/{word}-{}gb-{other}-{}mm", n.between(1, 999), n.between(1, 999)),
        20 => format!("/img/IMG_{year}{month:02}{day:02}_{}.jpg", n.text(DIGITS, 9)),
        21 => format!("/maps/{}.{},{}.{}", n.below(90), n.text(DIGITS, 6), n.below(180), n.text(DIGITS, 6)),
        22 => format!("KB{}", n.text(DIGITS, 7)),
        23 => format!("/{word}/{}.{:02}-{}.{:02}-eur", n.below(900), n.below(99), n.below(900), n.below(99)),
        24 => camel(&[word, other, "list"]),
        _ => format!("/{word}-{other}-{}", n.between(1, 99_999)),
    }
}

fn camel(words: &[&str]) -> String {
    let mut text = String::new();
    for part in words.iter().flat_map(|word| word.split(|c: char| !c.is_alphanumeric())).filter(|part| !part.is_empty())
    {
        let first = part.chars().next().unwrap_or_default();
        let _ = write!(text, "{}{}", first.to_uppercase(), &part[first.len_utf8()..]);
    }
    text
}

fn changed<'a>(names: impl Iterator<Item = &'a str>) -> (usize, Vec<String>) {
    let mut count = 0;
    let looked = names.inspect(|_| count += 1);
    let hits = looked.filter(|text| name(text) != **text).map(|text| format!("{text} -> {}", name(text))).collect();
    (count, hits)
}

#[test]
fn ordinary_names_stay_as_they_are() {
    let names: Vec<&str> = NAMES.lines().skip(1).collect();
    let words: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| name.len() < 14 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
        .collect();
    assert!(names.len() > 20_000 && words.len() > 100, "the list is whole");
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let made: Vec<String> = (0..30_000).map(|_| made_up(&mut numbers, &words)).collect();
    let (mut count, mut false_hits) = (0, Vec::new());
    for (what, (looked, hits)) in
        [("names", changed(names.iter().copied())), ("made up", changed(made.iter().map(String::as_str)))]
    {
        println!("{what}: {} of {looked} changed, {:.3} %", hits.len(), hits.len() as f64 * 100.0 / looked as f64);
        count += looked;
        false_hits.extend(hits);
    }
    println!("together {:.3} %:\n{}", false_hits.len() as f64 * 100.0 / count as f64, false_hits.join("\n"));
    assert!(false_hits.len() * 100_000 <= count * FALSE_HITS_MAX, "{} of {count} names changed", false_hits.len());
}

/// Where a secret stands.
const PLACES: [&str; 6] = ["{}", "/reset/{}", "/reset/{}/now", "token={}&x", "see {} there", "/#/{}"];

#[test]
fn no_secret_stays() {
    let secrets = include_str!("ordinary/secrets.txt").lines().skip(1).filter(|line| !line.is_empty());
    let mut count = 0;
    for line in secrets {
        let (mark, secret) = line.split_once('\t').expect("a mark, a tab, a secret");
        for place in PLACES {
            let text = place.replace("{}", secret);
            let masked = name(&text);
            assert!(masked.contains(mark) && !masked.contains(secret), "{text} -> {masked}");
            count += 1;
        }
    }
    println!("{count} secrets, 100 % masked");
    assert!(count > 3_000);
}

#[test]
fn what_is_masked_is_masked_again_to_the_same() {
    for line in include_str!("ordinary/secrets.txt").lines().skip(1) {
        let once = name(line).into_owned();
        assert!(matches!(name(&once), Cow::Borrowed(same) if same == once), "{once} -> {}", name(&once));
    }
}
