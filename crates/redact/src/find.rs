//! The search: through the text as it is, through its JSON, and behind its escapes.

use crate::check::{Candidate, credential};
use crate::escape::{Resolved, escape};
use crate::json::{Visit, looks_like_json, walk};
use crate::path::Step;
use crate::redactor::{Label, Matcher, Redactor};
use regex::Match;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// How often escapes are resolved: JSON inside a JSON string inside a JSON string is two levels.
const LEVELS_MAX: usize = 6;

/// A part of a text that is to be replaced.
#[derive(Debug, Clone)]
pub(crate) struct Finding<'r> {
    pub(crate) range: Range<usize>,
    /// The rule that found it.
    pub(crate) name: &'r Arc<str>,
    /// What takes its place.
    pub(crate) text: Cow<'r, str>,
}

impl<'r> Finding<'r> {
    /// Takes the place of a JSON value whose text is replaced.
    fn quoted(self) -> Finding<'r> {
        Finding { text: format!("\"{}\"", self.text).into(), ..self }
    }

    /// Moves a finding from the inside of a JSON string to the text around it.
    fn out_of_string(self, range: Range<usize>) -> Finding<'r> {
        match escape(&self.text) {
            Cow::Borrowed(_) => Finding { range, ..self },
            Cow::Owned(text) => Finding { range, text: text.into(), ..self },
        }
    }
}

/// Returns a text with findings, which are in order and apart, replaced.
pub(crate) fn apply(text: &str, findings: &[Finding<'_>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for finding in findings {
        out.push_str(&text[done..finding.range.start]);
        out.push_str(&finding.text);
        done = finding.range.end;
    }
    out.push_str(&text[done..]);
    out
}

impl Redactor {
    /// Returns whether there may be something in a text: a quick look that passes nothing over.
    pub(crate) fn may_find(&self, key: Option<&str>, text: &str) -> bool {
        if self.hints.is_match(text)
            || self.has_paths() && looks_like_json(text)
            || self.is_credential(key, text)
        {
            return true;
        }
        let mut level = 0;
        let mut resolved: Cow<'_, str> = text.into();
        while level < LEVELS_MAX && resolved.contains('\\') {
            let next = Resolved::of(&resolved).text;
            if self.hints.is_match(&next) || self.is_credential(key, &next) {
                return true;
            }
            level += 1;
            resolved = next.into();
        }
        false
    }

    fn is_credential(&self, key: Option<&str>, text: &str) -> bool {
        self.credential.is_some() && key.is_some_and(|key| credential::is_named_secret(key, text))
    }

    /// Returns what is to be replaced in a text, in order and apart.
    pub(crate) fn find(
        &self,
        text: &str,
        key: Option<&str>,
        path: &mut Vec<Step>,
        level: usize,
    ) -> Vec<Finding<'_>> {
        if level >= LEVELS_MAX || !looks_like_json(text) {
            return self.find_plain(text, key, path, level);
        }
        let mut collector = Collector { redactor: self, text, level, findings: Vec::new() };
        let end = walk(text, path, self.has_paths(), &mut collector);
        let mut findings = collector.findings;
        if end < text.len() {
            let rest = self.find_plain(&text[end..], None, path, level);
            findings.extend(rest.into_iter().map(|finding| moved(finding, end)));
        }
        findings
    }

    fn find_plain(
        &self,
        text: &str,
        key: Option<&str>,
        path: &mut Vec<Step>,
        level: usize,
    ) -> Vec<Finding<'_>> {
        let mut findings = self.detect(text);
        if let Some(index) = self.credential.filter(|_| self.is_credential(key, text)) {
            findings.push((index, self.finding(0..text.len(), &self.matchers[index].label, text)));
        }
        if level < LEVELS_MAX && text.contains('\\') {
            let resolved = Resolved::of(text);
            let ranges = findings.into_iter().map(|(index, found)| (index, resolved.to_borders(found.range)));
            let ranges = ranges.filter(|(_, range)| !range.is_empty());
            let again = |(index, range): (usize, Range<usize>)| {
                let value = Resolved::of(&text[range.clone()]).text;
                (index, self.finding(range, &self.matchers[index].label, &value))
            };
            findings = ranges.map(again).collect();
            let inside = if resolved.text == text {
                Vec::new()
            } else {
                self.find(&resolved.text, key, path, level + 1)
            };
            findings.extend(inside.into_iter().map(|finding| {
                let range = resolved.written(&finding.range);
                (usize::MAX, finding.out_of_string(range))
            }));
        }
        apart(findings)
    }

    fn finding<'r>(&'r self, range: Range<usize>, label: &'r Label, value: &str) -> Finding<'r> {
        Finding { range, name: &label.name, text: label.for_value(self.key.as_ref(), value) }
    }

    /// Returns what the matchers find in a text as it is written, with their places.
    fn detect(&self, text: &str) -> Vec<(usize, Finding<'_>)> {
        let mut findings = Vec::new();
        for index in self.hints.matches(text) {
            let matcher = &self.matchers[index];
            matcher.each(text, |range| {
                let value = &text[range.clone()];
                findings.push((index, self.finding(range, &matcher.label, value)));
            });
        }
        findings
    }
}

