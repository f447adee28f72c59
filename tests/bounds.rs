//! In: more than one visitor may leave in memory. Out: the reason `too_many`, and nothing else. Forgets: nothing.

use headcount::cell::Names;
use headcount::counts::Counts;
use headcount::limits::{PROPS_MAX, SEEN_PER_VISITOR_MAX};
use headcount::rejection::Rejection;
use headcount::visit::Visitor;

use crate::scenario::Scenario;
use crate::scenario::depth1::hits;

#[test]
fn a_hit_past_the_bound_of_a_visitor_leaves_nothing_behind() {
    let scenario = Scenario::parse("09:00 ana /");
    let (mut visitor, mut names, mut counts) = (Visitor::new(), Names::default(), Counts::default());
    let mut take = |number: usize| {
        let mut hit = hits(&scenario).remove(0);
        hit.props = (0..PROPS_MAX).map(|key| (key.to_string(), number.to_string())).collect();
        let taken = visitor.take(&hit, &mut names, &mut counts);
        (taken, names.len(), counts.len())
    };
    let hits_max = SEEN_PER_VISITOR_MAX / (2 * PROPS_MAX);
    let taken: Vec<_> = (0..hits_max + 3).map(&mut take).collect();
    let [.., before, first, second] = &taken[..] else { panic!("too few hits") };
    assert_eq!((&first.0, &second.0), (&Err(Rejection::TooMany), &Err(Rejection::TooMany)));
    assert_eq!((before.1, before.2), (second.1, second.2));
}
