//! In: counts by country. Out: the shapes of the world, each with a shade, a title and where it leads. Forgets: what is no
//! country.
//!
//! The drawing is for those who see and point: it is hidden from screen readers and left out of the order of focus, because the
//! list of countries below it, and the page of all of them that it leads to, hold the same numbers and links.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use super::places;
use super::words::Words;
use crate::cell::Metric;
use crate::counts::Name;

/// Width and height of the drawing, as `data/world.tsv` has it.
pub const SIZE: (u32, u32) = (720, 312);
/// How many shades there are.
const SHADES: usize = 5;

/// How a country is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawing {
    /// A path of SVG that begins with an absolute step.
    Area(&'static str),
    /// A circle about this place: it has no shape at this size.
    Dot(u32, u32),
}

static WORLD: LazyLock<HashMap<&str, Drawing>> = LazyLock::new(|| {
    let lines = include_str!("data/world.tsv").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(drawing).collect()
});

fn drawing(line: &'static str) -> Option<(&'static str, Drawing)> {
    let (code, rest) = line.split_once('\t')?;
    let drawing = match rest.split_once('\t') {
        Some((x, y)) => Drawing::Dot(x.parse().ok()?, y.parse().ok()?),
        None => Drawing::Area(rest),
    };
    Some((code, drawing))
}

/// What was counted of a country.
#[derive(Debug, Clone, PartialEq)]
pub struct CountryOnMap {
    /// Its code by ISO 3166-1 alpha-2; places with other codes are not drawn.
    pub code: Name,
    /// How many.
    pub count: f64,
    /// Where a click on it leads.
    pub href: Option<String>,
}

/// The world, as far as it was counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    /// The path of all countries of which nothing was counted.
    pub land: String,
    /// The countries, areas before dots, so that no dot is covered.
    pub shapes: Vec<Shape>,
    /// What was counted, as a heading.
    pub title: &'static str,
    /// What each shade stands for, the lightest first.
    pub legend: Vec<Shade>,
}

/// A country on the map.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// What is drawn.
    pub drawing: Drawing,
    /// Its shade, from 1 to 5.
    pub shade: usize,
    /// Its name and its count.
    pub title: String,
    /// Where a click on it leads.
    pub href: Option<String>,
}

/// A shade and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shade {
    /// From 1 to 5.
    pub shade: usize,
    /// The counts, such as `5–49`.
    pub counts: String,
}

impl Map {
    /// The map of a metric; nothing unless there is a country to draw.
    pub fn of(words: &'static Words, metric: Metric, places: impl IntoIterator<Item = CountryOnMap>) -> Option<Map> {
        let found = places.into_iter().filter(|place| place.count >= 1.0 && place.count.is_finite());
        let found: Vec<(Drawing, CountryOnMap)> =
            found.filter_map(|place| Some((*WORLD.get(&*place.code)?, place))).collect();
        let most = found.iter().map(|(_, place)| place.count).reduce(f64::max)?;
        let steps = steps(most);
        let land = land(&found);
        let shape = |(drawing, place): (Drawing, CountryOnMap)| Shape {
            drawing,
            shade: shade(&steps, place.count),
            title: title(words, metric, &place),
            href: place.href,
        };
        let mut shapes: Vec<Shape> = found.into_iter().map(shape).collect();
        shapes.sort_by_key(|shape| matches!(shape.drawing, Drawing::Dot(..)));
        Some(Map { land, shapes, title: words.name(metric), legend: legend(words, &steps) })
    }
}

/// The paths of all areas of which nothing was counted, in the order of their codes.
fn land(found: &[(Drawing, CountryOnMap)]) -> String {
    let counted: HashSet<&str> = found.iter().map(|(_, place)| &*place.code).collect();
    let areas = WORLD.iter().filter_map(|(code, drawing)| match drawing {
        Drawing::Area(path) if !counted.contains(code) => Some((*code, *path)),
        _ => None,
    });
    areas.collect::<BTreeMap<_, _>>().into_values().collect()
}

fn title(words: &Words, metric: Metric, place: &CountryOnMap) -> String {
    let name = places::country(&place.code, words.language).unwrap_or(&place.code);
    let count = match metric {
        Metric::Visitors => words.many(place.count, words.visitor_word, words.visitors_word),
        Metric::Pageviews => words.many(place.count, words.pageview_word, words.pageviews_word),
        Metric::Events => words.many(place.count, words.event_word, words.events_word),
        _ => words.metric(metric, Some(place.count)),
    };
    words.two(words.bucket, name, count)
}

