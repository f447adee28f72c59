//! The sentences of docs/counting.md, each as a test that can be read beside it. `oracle.rs` looks for the streams that nobody
//! thought of. Dimensions have a file of their own.

mod dimensions;

use crate::scenario::check;

// Time.

#[test]
fn a_visit_is_booked_in_the_hour_of_its_start_and_its_pageviews_in_their_own() {
    check(
        "
        09:50 ana /
        10:10 ana /a
        11:00 ana /        # the second visit
        ",
        "hours.visits 09 1, 11 1  hours.pageviews 09 1, 10 1, 11 1  hours.seconds 09 1200  hours.bounces 11 1",
    );
}

#[test]
fn visitors_of_an_hour_are_those_with_a_pageview_or_event_in_it() {
    check(
        "
        09:50 ana /
        10:10 ana event Signup
        10:20 ana engages 5s on /
        10:30 bob /
        11:00 ana engages 5s on /     # too late
        11:05 bob engages 5s on /     # neither begins nor shows anything
        ",
        "hours.visitors 09 1, 10 2  visitors 2  days.visitors +0 2  rejected no_visit 2",
    );
}

#[test]
fn a_page_is_given_its_visits_and_engagement_in_the_hour_of_their_start() {
    check(
        "
        09:50 ana /
        10:10 ana /a                       # a page that this visit sees first at ten
        10:11 ana engages 10s 50% on /a
        11:00 ana /a                       # a second visit, seen again at eleven
        11:05 ana engages 10s 50% on /a
        ",
        "hours:page=/a 10 1, 11 1  hours:page=/a.visits 09 1, 11 1  hours:page=/a.visitors 10 1, 11 1
         hours:page=/a.engaged_visits 09 1, 11 1  hours:page=/a.engaged_ms 09 10000, 11 10000
         hours:page=/a.scroll 09 50, 11 50  page.visitors / 1, /a 1  days:page=/a.visits +0 2",
    );
}

#[test]
fn both_two_oclock_hours_of_an_autumn_night_are_one() {
    check(
        "
        date 2026-10-25
        zone Europe/Berlin
        01:50  ana /
        02:10  ana /a
        02:10B ana /b          # an hour later
        02:40B bob /
        03:00  bob /a          # 20 minutes later
        23:50  ana /
        ",
        "visitors 2  visits 4  seconds 2400  hours.pageviews 01 1, 02 3, 03 1, 23 1
         hours.visits 01 1, 02 2, 23 1  hours.visitors 01 1, 02 2, 03 1, 23 1  days +0 6",
    );
}

#[test]
fn a_spring_night_has_no_two_oclock_hour() {
    check(
        "
        date 2026-03-29
        zone Europe/Berlin
        01:50 ana /
        03:10 ana /a           # 20 minutes later
        03:40:00.001 ana /b
        ",
        "visits 2  seconds 1200  hours 01 1, 03 2  hours.visits 01 1, 03 1  exit_page /a 1, /b 1",
    );
}

#[test]
fn zones_off_by_half_an_hour_have_hours_and_days_of_their_own() {
    check(
        "
        zone Asia/Kolkata
        -1 23:59 ana /
        00:01 ana /
        00:59 ana /
        01:00 ana /
        ",
        "hours -1 23 1, 00 2, 01 1  days -1 1, +0 3  days.visitors -1 1, +0 1  visits 3",
    );
}

#[test]
fn a_changed_zone_acts_from_the_next_day() {
    check(
        "
        zone Etc/UTC then Asia/Kolkata
        23:59 ana /            # the clock goes to 05:30 a minute later
        +1 05:31 ana /
        +1 06:00 ana /
        ",
        "days +0 1, +1 2  hours 23 1, +1 05 1, +1 06 1  visits 2  days.visitors +0 1, +1 1",
    );
}

#[test]
fn a_zone_changed_westwards_gives_the_day_some_hours_twice() {
    check(
        "
        zone Etc/UTC then America/New_York
        23:50 ana /
        20:05B ana /           # a quarter of an hour later, on the same day
        ",
        "days +0 2  hours 20 1, 23 1  visitors 1  visits 1  seconds 900  hours.visits 23 1",
    );
}

#[test]
fn a_hit_that_arrives_late_is_given_the_time_of_the_last_one() {
    check(
        "
        09:58 ana /
        10:02 ana /a
        09:59 ana /b           # counts at 10:02, as the exit page
        10:31:59 ana /c        # 29:59 after 10:02
        ",
        "visits 1  seconds 2039  hours 09 1, 10 3  entry_page / 1  exit_page /c 1",
    );
}

#[test]
fn order_is_that_of_arrival_however_late_a_hit_is() {
    check(
        "
        12:00 ana / from google.com
        09:00 ana /a
        ",
        "visits 1  seconds 0  bounces 0  hours 12 2  source Google 1  entry_page / 1  exit_page /a 1",
    );
}

#[test]
fn a_hit_of_yesterday_that_arrives_today_counts_yesterday() {
    check(
        "
        -1 23:55 ana /
        00:05 ana /
        -1 23:59 ana /a
        ",
        "days -1 2, +0 1  days.visits -1 1, +0 1  days.seconds -1 240",
    );
}

