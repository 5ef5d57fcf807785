//! Who counts of a span and those below it.

use super::sum::Sum;

/// Whose figures are taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Choice {
    /// Those of the spans below, as far as these count.
    #[default]
    Below,
    /// The span's own, in place of those below.
    Own,
    /// Both: one tells only tokens and the other only costs, so that nothing is counted twice.
    Both,
}

impl Choice {
    /// Returns whether the span's own figures are taken.
    pub(super) fn takes_own(self) -> bool {
        self != Choice::Below
    }

    /// Returns whether the figures of those below are taken.
    pub(super) fn takes_below(self) -> bool {
        self != Choice::Own
    }
}

/// A span, and what counts of the spans below it up to the next that are such.
#[derive(Debug, Clone, Default)]
pub(super) struct Group {
    own: Sum,
    /// Most spans that report something are calls, with nothing below them: the sum would double what these take.
    below: Option<Box<Sum>>,
    choice: Choice,
}

impl Group {
    pub(super) fn own(&self) -> &Sum {
        &self.own
    }

    pub(super) fn below(&self) -> Sum {
        self.below.as_deref().copied().unwrap_or_default()
    }

    pub(super) fn choice(&self) -> Choice {
        self.choice
    }

    /// Returns what counts of all of it.
    pub(super) fn value(&self) -> Sum {
        match self.choice {
            Choice::Below => self.below(),
            Choice::Own => self.estimated().unwrap_or(self.own),
            Choice::Both => {
                let mut both = self.own;
                both.add(&self.below());
                both
            }
        }
    }

    /// Returns what the span reports with a cost that it does not know itself: a wrapper that tells more tokens than the
    /// spans below it, whose cost is known, has spent the rest on calls like them.
    pub(super) fn estimated(&self) -> Option<Sum> {
        let below = self.below.as_deref().filter(|_| self.choice == Choice::Own)?;
        self.own.priced_as(below)
    }

    /// Sets what the span reports.
    pub(super) fn set_own(&mut self, own: &Sum) {
        self.own = *own;
        self.choice = self.choose();
    }

    /// Replaces a part of what counts below it.
    pub(super) fn change_below(&mut self, old: &Sum, new: &Sum) {
        let below = self.below.get_or_insert_default();
        below.subtract(old);
        below.add(new);
        self.choice = self.choose();
    }

    fn choose(&self) -> Choice {
        match &self.below {
            _ if self.own.is_empty() => Choice::Below,
            Some(below) => choose(&self.own, below),
            None => Choice::Own,
        }
    }
}

/// The rule, for a span that reports something; see [`super`].
fn choose(own: &Sum, below: &Sum) -> Choice {
    if below.is_empty() {
        return Choice::Own;
    }
    let own_if = |is_own: bool| if is_own { Choice::Own } else { Choice::Below };
    match (own.has_usage(), below.has_usage()) {
        (true, true) if own.total_tokens() == below.total_tokens() => {
            own_if(own.has_cost() || !below.has_cost())
        }
        (true, true) => own_if(own.total_tokens() > below.total_tokens()),
        (true, false) if !own.has_cost() => Choice::Both,
        (true, false) => Choice::Own,
        (false, true) if !below.has_cost() => Choice::Both,
        (false, true) => Choice::Below,
        (false, false) => own_if(own.total_cost() >= below.total_cost()),
    }
}