/// The least count of each shade. They grow by a constant factor, because a few countries have most of the visitors of nearly
/// every site; each is 1, 2 or 5 with zeros.
fn steps(most: f64) -> Vec<f64> {
    let mut steps: Vec<f64> = (0..SHADES).map(|step| round(most.powf(step as f64 / SHADES as f64))).collect();
    steps.dedup();
    steps
}

/// The largest of 1, 2, 5, 10, 20, ... that is not above a number from 1 on.
fn round(number: f64) -> f64 {
    let power = 10_f64.powf(number.log10().floor());
    let first = [5.0, 2.0].into_iter().find(|first| first * power <= number);
    first.unwrap_or(1.0) * power
}

/// Few steps take the darkest shades: those who came most are always as dark as can be.
fn shade(steps: &[f64], count: f64) -> usize {
    SHADES - steps.iter().filter(|step| **step > count).count()
}

fn legend(words: &Words, steps: &[f64]) -> Vec<Shade> {
    let shade = |(at, from): (usize, &f64)| {
        let counts = match steps.get(at + 1) {
            None => format!("≥\u{a0}{}", words.exact(*from)),
            Some(next) if *next == from + 1.0 => words.exact(*from),
            Some(next) => format!("{}–{}", words.exact(*from), words.exact(next - 1.0)),
        };
        Shade { shade: SHADES + 1 - steps.len() + at, counts }
    };
    steps.iter().enumerate().map(shade).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use askama::Template;

    use super::*;
    use crate::page::words::{ENGLISH, Language};

    /// The drawing as a page holds it.
    #[derive(Template)]
    #[template(path = "map.html")]
    struct Alone {
        map: Map,
    }

    fn place(code: &str, count: f64) -> CountryOnMap {
        CountryOnMap { code: Name::from(code), count, href: Some(format!("/example.com?filter=country:{code}")) }
    }

    fn map(places: &[(&str, f64)]) -> Map {
        let places = places.iter().map(|(code, count)| place(code, *count));
        Map::of(&ENGLISH, Metric::Visitors, places).expect("a map")
    }

    /// The ends of all steps of a path.
    fn points(path: &str) -> Vec<(i32, i32)> {
        let (mut start, mut points) = ((0, 0), Vec::new());
        for ring in path.split_terminator('z') {
            let spaced = ring.replace('-', " -").replace(['M', 'm', 'l'], " ");
            let numbers: Vec<i32> = spaced.split_whitespace().map(|number| number.parse().unwrap()).collect();
            let mut at = start;
            for (step, pair) in numbers.chunks(2).enumerate() {
                at = (at.0 + pair[0], at.1 + pair[1]);
                start = if step == 0 { at } else { start };
                points.push(at);
            }
        }
        points
    }

    #[test]
    fn every_country_is_drawn_inside_the_frame() {
        let text = include_str!("data/world.tsv");
        assert_eq!(WORLD.len(), text.lines().count() - 1);
        assert!(text.lines().next().unwrap_or_default().contains("720 x 312"));
        let is_inside = |(x, y): (i32, i32)| (0..=720).contains(&x) && (0..=312).contains(&y);
        for (code, drawing) in WORLD.iter() {
            assert!(places::country(code, Language::English).is_some(), "{code}");
            match drawing {
                Drawing::Dot(x, y) => assert!(is_inside((*x as i32, *y as i32)), "{code}"),
                Drawing::Area(path) => {
                    assert!(path.starts_with('M') && path.ends_with('z'), "{code}");
                    assert!(path.chars().all(|c| "Mmlz- 0123456789".contains(c)), "{code}: {path}");
                    assert!(points(path).into_iter().all(is_inside) && points(path).len() > 2, "{code}");
                }
            }
        }
    }

    #[test]
    fn countries_lie_where_they_are() {
        let middle = |code: &str| match WORLD[code] {
            Drawing::Dot(x, y) => (x as i32, y as i32),
            Drawing::Area(path) => {
                let points = points(path);
                let sum = points.iter().fold((0, 0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
                (sum.0 / points.len() as i32, sum.1 / points.len() as i32)
            }
        };
        let [us, br, de, za, au, nz, fr, gf] = ["US", "BR", "DE", "ZA", "AU", "NZ", "FR", "GF"].map(middle);
        assert!(us.0 < br.0 && br.0 < de.0 && de.0 < za.0 && za.0 < au.0 && au.0 < nz.0);
        assert!(de.1 < us.1 && us.1 < br.1 && br.1 < za.1 && za.1 < nz.1);
        assert!(gf.0 < br.0 + 40 && fr.0 > 330 && fr.1 < 70, "{fr:?} {gf:?}");
    }

    #[test]
    fn shades_grow_by_a_factor_and_the_most_is_darkest() {
        assert_eq!(steps(1.0), [1.0]);
        assert_eq!(steps(4.0), [1.0, 2.0]);
        assert_eq!(steps(18_442.0), [1.0, 5.0, 50.0, 200.0, 2_000.0]);
        let counts =
            |most: f64| legend(&ENGLISH, &steps(most)).into_iter().map(|shade| shade.counts).collect::<Vec<_>>();
        assert_eq!(counts(18_442.0), ["1–4", "5–49", "50–199", "200–1,999", "≥\u{a0}2,000"]);
        assert_eq!(counts(4.0), ["1", "≥\u{a0}2"]);
        for most in (0..120).map(|power| 1.4_f64.powi(power).round()) {
            let steps = steps(most);
            assert!(steps.is_sorted_by(|a, b| a < b) && steps.len() <= SHADES && steps[0] == 1.0, "{most}");
            assert_eq!((shade(&steps, most), shade(&steps, 1.0)), (SHADES, SHADES + 1 - steps.len()), "{most}");
        }
    }

    #[test]
    fn what_is_no_country_is_left_out_and_nothing_breaks_out() {
        let hostile = ["XX", "", "(not set)", "(other)", "de", "\"><script>", "DE\t", "#"];
        assert_eq!(Map::of(&ENGLISH, Metric::Visitors, hostile.map(|code| place(code, 5.0))), None);
        let odd = [0.0, -3.0, f64::NAN, f64::INFINITY, 0.4];
        assert_eq!(Map::of(&ENGLISH, Metric::Visitors, odd.map(|count| place("DE", count))), None);
        let href = Some("/a\"><script>alert(1)</script>".to_owned());
        let map =
            Map::of(&ENGLISH, Metric::Visitors, [CountryOnMap { href, ..place("DE", 7.0) }, place("\"><script>", 9.0)]);
        let html = Alone { map: map.expect("a map") }.render().unwrap();
        assert!(!html.contains("<script") && html.matches("<title>").count() == 1, "{html}");
        assert!(html.contains("<title>Germany: 7 visitors</title>"));
        assert_eq!(html.matches('<').count(), html.matches('>').count());
    }

    #[test]
    fn a_country_without_visitors_is_land_and_one_without_a_link_leads_nowhere() {
        let map = map(&[("US", 900.0), ("LI", 1.0), ("FR", 30.0)]);
        assert!(matches!(map.shapes.last(), Some(Shape { drawing: Drawing::Dot(..), .. })), "dots lie above areas");
        let Drawing::Area(us) = WORLD["US"] else { panic!("an area") };
        let Drawing::Area(ca) = WORLD["CA"] else { panic!("an area") };
        assert!(!map.land.contains(us) && map.land.contains(ca));
        assert_eq!(map.shapes.iter().map(|shape| shape.shade).collect::<Vec<_>>(), [5, 3, 1]);
        let without = Map::of(&ENGLISH, Metric::Pageviews, [CountryOnMap { href: None, ..place("FR", 1.0) }]);
        let html = Alone { map: without.expect("a map") }.render().unwrap();
        assert!(!html.contains("<a ") && html.contains("France: 1 pageview<"), "{html}");
        assert!(html.starts_with("<figure class=\"map\" aria-hidden=\"true\">"));
    }

    #[test]
    fn the_whole_world_is_small() {
        let codes: Vec<(&str, f64)> =
            WORLD.keys().enumerate().map(|(at, code)| (*code, (at * at + 1) as f64)).collect();
        for (places, bytes_max) in [(&codes[..], 12 * 1024), (&codes[..40], 8 * 1024)] {
            let html = Alone { map: map(places) }.render().unwrap();
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            packed.write_all(html.as_bytes()).unwrap();
            let bytes = packed.finish().unwrap().len();
            assert!(bytes <= bytes_max, "{} countries: {bytes} bytes", places.len());
            println!("{} countries: {} bytes, {bytes} compressed", places.len(), html.len());
        }
    }
}
