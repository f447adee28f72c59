//! Properties that an owner has named answer with every dimension what a naive walk does, of open days, closed ones and months; and so
//! does money by them, and what reaches goals.

use std::collections::BTreeMap;

use headcount::cell::filter::JOINT;
use headcount::cell::{Dimension, Tally};
use headcount::site::Day;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::json;

use super::operators::{all_values, answered, results};
use super::room::{Plan, Room};
use super::two::{AskedTwice, Asking, Wanted, some};
use crate::oracle::pairs::Side;
use crate::oracle::streams::{config, long_stream};
use crate::oracle::{Walk, watched};

/// The values that one of the named properties has.
fn values_of<'a>(asking: &Asking<'_, 'a>, key: &str) -> Vec<&'a str> {
    let mut values = all_values(asking.walk, asking.site, Dimension::Property);
    values.retain(|value| value.split_once(JOINT).is_some_and(|(of, _)| of == key));
    values
}

fn asked<'s>(
    key: &'static str,
    filters: &'s [Wanted<'s>],
    splits: &'s [Dimension],
    time: Option<&'static str>,
) -> AskedTwice<'s> {
    AskedTwice { filters, splits, time, key }
}

/// With each dimension: broken down either way, by both, under both, over time, and under sets.
fn compare(asking: &Asking, pick: usize) -> Result<(), TestCaseError> {
    use Dimension::Property;
    for (at, by) in Dimension::ALL.into_iter().enumerate() {
        let turn = pick + at;
        let key = watched::NAMED[turn % watched::NAMED.len()];
        let (of_a, of_b) = (values_of(asking, key), all_values(asking.walk, asking.site, by));
        if of_a.is_empty() || of_b.is_empty() {
            continue;
        }
        let (x, y) = (some(&of_a, turn, 1), some(&of_b, turn / 2, 1));
        let (under_value, under_property): ([Wanted; 1], [Wanted; 1]) = ([(by, &y)], [(Property, &x)]);
        let time = [None, Some("time:day"), Some("time:month")][turn % 3];
        asking.check(&asked(key, &under_value, &[Property], time))?;
        asking.check(&asked(key, &under_property, &[by], time))?;
        asking.check(&asked(key, &[], &[Property, by], None))?;
        asking.check(&asked(key, &[], &[by, Property], time))?;
        // Of one event a property has cells of its own, which are compared elsewhere.
        if by != Dimension::Event {
            let both: [Wanted; 2] = [(Property, &x), (by, &y)];
            asking.check(&asked(key, &both, &[], time))?;
            asking.check(&asked(key, &both, &[by], None))?;
        }
        let sets: [Wanted; 2] = [(Property, &of_a), (by, &of_b[..of_b.len().min(2)])];
        asking.check(&asked(key, &sets, &[], time))?;
        asking.check(&asked(key, &sets[..1], &[by], None))?;
        asking.check(&asked(key, &sets[1..], &[Property], None))?;
    }
    Ok(())
}

/// Who reached each goal under a value of a property, and by its values.
fn compare_goals(asking: &Asking, pick: usize) -> Result<(), TestCaseError> {
    let key = watched::NAMED[pick % watched::NAMED.len()];
    let values = values_of(asking, key);
    let Some(value) = values.get(pick % values.len().max(1)) else { return Ok(()) };
    let (name, plain) = (format!("event:props:{key}"), &value[key.len() + JOINT.len_utf8()..]);
    let days = asking.days.map(|day| day.to_string());
    let body = json!({
        "metrics": ["visitors", "events"], "date_range": days, "dimensions": ["event:goal"], "filters": [["is", name, [plain]]],
    });
    let goals = watched::settings().goals;
    let mut expected: BTreeMap<&str, Tally> = BTreeMap::new();
    for goal in &goals {
        let target = goal.target.text();
        let dimension = headcount::report::goals::filter(&goal.target).axis.in_pairs().expect("a dimension");
        let (is_target, is_value) = (|text: &str| text == target, |text: &str| text == *value);
        for day in asking.walk.days(asking.site) {
            let mut sides = vec![Side { dimension: Dimension::Property, passes: &is_value }];
            sides.push(Side { dimension, passes: &is_target });
            *expected.entry(&goal.name).or_default() += asking.walk.meeting(asking.site, day, &sides);
        }
    }
    let found = results(&answered(asking.room, asking.site, body));
    for (goal, tally) in expected {
        let name = json!([goal]).to_string();
        let events = found.get(&name).map_or(0, |row| row[1].as_i64().unwrap_or(-1));
        // A page is reached by being shown.
        let is_event = goals.iter().any(|of| of.name == goal && !of.target.text().starts_with('/'));
        prop_assert_eq!(events, if is_event { tally.events } else { tally.pageviews }, "{} {}", name, value);
    }
    Ok(())
}

/// Money of one goal by a property's values.
fn compare_money(asking: &Asking, pick: usize) -> Result<(), TestCaseError> {
    let key = watched::NAMED[pick % watched::NAMED.len()];
    let days = asking.days.map(|day| day.to_string());
    let body = json!({
        "metrics": ["events", "total_revenue"], "date_range": days, "dimensions": [format!("event:props:{key}")],
        "filters": [["is", "event:goal", ["Signup"]]],
    });
    let mut expected: BTreeMap<String, BTreeMap<&str, i64>> = BTreeMap::new();
    for day in asking.walk.days(asking.site) {
        for ((value, money), tally) in asking.walk.pair(asking.site, day, [Dimension::Property, Dimension::Money]) {
            let (event, currency) = money.rsplit_once(JOINT).expect("an event and its currency");
            if let (Some((of, value)), "Signup") = (value.split_once(JOINT), event)
                && of == key
            {
                *expected.entry(json!([value]).to_string()).or_default().entry(currency).or_default() += tally.revenue;
            }
        }
    }
    let answer = answered(asking.room, asking.site, body);
    for (name, row) in results(&answer) {
        match expected.get(&name).map(|sums| sums.iter().collect::<Vec<_>>()).as_deref() {
            Some([(currency, sum)]) => {
                prop_assert_eq!(&row[1]["currency"], **currency, "{} {}", name, row);
                prop_assert_eq!(row[1]["value"].as_f64(), Some(**sum as f64 / 1_000.0), "{} {}", name, row);
            }
            // Several currencies are not added up.
            _ => prop_assert!(row[1].is_null(), "{} {}", name, row),
        }
    }
    Ok(())
}

#[test]
fn named_properties_answer_with_every_dimension_as_a_naive_walk() {
    let compare = |(stream, pick): (_, usize)| {
        let plan = Plan::of(stream, &[]);
        let (schedules, hits) = (plan.schedules(), plan.hits());
        let (walk, _) = Walk::over(&schedules, &hits);
        let mut room = Room::open(&plan, &watched::settings());
        room.play(&plan);
        room.flush();
        let days = [hits.iter().map(|hit| hit.local.day).min().expect("a hit"), plan.last_day()];
        let asking = |room: &Room, days: [Day; 2], pick: usize| {
            room.sites.iter().try_for_each(|site| {
                let asking = Asking { room, walk: &walk, site: *site, days };
                compare(&asking, pick)?;
                compare_goals(&asking, pick)?;
                compare_money(&asking, pick)
            })
        };
        asking(&room, days, pick)?;
        room.close(plan.last_day());
        asking(&room, [days[0].month().first(), days[1].month().last()], pick + 1)
    };
    let config = ProptestConfig { max_shrink_iters: 20, ..config(2) };
    TestRunner::new(config).run(&(long_stream(), 0..200_usize), compare).unwrap_or_else(|error| panic!("{error}"));
}
