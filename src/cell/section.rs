//! In: a page, and how many parts of a path make a section. Out: the section that the page is in. Forgets: the rest of the path.
//!
//! A section is the page of its name and all below it: at one part `/blog` is the section of `/blog`, `/blog/` and `/blog/2026/a`, and of
//! a page with fewer parts it is the page. What stands for no page is a section of its own.

use super::{Axis, Dimension, Test};

/// The section of a page.
pub fn section(page: &str, depth: u32) -> &str {
    if !page.starts_with('/') {
        return page;
    }
    let path = page.split(['?', '#']).next().unwrap_or_default();
    let end = path.match_indices('/').nth(depth as usize).map_or(path.len(), |(at, _)| at);
    match path[..end].trim_end_matches('/') {
        "" => "/",
        section => section,
    }
}

impl<N> Axis<N> {
    /// A test as it is asked of values of this axis: people may write sections with a slash at the end.
    #[must_use]
    pub fn test(&self, test: Test) -> Test {
        match (self, test) {
            (Axis::Of(Dimension::Section), Test::Is(texts)) => {
                let named =
                    |text: String| if text.starts_with('/') { section(&text, u32::MAX).to_owned() } else { text };
                Test::Is(texts.into_iter().map(named).collect())
            }
            (_, Test::AnyCase(test)) => Test::AnyCase(Box::new(self.test(*test))),
            (_, Test::Not(test)) => Test::Not(Box::new(self.test(*test))),
            (_, test) => test,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_a_page_and_all_below_it() {
        for (page, depth, expected) in [
            ("/", 1, "/"),
            ("/blog", 1, "/blog"),
            ("/blog/", 1, "/blog"),
            ("/blog/2026/a", 1, "/blog"),
            ("/blog/2026/a", 2, "/blog/2026"),
            ("/blog/2026/a", 3, "/blog/2026/a"),
            ("/blog/", 2, "/blog"),
            ("/blog", 3, "/blog"),
            ("/search?q=a/b", 1, "/search"),
            ("/app#/settings", 2, "/app"),
            ("//a", 1, "/"),
            ("/é/ö", 1, "/é"),
            ("(other)", 1, "(other)"),
            ("(not set)", 2, "(not set)"),
            ("", 1, ""),
        ] {
            assert_eq!(section(page, depth), expected, "{page} {depth}");
        }
    }

    #[test]
    fn sections_may_be_written_with_a_slash() {
        let is = |texts: &[&str]| Test::Is(texts.iter().map(|text| (*text).to_owned()).collect());
        let sections = Axis::<&str>::Of(Dimension::Section);
        assert_eq!(sections.test(is(&["/blog/", "/", "(other)"])), is(&["/blog", "/", "(other)"]));
        assert_eq!(sections.test(Test::Not(Box::new(is(&["/a/b/"])))), Test::Not(Box::new(is(&["/a/b"]))));
        assert_eq!(Axis::<&str>::Of(Dimension::Page).test(is(&["/blog/"])), is(&["/blog/"]));
    }
}
