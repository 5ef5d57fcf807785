//! A union-find along parent links.

/// Trees of numbered spans: a span is led to the next span above that is the top of its tree.
#[derive(Debug, Clone, Default)]
pub(super) struct Forest {
    /// For each span one above it in its tree, not always the next; itself for the top.
    up: Vec<u32>,
}

impl Forest {
    /// Adds a tree of one span and returns its number.
    pub(super) fn add(&mut self) -> u32 {
        let number = self.up.len() as u32;
        self.up.push(number);
        number
    }

    /// Makes every span a tree of its own.
    pub(super) fn clear(&mut self) {
        (0..).zip(&mut self.up).for_each(|(number, up)| *up = number);
    }

    /// Returns whether a span is the top of its tree.
    pub(super) fn is_top(&self, number: u32) -> bool {
        self.up[number as usize] == number
    }

    /// Joins the tree of `top` with that of `parent`, which is another one.
    pub(super) fn hang(&mut self, top: u32, parent: u32) {
        self.up[top as usize] = parent;
    }

    /// Makes a span that no other hangs below a tree of its own.
    pub(super) fn cut(&mut self, leaf: u32) {
        self.up[leaf as usize] = leaf;
    }

    /// Returns the top of the tree of a span.
    ///
    /// On the way every other span is led one step further up, so that ways stay short.
    pub(super) fn top(&mut self, number: u32) -> u32 {
        let mut at = number;
        loop {
            let up = self.up[at as usize];
            let next = self.up[up as usize];
            if next == up {
                return up;
            }
            self.up[at as usize] = next;
            at = next;
        }
    }
}
