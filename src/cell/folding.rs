//! In: the pages of a day and who sees them. Out: the names that they are counted by. Forgets: with its day, who saw which page;
//! while it runs, one visitor's digest for each page that nobody else has seen.
//!
//! Where a parent has many children that one visitor each has seen, as `/profile/jane-roe` is, further ones are counted as
//! `/profile/:other`. A child that a second visitor sees is counted by name from then on, and what was counted by name before stays
//! so. A parent of which more than one in ten children had a second visitor is no such parent: blogs and shops are none.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Bringer, DigestKey, ForgottenValues};
use crate::limits;

/// What stands for the children of a parent that look personal.
pub const OTHER_CHILD: &str = ":other";

/// What is known of a site beside its day.
pub trait SiteHistory: Send + Sync {
    /// Whether a page was counted by this name before the store's names had this mark.
    fn is_known(&self, page: &str, mark: u64) -> bool;
    /// Whether the children of a parent may be folded: the owner has not asked for their names. The page is one of them.
    fn may_fold(&self, parent: &str, page: &str) -> bool;
    /// Takes note that children of a parent are folded.
    fn note(&self, parent: &str);
}

/// What a day is folded by from its opening on: a day that is read back is folded as if nothing had been.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoldingStart {
    /// How many children are counted by name; 0 for all of them.
    pub named_children: u32,
    /// The mark of the store's names by then.
    pub mark: u64,
    /// Parents whose children were folded on other days by then, or are on this one.
    pub personal: BTreeSet<String>,
}

/// The pages of one site and day, as far as they may be folded.
#[derive(Default, Serialize, Deserialize)]
pub struct Folding {
    start: FoldingStart,
    #[serde(skip)]
    before: Option<Arc<dyn SiteHistory>>,
    children: Children,
    parents: HashMap<u64, Parent, foldhash::fast::RandomState>,
    /// How many children each network was the first to see.
    by_network: HashMap<u32, u32, foldhash::fast::RandomState>,
    /// Hits of a site that keeps no tokens, each of which is taken for another visitor's.
    unknown: u64,
    /// Room for the name that is being made: most pages keep theirs, and need none of their own.
    #[serde(skip)]
    room: String,
    digests: DigestKey,
}