// Visitors and visits.

#[test]
fn half_an_hour_of_silence_ends_a_visit() {
    check(
        "
        09:00 ana /         from google.com
        09:10 ana /pricing
        09:45 ana /                             # 35 minutes later
        09:46 bob /docs
        ",
        "visitors 2  visits 3  pageviews 4  events 0  bounces 2  seconds 600
         entry_page / 2, /docs 1  source Google 1, Direct / None 2",
    );
}

#[test]
fn thirty_minutes_are_not_yet_silence_and_a_millisecond_more_is() {
    check("09:00 ana /\n 09:30 ana /a", "visits 1  seconds 1800  bounces 0");
    check("09:00 ana /\n 09:29:59.999 ana /a", "visits 1  seconds 1799  bounces 0");
    check("09:00 ana /\n 09:30:00.001 ana /a", "visits 2  seconds 0  bounces 2");
}

#[test]
fn midnight_ends_a_visit_and_nothing_connects_two_days() {
    check(
        "
        23:50 ana / from google.com
        23:55 ana /a
        +1 00:00 ana /b
        ",
        "visitors 2  visits 2  days.visitors +0 1, +1 1  days.bounces +1 1  seconds 300
         entry_page / 1, /b 1  exit_page /a 1, /b 1  source Google 1, Direct / None 1",
    );
}

#[test]
fn two_sites_never_share_a_visitor() {
    check(
        "
        site shop.test Etc/UTC
        09:00 ana /
        09:01 ana /a at shop.test
        09:02 ana engages 5s on / at shop.test
        ",
        "visitors 2  visits 2  bounces 2  seconds 0  entry_page / 1, /a 1  rejected no_visit 1",
    );
}

#[test]
fn visitors_of_a_cell_are_distinct_over_the_day_and_its_visits_are_not() {
    check(
        "
        09:00 ana /a
        09:01 ana /a
        10:00 ana /a
        10:01 bob /a
        11:00 bob /b
        ",
        "page /a 4, /b 1  page.visitors /a 2, /b 1  page.visits /a 3, /b 1  entry_page.visitors /a 2, /b 1",
    );
}

#[test]
fn a_named_event_puts_its_visit_into_the_cell_of_its_page() {
    check(
        "
        09:00 ana /a
        09:01 ana event Signup on /b
        ",
        "page /a 1  page.events /b 1  page.visitors /a 1, /b 1  page.visits /a 1, /b 1  exit_page /a 1",
    );
}

#[test]
fn a_bounce_has_at_most_one_pageview_and_no_interactive_event() {
    check("09:00 ana /", "visits 1  bounces 1");
    check("09:00 ana /\n 09:00 ana /", "visits 1  bounces 0");
    check("09:00 ana /\n 09:01 ana event Signup", "visits 1  bounces 0");
    check("09:00 ana /\n 09:01 ana event Autoplay passive", "visits 1  bounces 1");
    check("09:00 ana event Autoplay passive\n 09:01 ana event Autoplay passive", "visits 1  bounces 1");
    check("09:00 ana event Signup", "visits 1  bounces 0");
    check("09:00 ana /\n 09:01 ana event Signup\n 09:02 ana event Autoplay passive", "visits 1  bounces 0");
    check("09:00 ana /\n 09:01 ana engages 40s", "visits 1  bounces 1");
}

#[test]
fn a_visit_that_bounced_in_one_hour_is_no_bounce_there_when_it_goes_on_in_the_next() {
    check("09:55 ana /\n 10:05 ana /a", "hours.visits 09 1  hours.bounces  hours.seconds 09 600");
}

#[test]
fn seconds_are_whole_and_run_from_first_to_last_pageview_or_event() {
    check(
        "
        09:00:00.900 ana /
        09:00:02.899 ana event Signup      # 1.999 s
        09:10 ana engages 5s on /          # not a pageview or event
        ",
        "seconds 1",
    );
    check("09:00 ana event Signup\n 09:02 ana /\n 09:03 ana event Signup", "seconds 180");
}

#[test]
fn bounces_and_seconds_belong_to_whole_visits() {
    check(
        "
        09:00 ana / in DE
        09:01 bob / in FR
        09:05 bob event Signup plan=pro
        ",
        "country.bounces DE 1  country.seconds FR 240  entry_page.bounces / 1  exit_page.seconds / 240
         page.bounces  page.seconds  hostname.bounces  hostname.seconds  event.bounces  event.seconds
         prop:plan.bounces  prop:plan.seconds",
    );
}

// Hits.

#[test]
fn an_engagement_ping_keeps_a_visit_open_and_never_begins_one() {
    check(
        "
        09:00 ana /
        09:25 ana engages 10s on /
        09:50 ana /a                       # 50 minutes after the pageview, 25 after the ping
        10:30 ana engages 10s on /a        # too late, and no new visit
        10:31 bob engages 10s on /
        ",
        "visits 1  visitors 1  seconds 3000  events 0  pageviews 2  rejected no_visit 2",
    );
}

