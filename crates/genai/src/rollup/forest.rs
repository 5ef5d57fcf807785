//! A union-find along parent links, which also tells what lies on the way to the root.

use super::sum::Kind;

/// Which kinds some spans report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Flags(u8);

impl Flags {
    pub(super) fn and(self, kind: Kind) -> Flags {
        Flags(self.0 | 1 << kind as u8)
    }

    pub(super) fn with(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    pub(super) fn has(self, kind: Kind) -> bool {
        self.0 >> kind as u8 & 1 == 1
    }
}

/// Trees of numbered spans.
#[derive(Debug, Clone, Default)]
pub(super) struct Forest {
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    /// A span above this one, not always the next; itself for a root.
    up: u32,
    /// What this span reports. For a span that is not a root and has others below it, this never changes.
    own: Flags,
    /// What the spans between this one and `up` report, without these two.
    between: Flags,
}

impl Forest {
    /// Adds a tree of one span and returns its number.
    pub(super) fn add_root(&mut self) -> u32 {
        let number = self.nodes.len() as u32;
        self.nodes.push(Node { up: number, own: Flags::default(), between: Flags::default() });
        number
    }

    /// Makes every span a root that reports nothing.
    pub(super) fn clear(&mut self) {
        for (number, node) in (0..).zip(&mut self.nodes) {
            *node = Node { up: number, own: Flags::default(), between: Flags::default() };
        }
    }

    pub(super) fn own(&self, number: u32) -> Flags {
        self.nodes[number as usize].own
    }

    pub(super) fn set_own(&mut self, number: u32, own: Flags) {
        self.nodes[number as usize].own = own;
    }

    /// Hangs the tree of `root` below `parent`, which is in another tree.
    pub(super) fn hang(&mut self, root: u32, parent: u32) {
        self.nodes[root as usize].up = parent;
    }

    /// Returns the root above `number`, and what the spans above `number` report, the root included.
    ///
    /// On the way every other span is led one step further up, so that ways stay short.
    pub(super) fn find(&mut self, number: u32) -> (u32, Flags) {
        let (mut at, mut above) = (number, Flags::default());
        loop {
            let node = self.nodes[at as usize];
            let next = self.nodes[node.up as usize];
            if node.up == at {
                return (at, above);
            }
            if next.up == node.up {
                return (node.up, above.with(node.between).with(next.own));
            }
            let between = node.between.with(next.own).with(next.between);
            self.nodes[at as usize] = Node { up: next.up, between, ..node };
            above = above.with(between).with(self.own(next.up));
            at = next.up;
        }
    }
}