impl fmt::Debug for Folding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Folding")
    }
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Child {
    /// The only visitor who saw it; nothing once there is a second one, or if it was known before.
    only: Option<u64>,
    is_folded: bool,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Parent {
    /// Children that one visitor has seen.
    singles: u32,
    /// Children that more have seen.
    shared: u32,
    /// The first of the single ones, of which is to be asked whether they were known before.
    unasked: Vec<(u64, Box<str>)>,
}

impl Folding {
    /// Folds where a parent has more named children than `start` says that one visitor each has seen.
    pub fn by(start: FoldingStart, before: Arc<dyn SiteHistory>) -> Folding {
        Folding { before: (start.named_children > 0).then_some(before), start, ..Folding::default() }
    }

    /// Lets go of the texts of children that are to be forgotten. Whether one was known before is not asked any more.
    pub fn forget(&mut self, values: &ForgottenValues) {
        for parent in self.parents.values_mut() {
            parent.unasked.retain(|(_, text)| !values.takes_page_or_property(text));
        }
    }

    /// All of it but what is known of the site beside its day.
    pub fn image(&self) -> Folding {
        Folding {
            start: self.start.clone(),
            children: self.children.clone(),
            parents: self.parents.clone(),
            by_network: self.by_network.clone(),
            unknown: self.unknown,
            digests: self.digests.clone(),
            ..Folding::default()
        }
    }

    /// The folding of an image, with what is known of the site.
    pub fn restored(self, before: Arc<dyn SiteHistory>) -> Folding {
        Folding { before: (self.start.named_children > 0).then_some(before), ..self }
    }

    /// Forgets who saw which page.
    pub fn forget_visitors(&mut self) {
        let (start, before) = (std::mem::take(&mut self.start), self.before.take());
        *self = Folding { start, before, ..Folding::default() };
    }

    /// The name that a page is counted by for this visitor. `of` tells apart lists of pages,
    /// such as those that properties name.
    pub fn name<'a>(&mut self, of: &str, page: &'a str, from: Bringer) -> Cow<'a, str> {
        if !page.starts_with('/') || page.len() == 1 {
            return Cow::Borrowed(page);
        }
        let Some(before) = self.before.take() else { return Cow::Borrowed(page) };
        let from = Bringer { who: if from.who == 0 { self.next_unknown() } else { from.who }, ..from };
        let mut name = FoldedName { text: std::mem::take(&mut self.room), is_folded: false };
        name.text.clear();
        for part in parts(page) {
            let is_folded = !part.starts_with(':') && self.is_folded(of, &name.text, part, page, from, &*before);
            name.push(part, is_folded);
        }
        (self.before, self.room) = (Some(before), name.text);
        if name.is_folded { Cow::Owned(self.room.clone()) } else { Cow::Borrowed(page) }
    }

    /// The name that a page was counted by for those who saw it while it was folded; nothing if it never was.
    pub fn folded(&self, page: &str) -> Option<String> {
        self.before.as_ref()?;
        let mut name = FoldedName::default();
        for part in parts(page) {
            let child = self.children.get(&self.digest("", &name.text, part));
            name.push(part, child.is_some_and(|child| child.is_folded));
        }
        name.is_folded.then_some(name.text)
    }

    fn next_unknown(&mut self) -> u64 {
        self.unknown += 1;
        self.unknown
    }

    fn digest(&self, of: &str, parent: &str, part: &str) -> u64 {
        self.digests.of((of, parent, part))
    }

    fn is_folded(
        &mut self,
        of: &str,
        parent: &str,
        part: &str,
        page: &str,
        from: Bringer,
        before: &dyn SiteHistory,
    ) -> bool {
        let (digest, of_parent) = (self.digest(of, parent, part), self.digest(of, parent, ""));
        if let Some(is_still_folded) = self.seen_again(digest, of_parent, from.who) {
            return is_still_folded && before.may_fold(parent, page);
        }
        let has_room = self.has_room(from.network);
        let was_personal = of.is_empty() && self.start.personal.contains(parent);
        let mut unknown = Parent::default();
        let seen = match self.parents.get_mut(&of_parent) {
            None if has_room => self.parents.entry(of_parent).or_default(),
            None => &mut unknown,
            Some(known) => known,
        };
        seen.singles += u32::from(has_room);
        let is_known_page = |page: &str| before.is_known(page, self.start.mark);
        let mut is_folded =
            seen.is_personal(was_personal, self.start.named_children, &mut self.children, &is_known_page);
        let is_known = is_folded && is_known_page(page);
        is_folded = is_folded && !is_known && before.may_fold(parent, page);
        if is_known {
            seen.singles = seen.singles.saturating_sub(u32::from(has_room));
        } else if !is_folded && has_room && seen.unasked.len() < self.start.named_children as usize {
            seen.unasked.push((digest, page.into()));
        }
        if is_folded && of.is_empty() && !was_personal {
            self.start.note(parent, before);
        }
        if has_room {
            self.children.insert(digest, Child { only: (!is_known).then_some(from.who), is_folded });
        }
        is_folded
    }

    /// Whether one more child that a network brings is remembered. One network must not use up what others need.
    /// Past the bound nothing is remembered: neither the child, nor a parent that has none yet.
    fn has_room(&mut self, network: u32) -> bool {
        if self.children.len() >= limits::FOLDING_CHILDREN_MAX {
            return false;
        }
        let brought = self.by_network.entry(network).or_default();
        let has_room = *brought < limits::FOLDING_CHILDREN_PER_NETWORK;
        *brought += u32::from(has_room);
        has_room
    }

    /// Whether a child that was seen before is folded for this visitor; nothing if it was not.
    fn seen_again(&mut self, child: u64, parent: u64, who: u64) -> Option<bool> {
        let child = self.children.get_mut(&child)?;
        if child.only == Some(who) && child.is_folded {
            return Some(true);
        }
        if child.only.is_some_and(|only| only != who) {
            child.only = None;
            let parent = self.parents.entry(parent).or_default();
            (parent.singles, parent.shared) = (parent.singles.saturating_sub(1), parent.shared + 1);
        }
        Some(false)
    }
}

impl FoldingStart {
    fn note(&mut self, parent: &str, before: &dyn SiteHistory) {
        before.note(parent);
        if self.personal.len() < limits::PERSONAL_PARENTS_MAX {
            self.personal.insert(parent.to_owned());
        }
    }
}

type Children = HashMap<u64, Child, foldhash::fast::RandomState>;

impl Parent {
    fn looks_personal(&self, was_personal: bool, named_children: u32) -> bool {
        (was_personal || self.singles > named_children)
            && self.shared.saturating_mul(limits::FOLDING_SHARED_PER) <= self.singles.max(named_children)
    }

