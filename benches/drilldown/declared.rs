//! What a site's owner may declare takes on disk: sections, two named properties, ten segments.

use headcount::limits;
use headcount::site::{Budget, Sections, Segment};

use super::File;
use super::stream::{LARGE, Maker};

/// Segments as owners declare them.
const SEGMENTS: [&str; 10] = [
    "device=mobile and country=AA",
    "device=desktop",
    "source=Google",
    "country=AA",
    "country!=AA",
    "has_done(event=Signup)",
    "not has_done(event=Signup)",
    "prop:plan=plan-0",
    "page~/blog/2016",
    "source=Google or source=DuckDuckGo",
];

/// Prints what so many days of so many visits take, with more declared line by line.
pub fn declared(visits: usize, days: i32) {
    println!("| declared | bytes a pageview | of nothing declared |\n|---|---|---|");
    let nothing = bytes("nothing", (visits, days), |_, _| (), None);
    let sections = |file: &mut File| file.site.settings.sections = Sections { depth: 2, since: None };
    let segments = |file: &mut File| {
        let segment = |(number, condition): (u32, &&str)| Segment {
            number,
            name: format!("Segment {number}"),
            condition: (*condition).to_owned(),
            since_ms: 0,
        };
        file.site.settings.segments = (1..).zip(&SEGMENTS).map(segment).collect();
    };
    bytes("sections", (visits, days), |file, _| sections(file), Some(nothing));
    bytes("two properties", (visits, days), |_, maker| maker.names_properties = true, Some(nothing));
    bytes("ten segments", (visits, days), |file, _| segments(file), Some(nothing));
    let all = |file: &mut File, maker: &mut Maker| {
        sections(file);
        segments(file);
        maker.names_properties = true;
    };
    bytes("all of it", (visits, days), all, Some(nothing));
}

fn bytes(
    name: &str,
    (visits, days): (usize, i32),
    declare: impl FnOnce(&mut File, &mut Maker),
    of: Option<f64>,
) -> f64 {
    let (mut file, mut maker) = (File::new("declared"), Maker::of(LARGE));
    file.site.settings.sections = Sections { depth: 0, since: None };
    declare(&mut file, &mut maker);
    let all = Budget { pair_cells: limits::PAIR_CELLS_PER_DAY_MAX, values: limits::VALUES_PER_DAY_MAX };
    let begun = std::time::Instant::now();
    let pageviews = file.fill(&maker, visits, days, all);
    let bytes = file.stores.sums.bytes() as f64 / pageviews as f64;
    let of = of.map_or_else(String::new, |of| format!("{:.2}", bytes / of));
    println!("| {name} | {bytes:.1} | {of} |");
    eprintln!("{name}: {:.1} s", begun.elapsed().as_secs_f64());
    bytes
}
