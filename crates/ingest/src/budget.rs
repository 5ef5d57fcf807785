//! Admission by bytes: what may be in memory between the socket and the store at any moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A bound on the bytes of all requests that are being read, decoded or written.
#[derive(Debug, Clone)]
pub struct ByteBudget {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    used: AtomicUsize,
    limit: usize,
}

/// The budget is used up; the request may be sent again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the ingestion queue is full ({used} of {limit} bytes are in use, {wanted} more were asked for); retry later"
)]
pub struct BudgetExceeded {
    /// Bytes in use when it failed.
    pub used: usize,
    /// Bytes that were asked for.
    pub wanted: usize,
    /// The bound.
    pub limit: usize,
}

impl ByteBudget {
    /// Makes a budget of `limit` bytes.
    pub fn new(limit: usize) -> Self {
        ByteBudget { shared: Arc::new(Shared { used: AtomicUsize::new(0), limit }) }
    }

    /// Returns a reservation of no bytes, to be grown as a body arrives.
    pub fn reserve(&self) -> Reservation {
        Reservation { shared: self.shared.clone(), bytes: 0 }
    }

    /// Returns the bytes that are reserved now.
    pub fn used(&self) -> usize {
        self.shared.used.load(Ordering::Relaxed)
    }
}

/// Bytes of the budget that one request holds; given back when dropped.
#[derive(Debug)]
pub struct Reservation {
    shared: Arc<Shared>,
    bytes: usize,
}

impl Reservation {
    /// Grows to `bytes` in total; a smaller figure changes nothing.
    ///
    /// Never waits: a body that does not fit now is refused, so that its sender slows down and memory stays bounded. One
    /// that is alone may be larger than the budget; bodies have a limit of their own.
    pub fn grow_to(&mut self, bytes: usize) -> Result<(), BudgetExceeded> {
        let wanted = bytes.saturating_sub(self.bytes);
        let (limit, own) = (self.shared.limit, self.bytes);
        let grow = |used: usize| used.checked_add(wanted).filter(|&total| total <= limit || used == own);
        match self.shared.used.fetch_update(Ordering::AcqRel, Ordering::Relaxed, grow) {
            Ok(_) => {
                self.bytes += wanted;
                Ok(())
            }
            Err(used) => Err(BudgetExceeded { used, wanted, limit }),
        }
    }

    /// Returns the bytes that are held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shared.used.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_and_fits_again_later() {
        let budget = ByteBudget::new(100);
        let mut first = budget.reserve();
        first.grow_to(60).unwrap();
        let mut second = budget.reserve();
        assert_eq!(second.grow_to(41), Err(BudgetExceeded { used: 60, wanted: 41, limit: 100 }));
        second.grow_to(40).unwrap();
        drop(first);
        second.grow_to(100).unwrap();
        assert_eq!(budget.used(), 100);
        drop(second);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn growing_counts_only_the_difference() {
        let budget = ByteBudget::new(20);
        let _other = held(&budget, 10);
        let mut held = budget.reserve();
        for total in [3, 7, 7, 2, 10] {
            held.grow_to(total).unwrap();
        }
        assert_eq!((held.bytes(), budget.used()), (10, 20));
        assert!(held.grow_to(usize::MAX).is_err());
    }

    #[test]
    fn one_that_is_alone_may_be_larger_and_then_nothing_else_fits() {
        let budget = ByteBudget::new(10);
        let large = held(&budget, 25);
        assert!(budget.reserve().grow_to(1).is_err());
        drop(large);
        let _small = held(&budget, 1);
        assert!(budget.reserve().grow_to(10).is_err());
    }

    fn held(budget: &ByteBudget, bytes: usize) -> Reservation {
        let mut held = budget.reserve();
        held.grow_to(bytes).unwrap();
        held
    }
}
