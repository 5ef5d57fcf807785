//! Boolean structure over any kind of leaf: trace predicates, tests of one span, experiment predicates.

/// A boolean expression whose leaves are `P`.
///
/// In normal form (what [`Expr::and`] and [`Expr::or`] build) no `And` is a direct child of an `And`, no `Or` of
/// an `Or`, and neither has exactly one child.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr<P> {
    /// All hold; of no parts: always true.
    And(Vec<Expr<P>>),
    /// At least one holds; of no parts: never true.
    Or(Vec<Expr<P>>),
    /// The two-valued complement: true whenever the inner expression is not true, absent values included.
    Not(Box<Expr<P>>),
    /// The leaf holds.
    Is(P),
}

impl<P> Expr<P> {
    /// Returns the expression that is always true.
    pub fn all() -> Self {
        Expr::And(Vec::new())
    }

    /// Returns whether this is the expression that is always true, as an empty filter text gives.
    pub fn is_all(&self) -> bool {
        matches!(self, Expr::And(parts) if parts.is_empty())
    }

    /// Returns the conjunction of `parts` in normal form.
    pub fn and(parts: Vec<Expr<P>>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Expr::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        only_child(flat).unwrap_or_else(Expr::And)
    }

    /// Returns the disjunction of `parts` in normal form.
    pub fn or(parts: Vec<Expr<P>>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Expr::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        only_child(flat).unwrap_or_else(Expr::Or)
    }

    /// Returns the complement of `inner`.
    pub fn negate(inner: Expr<P>) -> Self {
        Expr::Not(Box::new(inner))
    }

    /// Returns whether the expression holds, asking `leaf` for each leaf that matters.
    pub fn holds(&self, leaf: &mut dyn FnMut(&P) -> bool) -> bool {
        match self {
            Expr::And(parts) => parts.iter().all(|part| part.holds(leaf)),
            Expr::Or(parts) => parts.iter().any(|part| part.holds(leaf)),
            Expr::Not(inner) => !inner.holds(leaf),
            Expr::Is(predicate) => leaf(predicate),
        }
    }
}

fn only_child<P>(mut parts: Vec<Expr<P>>) -> Result<Expr<P>, Vec<Expr<P>>> {
    match parts.pop() {
        Some(only) if parts.is_empty() => Ok(only),
        Some(last) => {
            parts.push(last);
            Err(parts)
        }
        None => Err(parts),
    }
}