#[test]
fn engagement_needs_a_pageview_of_its_page_in_the_running_visit() {
    check(
        "
        09:00 ana /a
        10:00 ana /b
        10:01 ana event Signup on /c
        10:02 ana engages 5s 10% on /a     # seen in an earlier visit
        10:02 ana engages 5s 10% on /c     # an event is no pageview
        10:02 ana engages 5s 10% on /b
        ",
        "rejected no_visit 2  page.engaged_visits /b 1  page.engaged_ms /b 5000  page.scroll /b 10",
    );
}

#[test]
fn a_rejected_ping_changes_nothing() {
    check(
        "
        09:00 ana /
        09:20 ana engages 5s on /elsewhere
        09:31 ana /a                       # 31 minutes after the last hit that counts
        ",
        "visits 2  bounces 2  rejected no_visit 1  page.engaged_ms",
    );
}

#[test]
fn a_ping_after_midnight_has_no_visit() {
    check(
        "
        23:59 ana /
        +1 00:01 ana engages 5s on /
        ",
        "rejected no_visit 1  days.visitors +0 1  page.engaged_visits",
    );
}

#[test]
fn claimed_time_is_capped_at_the_time_since_the_pages_last_ping_and_five_seconds() {
    check("09:00 ana /\n 09:00:20 ana engages 24s", "page.engaged_ms / 24000");
    check("09:00 ana /\n 09:00:20 ana engages 60s", "page.engaged_ms / 25000");
    check("09:00 ana /\n 09:00:20 ana engages 60s\n 09:00:21 ana engages 60s", "page.engaged_ms / 31000");
    // A ping that arrives late has only the five seconds.
    check("09:00 ana /\n 08:00 ana engages 60s", "page.engaged_ms / 5000");
    // Another visit is another measure.
    check("09:00 ana /\n 09:00:10 ana engages 10s\n 10:00 ana /\n 10:00:01 ana engages 60s", "page.engaged_ms / 16000");
}

#[test]
fn a_ping_that_the_next_message_overtakes_keeps_its_time() {
    // The next page, the same page with another query, an event; and the same in the other order.
    for next in ["ana /b", "ana /a", "ana event Signup on /a"] {
        check(&format!("09:00 ana /a\n 09:00:12 {next}\n 09:00:12 ana engages 12s on /a"), "page.engaged_ms /a 12000");
        check(&format!("09:00 ana /a\n 09:00:12 ana engages 12s on /a\n 09:00:12 {next}"), "page.engaged_ms /a 12000");
    }
    // Left and seen again, with a ping of each stay.
    check(
        "
        09:00 ana /a
        09:00:12 ana /b
        09:00:12 ana engages 12s 40% on /a
        09:01:12 ana /a
        09:01:12 ana engages 60s on /b
        09:01:32 ana /
        09:01:32 ana engages 20s 10% on /a
        ",
        "page.engaged_ms /a 32000, /b 60000  page.scroll /a 40",
    );
    // Two tabs: each page has its own time, whatever the other tab sends in between.
    check(
        "
        09:00 ana /a
        09:00:30 ana /b
        09:02 ana event Play on /b
        09:03 ana engages 30s on /a
        09:03 ana engages 150s on /b
        09:03 ana engages 1s on /a
        ",
        "page.engaged_ms /a 31000, /b 150000",
    );
    // The same page in two tabs.
    check("09:00 ana /a\n 09:05 ana /a\n 09:05:01 ana engages 300s on /a", "page.engaged_ms /a 300000");
}

#[test]
fn engagement_is_per_visit_and_page_and_scroll_keeps_the_maximum() {
    check(
        "
        09:00 ana /
        09:01 ana engages 10s 30%
        09:02 ana engages 10s 80%
        09:03 ana engages 10s 60%
        09:04 ana /                        # the same page again: still the same visit
        09:05 ana engages 10s 70%
        11:00 ana /
        11:01 ana engages 10s 20%
        11:02 bob /
        11:03 bob engages 10s              # no scroll sent
        11:04 eve /                        # no ping at all
        ",
        "page.visits / 4  page.engaged_visits / 3  page.engaged_ms / 60000  page.scroll / 100
         engaged_visits 0  engaged_ms 0  scroll 0  entry_page.engaged_ms  hostname.engaged_ms",
    );
}

// No tokens.

#[test]
fn without_tokens_hits_are_counted_and_visits_are_not_measured() {
    check(
        "
        09:00 someone / from google.com in DE
        09:01 someone /a plan=pro
        09:02 someone event Signup
        09:03 someone engages 5s on /a
        ",
        "visitors 0  visits 0  pageviews 2  events 1  bounces 0  seconds 0  rejected no_visit 1
         source.pageviews Google 1, Direct / None 1  country.pageviews DE 1, (not set) 1
         page / 1, /a 1  page.events /a 1  hostname example.com 2  event Signup 1  prop:plan.pageviews pro 1
         entry_page.pageviews  exit_page.pageviews  hours 09 2",
    );
}

#[test]
fn without_tokens_a_late_hit_keeps_its_own_hour() {
    check("10:00 someone /\n 09:00 someone /", "hours 09 1, 10 1  visits 0");
}
