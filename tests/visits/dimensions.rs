//! The sentences of docs/counting.md on dimensions, each as a test.

use crate::scenario::check;

#[test]
fn visit_dimensions_are_fixed_at_the_first_hit() {
    check(
        "
        09:00 ana event Signup from google.com utm campaign=spring in DE/DE-BY/Munich with Firefox screen xl speaks de
        09:01 ana /  from facebook.com utm campaign=summer in FR with Safari screen xs speaks fr
        10:00 ana /a from facebook.com in DE/DE-BY/Munich
        ",
        "source Google 1, Facebook 1  referrer google.com 1, facebook.com 1  channel Organic Search 1, Organic Social 1
         utm_campaign spring 1, (not set) 1  country DE 2  country.visitors DE 1  country.pageviews DE 2
         city Munich, DE-BY 2  browser Firefox 1, Chrome 1  browser_version Firefox 131 1, Chrome 130 1
         screen xl 1, (not set) 1  language de 1, (not set) 1  source.events Google 1",
    );
}

#[test]
fn browser_campaign_and_country_are_read_at_the_first_hit() {
    check(
        "
        09:00 ana event Signup from google.com utm campaign=spring in DE with Firefox screen xl speaks de
        09:01 ana / from facebook.com utm campaign=summer in FR with Firefox screen xs speaks fr
        09:02 bob / from blog.example.org utm source=chatgpt.com with Safari
        09:03 eve / utm source=news utm medium=email utm term=a&b
        09:04 kim / from docs.example.org in JP
        09:05 sam / from example.com           # the site itself
        ",
        "source Google 1, ChatGPT 1, news 1, example.org 1, Direct / None 1
         referrer google.com 1, blog.example.org 1, docs.example.org 1, Direct / None 2
         channel Organic Search 1, AI Assistants 1, Email 1, Referral 1, Direct 1
         utm_source chatgpt.com 1, news 1, (not set) 3  utm_medium email 1, (not set) 4
         utm_campaign spring 1, (not set) 4  utm_term a&b 1, (not set) 4
         country DE 1, JP 1, (not set) 3  screen xl 1, (not set) 4  language de 1, (not set) 4
         browser Firefox 1, Safari 1, Chrome 3  browser_version Firefox 131 1, Safari 18 1, Chrome 130 3
         os Linux 1, iOS 1, Windows 3  os_version (not set) 1, iOS 18 1, Windows 10/11 3  device desktop 4, mobile 1",
    );
}

#[test]
fn a_missing_value_has_a_label() {
    check(
        "09:00 ana /",
        "source Direct / None 1  referrer Direct / None 1  channel Direct 1  utm_source (not set) 1
         utm_medium (not set) 1  utm_content (not set) 1  utm_term (not set) 1  country (not set) 1
         region (not set) 1  city (not set) 1  screen (not set) 1  language (not set) 1  prop:plan",
    );
}

#[test]
fn entry_and_exit_page_are_the_first_and_last_pageview() {
    check(
        "
        09:00 ana /a
        09:01 ana /b
        09:02 ana /c
        09:03 ana event Signup on /d
        10:00 bob /a
        ",
        "entry_page /a 2  exit_page /c 1, /a 1  entry_page.visitors /a 2  exit_page.pageviews /c 3, /a 1
         exit_page.events /c 1  exit_page.seconds /c 180  exit_page.bounces /a 1  entry_page.bounces /a 1",
    );
}

#[test]
fn a_visit_of_events_only_has_no_entry_page() {
    check(
        "09:00 ana event Signup",
        "entry_page (not set) 1  exit_page (not set) 1  entry_page.visitors (not set) 1  page.events / 1",
    );
}

#[test]
fn the_whole_visit_moves_when_its_first_pageview_comes() {
    check(
        "
        09:55 ana event Autoplay passive
        10:05 ana /a
        10:10 ana /b
        10:40:01 ana event Signup          # a second visit, which stays where it is
        ",
        "entry_page /a 1, (not set) 1  exit_page /b 1, (not set) 1
         entry_page.events /a 1, (not set) 1  exit_page.events /b 1, (not set) 1  entry_page.pageviews /a 2
         entry_page.visitors /a 1, (not set) 1  entry_page.seconds /a 900  exit_page.seconds /b 900
         entry_page.bounces  hours.visits 09 1, 10 1",
    );
}

#[test]
fn a_visit_that_moves_to_an_earlier_one_brings_no_second_visitor() {
    check(
        "
        09:00 ana /a
        09:31 ana event Autoplay passive
        10:00 ana /a                       # now both visits of the day entered and left on it
        11:00 ana event Signup
        11:01 ana /a                       # and a third in another hour
        ",
        "entry_page /a 3  entry_page.visitors /a 1  exit_page.visitors /a 1  entry_page.events /a 2
         hours:entry_page=/a.visitors 09 1, 10 1, 11 1  hours:entry_page=/a.visits 09 2, 11 1
         hours:exit_page=/a.bounces 09 2",
    );
}

#[test]
fn page_hostname_and_event_are_of_the_hit() {
    check(
        "
        09:00 ana /a
        09:01 ana /a on docs.example.com
        09:02 ana event Signup
        09:03 ana event Signup
        ",
        "page /a 2  page.events /a 2  hostname example.com 1, docs.example.com 1  hostname.events example.com 2
         hostname.visits example.com 1, docs.example.com 1  event Signup 2  event.pageviews pageview 2
         event.visits Signup 1, pageview 1  event.visitors Signup 1, pageview 1",
    );
}

#[test]
fn properties_are_counted_under_their_event_and_under_any() {
    check(
        "
        09:00 ana / plan=pro
        09:01 ana event Signup plan=pro size=1
        09:02 bob event Upgrade plan=pro
        09:03 bob event Upgrade plan=free
        ",
        "prop:plan pro 2, free 1  prop:plan.pageviews pro 1  prop:plan.visitors pro 2, free 1
         prop:plan@Signup pro 1  prop:plan@Upgrade pro 1, free 1  prop:plan@Upgrade.visitors pro 1, free 1
         prop:plan@pageview  prop:plan@pageview.pageviews pro 1  prop:size 1 1  prop:size@Upgrade",
    );
}