    /// Whether its children look personal, those that were known before left out.
    fn is_personal(
        &mut self,
        was: bool,
        named_children: u32,
        children: &mut Children,
        is_known: &dyn Fn(&str) -> bool,
    ) -> bool {
        if !self.looks_personal(was, named_children) || was || self.unasked.is_empty() {
            return self.looks_personal(was, named_children);
        }
        self.ask(children, is_known);
        self.looks_personal(was, named_children)
    }

    /// Finds out which of the single children were known before, and so are none of one visitor.
    fn ask(&mut self, children: &mut Children, is_known: &dyn Fn(&str) -> bool) {
        for (digest, page) in std::mem::take(&mut self.unasked) {
            let child = children.get_mut(&digest).filter(|child| child.only.is_some());
            if let Some(child) = child.filter(|_| is_known(&page)) {
                child.only = None;
                self.singles = self.singles.saturating_sub(1);
            }
        }
    }
}

/// The parts of a path that say something, without its query.
fn parts(page: &str) -> impl Iterator<Item = &str> {
    page.split('?').next().unwrap_or_default().split('/').filter(|part| !part.is_empty())
}

/// A name while it is made.
#[derive(Default)]
struct FoldedName {
    text: String,
    is_folded: bool,
}

impl FoldedName {
    fn push(&mut self, part: &str, is_folded: bool) {
        self.is_folded |= is_folded;
        self.text.push('/');
        self.text.push_str(if is_folded { OTHER_CHILD } else { part });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::Mutex;

    use proptest::prelude::*;

    use super::*;

    /// What a test knows of a site.
    #[derive(Default)]
    struct KnownSite {
        known: BTreeSet<String>,
        kept: BTreeSet<String>,
        personal: Mutex<BTreeSet<String>>,
    }

    impl SiteHistory for KnownSite {
        fn is_known(&self, page: &str, _: u64) -> bool {
            self.known.contains(page)
        }

        fn may_fold(&self, parent: &str, _: &str) -> bool {
            !self.kept.contains(parent)
        }

        fn note(&self, parent: &str) {
            let _ = self.personal.lock().map(|mut personal| personal.insert(parent.to_owned()));
        }
    }

    fn by(who: u64) -> Bringer {
        Bringer { who, network: who as u32, brings: true }
    }

    fn folding(site: &Arc<KnownSite>) -> Folding {
        let personal = site.personal.lock().unwrap().clone();
        Folding::by(FoldingStart { named_children: 5, mark: 0, personal }, site.clone())
    }

    fn is_personal(site: &KnownSite, parent: &str) -> bool {
        site.personal.lock().unwrap().contains(parent)
    }

    #[test]
    fn children_past_the_first_are_other_until_a_second_visitor_comes() {
        let site = Arc::new(KnownSite::default());
        let mut day = folding(&site);
        for who in 1..=5 {
            let page = format!("/profile/{who}");
            assert_eq!(day.name("", &page, by(who)), page);
        }
        assert_eq!(day.name("", "/profile/jane-roe", by(6)), "/profile/:other");
        assert_eq!(day.name("", "/profile/jane-roe/", by(6)), "/profile/:other");
        assert_eq!(day.name("", "/profile/jane-roe/posts", by(6)), "/profile/:other/posts");
        assert_eq!(day.name("", "/profile/1", by(1)), "/profile/1", "what has a name keeps it");
        assert_eq!(day.name("", "/about", by(6)), "/about");
        assert_eq!(day.folded("/profile/jane-roe").as_deref(), Some("/profile/:other"));
        assert_eq!(day.name("", "/profile/jane-roe", by(7)), "/profile/jane-roe");
        assert_eq!(day.name("", "/profile/jane-roe", by(6)), "/profile/jane-roe");
        assert!(is_personal(&site, "/profile") && !is_personal(&site, ""));
        // On the next day the first one is folded.
        assert_eq!(folding(&site).name("", "/profile/john", by(1)), "/profile/:other");
    }

    #[test]
    fn a_blog_keeps_its_names() {
        let site = Arc::new(KnownSite::default());
        let mut day = folding(&site);
        for who in 1..=2 {
            assert_eq!(day.name("", "/blog/news", by(who)), "/blog/news");
        }
        for who in 1..=60 {
            let page = format!("/blog/{who}");
            let (first, again) =
                (day.name("", &page, by(who)).into_owned(), day.name("", &page, by(100 + who)).into_owned());
            assert_eq!((first, again), (page.clone(), page), "every post has two readers");
        }
        assert!(!is_personal(&site, "/blog"));
    }

    #[test]
    fn pages_that_were_counted_before_or_that_the_owner_keeps_have_their_names() {
        let known = (1..=60).map(|page| format!("/blog/{page}")).collect();
        let kept = BTreeSet::from(["/kept".to_owned()]);
        let site = Arc::new(KnownSite { known, kept, ..KnownSite::default() });
        let mut day = folding(&site);
        for who in 1..=60 {
            for page in [format!("/blog/{who}"), format!("/kept/{who}")] {
                assert_eq!(day.name("", &page, by(who)), page);
            }
        }
        assert_eq!(day.name("", "/blog/new", by(61)), "/blog/new", "a new post among many that were known");
        assert!(!is_personal(&site, "/blog") && !is_personal(&site, "/kept"));
    }

    #[test]
    fn a_flood_of_pages_fills_no_memory() {
        let mut day = folding(&Arc::default());
        let flood = limits::FOLDING_CHILDREN_MAX as u64;
        for who in 1..=flood + 1_000 {
            day.name("", &format!("/{who}/x"), by(who));
        }
        assert_eq!(day.children.len(), limits::FOLDING_CHILDREN_MAX);
        let unasked: usize = day.parents.values().map(|parent| parent.unasked.len()).sum();
        assert!(day.parents.len() <= limits::FOLDING_CHILDREN_MAX && unasked <= limits::FOLDING_CHILDREN_MAX);
        assert_eq!(day.name("", "/new/page", by(flood)), "/:other/page", "what is folded goes on to be");
    }

    #[test]
    fn without_tokens_each_hit_is_another_visitor() {
        let mut day = folding(&Arc::default());
        for page in 1..=5 {
            day.name("", &format!("/p/{page}"), by(0));
        }
        assert_eq!(day.name("", "/p/jane", by(0)), "/p/:other");
        assert_eq!(day.name("", "/p/jane", by(0)), "/p/jane");
    }

    #[test]
    fn nothing_is_folded_without_a_site_or_where_there_is_no_page() {
        let mut none = Folding::default();
        assert!((1..100).all(|who| none.name("", &format!("/p/{who}"), by(who)) == format!("/p/{who}")));
        let mut day = folding(&Arc::default());
        assert!(
            (1..100).all(|who| day.name("", "(not set)", by(who)) == "(not set)" && day.name("", "/", by(who)) == "/")
        );
    }

    /// The same by a list of all hits before: whether a child is named is read off that list each time.
    fn walked(hits: &[(u8, u8, u64)], named_children: usize) -> Vec<String> {
        let mut named: BTreeMap<(u8, u8), bool> = BTreeMap::new();
        let mut names = Vec::new();
        let mut personal = BTreeSet::new();
        for (at, (parent, child, who)) in hits.iter().enumerate() {
            let who_saw = |of: u8, what: u8| {
                hits[..at].iter().filter(|hit| (hit.0, hit.1) == (of, what)).map(|hit| hit.2).collect::<BTreeSet<_>>()
            };
            let children: BTreeSet<u8> = hits[..=at].iter().filter(|hit| hit.0 == *parent).map(|hit| hit.1).collect();
            let is_new = who_saw(*parent, *child).is_empty();
            let shared = children.iter().filter(|other| who_saw(*parent, **other).len() > 1).count();
            let singles = children.len() - shared;
            if is_new {
                let looks = personal.contains(parent) || singles > named_children;
                let folds = looks && shared * 10 <= singles.max(named_children);
                personal.extend(folds.then_some(*parent));
                named.insert((*parent, *child), !folds);
            }
            let others = who_saw(*parent, *child).iter().any(|other| other != who);
            let is_named = named[&(*parent, *child)] || others || who_saw(*parent, *child).len() > 1;
            names.push(if is_named { format!("/{parent}/{child}") } else { format!("/{parent}/:other") });
        }
        names
    }

    proptest! {
        #[test]
        fn names_are_those_of_a_naive_walk(hits in prop::collection::vec((0u8..3, 0u8..40, 1u64..30), 0..120)) {
            let mut day = folding(&Arc::default());
            let names: Vec<String> =
                hits.iter().map(|(p, c, who)| day.name("", &format!("/{p}/{c}"), by(*who)).into_owned()).collect();
            prop_assert_eq!(names, walked(&hits, 5));
        }
    }
}
