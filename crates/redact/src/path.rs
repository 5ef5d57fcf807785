//! Paths into JSON: `$.messages[*].content.ssn`, `$..password`, `$['a b'][0]`.
//!
//! The names are those of RFC 9535; of its selectors there are names, indices, `*` and descendants.

use crate::rules::RuleError;

/// One step into a value: the name of a member, or the place in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A member of an object.
    Key(String),
    /// An element of a list.
    Index(usize),
}

/// A path that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path(Vec<Selector>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Selector {
    Name(String),
    Index(usize),
    Any,
    /// Any number of steps, also none.
    Descend,
}

impl Path {
    /// Reads a path; the error says where it is wrong.
    pub(crate) fn parse(text: &str) -> Result<Path, RuleError> {
        let mut parser = Parser { text, at: 0 };
        let selectors = parser.path().map_err(|problem| RuleError::Path {
            path: text.into(),
            position: text[..parser.at].chars().count() + 1,
            problem,
        })?;
        Ok(Path(selectors))
    }

    /// Returns whether the path leads to where `steps` lead.
    pub(crate) fn leads_to(&self, steps: &[Step]) -> bool {
        leads_to(&self.0, steps)
    }
}

/// Steps are few, and so are the places at which a descent can end: the product is small.
fn leads_to(selectors: &[Selector], steps: &[Step]) -> bool {
    let Some((selector, selectors)) = selectors.split_first() else { return steps.is_empty() };
    if *selector == Selector::Descend {
        return (0..=steps.len()).any(|skipped| leads_to(selectors, &steps[skipped..]));
    }
    let Some((step, steps)) = steps.split_first() else { return false };
    let fits = match (selector, step) {
        (Selector::Name(name), Step::Key(key)) => name == key,
        (Selector::Index(index), Step::Index(place)) => index == place,
        (selector, _) => *selector == Selector::Any,
    };
    fits && leads_to(selectors, steps)
}

/// Descents of one path: more would make matching slow.
const DESCENTS_MAX: usize = 2;

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn path(&mut self) -> Result<Vec<Selector>, &'static str> {
        if !self.take("$") {
            return Err("expected `$`, the value itself");
        }
        let mut selectors = Vec::new();
        while self.at < self.text.len() {
            if self.take("..") {
                let descents = selectors.iter().filter(|selector| **selector == Selector::Descend).count();
                if descents == DESCENTS_MAX {
                    return Err("expected at most two `..`");
                }
                selectors.push(Selector::Descend);
                selectors.push(if self.take("[") { self.bracket()? } else { self.name()? });
            } else if self.take(".") {
                selectors.push(self.name()?);
            } else if self.take("[") {
                selectors.push(self.bracket()?);
            } else {
                return Err("expected `.`, `..` or `[`");
            }
        }
        match selectors.is_empty() {
            true => Err("expected a member, such as `$.name`; use `attributes` for whole values"),
            false => Ok(selectors),
        }
    }

    fn name(&mut self) -> Result<Selector, &'static str> {
        if self.take("*") {
            return Ok(Selector::Any);
        }
        let rest = &self.text[self.at..];
        let end = rest.find(['.', '[', ']', '\'', '"', '*', ' ', '(', ')', '?']).unwrap_or(rest.len());
        if end == 0 {
            return Err("expected a name or `*`; other names go into `['…']`");
        }
        self.at += end;
        Ok(Selector::Name(rest[..end].into()))
    }

    fn bracket(&mut self) -> Result<Selector, &'static str> {
        let selector = if self.take("*") {
            Selector::Any
        } else if let Some(quote) = ['\'', '"'].into_iter().find(|quote| self.take(&quote.to_string())) {
            let rest = &self.text[self.at..];
            let end = rest.find(quote).ok_or("expected the quote that ends the name")?;
            self.at += end + 1;
            Selector::Name(rest[..end].into())
        } else {
            let rest = &self.text[self.at..];
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let index =
                rest[..end].parse().map_err(|_| "expected `*`, an index from 0, or a name in quotes")?;
            self.at += end;
            Selector::Index(index)
        };
        if self.take("]") { Ok(selector) } else { Err("expected `]`") }
    }

    fn take(&mut self, wanted: &str) -> bool {
        let is_there = self.text[self.at..].starts_with(wanted);
        self.at += if is_there { wanted.len() } else { 0 };
        is_there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(text: &str) -> Vec<Step> {
        let step = |part: &str| part.parse().map_or_else(|_| Step::Key(part.into()), Step::Index);
        text.split('/').filter(|part| !part.is_empty()).map(step).collect()
    }

    fn check(path: &str, to: &str, expected: bool) {
        assert_eq!(Path::parse(path).unwrap().leads_to(&steps(to)), expected, "{path} {to}");
    }

    #[test]
    fn paths_lead_to_members_and_elements() {
        check("$.messages[*].content.ssn", "messages/3/content/ssn", true);
        check("$.messages[*].content.ssn", "messages/3/content", false);
        check("$.messages[0]", "messages/0", true);
        check("$.messages[0]", "messages/1", false);
        check("$['messages'][\"0\"]", "messages/0", false);
        check("$.*.b", "a/b", true);
        check("$.a", "a/b", false);
    }

    #[test]
    fn descents_lead_to_any_depth() {
        check("$..ssn", "ssn", true);
        check("$..ssn", "a/0/b/ssn", true);
        check("$..ssn", "a/0/b/ssn/c", false);
        check("$.a..b[*]", "a/x/y/b/1", true);
        check("$..[0]", "a/0", true);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let refuse = |text: &str| Path::parse(text).unwrap_err().to_string();
        assert_eq!(
            refuse("messages"),
            "path `messages` is wrong at character 1: expected `$`, the value itself"
        );
        assert_eq!(
            refuse("$.a[é]"),
            "path `$.a[é]` is wrong at character 5: expected `*`, an index from 0, or a name in quotes"
        );
        for bad in ["$", "$.", "$.a[", "$.a['b]", "$.a b", "$[?(@.x)]", "$..a..b..c", "$.a]"] {
            assert!(Path::parse(bad).is_err(), "{bad}");
        }
    }
}