impl Matcher {
    fn each(&self, text: &str, mut found: impl FnMut(Range<usize>)) {
        let mut at = 0;
        while let Some((start, range)) = self.next(text, at) {
            let whole_end = range.end;
            let candidate = Candidate { text, range };
            at = match (self.check)(&candidate) {
                Some(range) => {
                    let end = range.end;
                    found(range);
                    end.max(start + 1)
                }
                None if self.is_one_token => whole_end.max(start + 1),
                // Something may begin inside what was none.
                None => start + 1,
            };
            while !text.is_char_boundary(at) {
                at += 1;
            }
        }
    }

    /// Returns where the next match starts, and the part of it that counts.
    fn next(&self, text: &str, at: usize) -> Option<(usize, Range<usize>)> {
        if at > text.len() {
            return None;
        }
        if self.groups.is_empty() {
            return self.regex.find_at(text, at).map(|found| (found.start(), found.range()));
        }
        let captures = self.regex.captures_at(text, at)?;
        let whole = captures.get(0)?;
        let group = self.groups.iter().find_map(|group| captures.get(*group));
        Some((whole.start(), group.map_or(whole.range(), |group: Match<'_>| group.range())))
    }
}

/// Puts findings in order and joins those that overlap; the one that begins first, else the longest, else that of the
/// earliest matcher gives its name.
fn apart(mut findings: Vec<(usize, Finding<'_>)>) -> Vec<Finding<'_>> {
    findings.sort_by_key(|(index, finding)| (finding.range.start, usize::MAX - finding.range.end, *index));
    let mut apart: Vec<Finding<'_>> = Vec::with_capacity(findings.len());
    for (_, finding) in findings {
        match apart.last_mut() {
            Some(last) if finding.range.start < last.range.end => {
                last.range.end = last.range.end.max(finding.range.end);
            }
            _ => apart.push(finding),
        }
    }
    apart
}

fn moved(finding: Finding<'_>, by: usize) -> Finding<'_> {
    Finding { range: finding.range.start + by..finding.range.end + by, ..finding }
}

/// Collects what is found in the parts of a JSON text.
struct Collector<'r, 't> {
    redactor: &'r Redactor,
    text: &'t str,
    level: usize,
    findings: Vec<Finding<'r>>,
}

impl Visit for Collector<'_, '_> {
    fn wants_whole(&mut self, path: &[Step]) -> bool {
        self.redactor.is_path(path)
    }

    fn whole(&mut self, range: Range<usize>) {
        let label = &self.redactor.path_label;
        let finding = Finding { range, name: &label.name, text: label.replacement.as_str().into() };
        self.findings.push(finding.quoted());
    }

    fn text(&mut self, range: Range<usize>, key: Option<&str>, path: &mut Vec<Step>) {
        let (content, start, level) = (&self.text[range.clone()], range.start, self.level + 1);
        if !content.contains('\\') {
            let found = self.redactor.find(content, key, path, level);
            self.findings.extend(found.into_iter().map(|finding| {
                let range = finding.range.start + start..finding.range.end + start;
                finding.out_of_string(range)
            }));
            return;
        }
        let resolved = Resolved::of(content);
        let found = self.redactor.find(&resolved.text, key, path, level);
        self.findings.extend(found.into_iter().map(|finding| {
            let range = resolved.written(&finding.range);
            finding.out_of_string(range.start + start..range.end + start)
        }));
    }

    fn number(&mut self, range: Range<usize>) {
        if let Some((_, found)) = self.redactor.detect(&self.text[range.clone()]).into_iter().next() {
            self.findings.push(Finding { range, ..found }.quoted());
        }
    }
}
