//! The queue between threads that end spans and the one that collects them: bounded in bytes, and exact in what it drops.
//!
//! Each thread writes to one of a few shards, and to the next one if another thread has it just now: nobody sleeps until
//! a lock is free. A shard writes into chunks of a fixed size, which come out of one budget: the budget is touched once a
//! chunk and not once a span, and what is held in memory is what it says, whatever the sizes of spans.

use crate::sync::{AtomicU64, Locked, Mutex, MutexGuard, Ordering, PoisonError, TryLock, yield_now};

/// Bytes of a chunk, unless the budget is small or a span is larger.
const CHUNK_BYTES: u64 = 64 << 10;
/// Parts of the budget that a chunk may be, so that a small one is not all in one shard.
const CHUNKS_MIN: u64 = 16;
/// Parts of a chunk: messages that are larger are taken over as they are, and not copied.
const TAKE_OVER_PARTS: u64 = 4;
/// Parts of a chunk: one that is collected with less in it is copied, since it may have to wait for long.
const SPARSE_PARTS: u64 = 4;
/// Chunks that are kept for reuse, so that their pages are not asked of the system again and again; while nothing is
/// recorded, they are given back.
const SPARE_CHUNKS: usize = 256;

/// Bytes of whole messages, one behind the other, each as a field of `ScopeSpans`.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    bytes: Vec<u8>,
    /// Where the first message starts.
    start: usize,
    /// What it takes of the budget.
    cost: u64,
    /// How many messages there are.
    pub(crate) spans: u64,
}

impl Chunk {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    pub(crate) fn cost(&self) -> u64 {
        self.cost
    }

    fn is_sparse(&self) -> bool {
        (self.bytes().len() as u64) < self.cost / SPARSE_PARTS
    }
}

#[derive(Debug, Default)]
struct Shard {
    current: Chunk,
    full: Vec<Chunk>,
    recorded: u64,
    dropped: u64,
}

/// A shard in a cache line of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Slot(TryLock<Shard>);

impl Slot {
    /// Waits for the lock, which is held for as long as it takes to copy a span.
    fn lock(&self) -> Locked<'_, Shard> {
        loop {
            match self.0.try_lock() {
                Some(shard) => return shard,
                None => yield_now(),
            }
        }
    }
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// It waits to be collected.
    Queued,
    /// It waits, and so much does that it should be collected now.
    Due,
    /// There was no room.
    Dropped,
}

#[derive(Debug)]
pub(crate) struct Queue {
    shards: Box<[Slot]>,
    spare: Mutex<Vec<Vec<u8>>>,
    /// What all chunks cost: those under way, those that wait, and those that are being sent.
    used: AtomicU64,
    /// The part of it that was not collected yet.
    uncollected: AtomicU64,
    bytes_max: u64,
    chunk_bytes: u64,
    due_bytes: u64,
}

/// How many messages were offered and how many of them there was no room for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) recorded: u64,
    pub(crate) dropped: u64,
}

impl Queue {
    /// Makes a queue of at most `bytes_max`, which says it is due each time that a chunk is begun while at least
    /// `due_bytes` wait to be collected.
    pub(crate) fn new(shards: usize, bytes_max: u64, due_bytes: u64) -> Queue {
        Queue {
            shards: (0..shards.max(1)).map(|_| Slot::default()).collect(),
            spare: Mutex::default(),
            used: AtomicU64::new(0),
            uncollected: AtomicU64::new(0),
            bytes_max,
            chunk_bytes: CHUNK_BYTES.min(bytes_max / CHUNKS_MIN).max(1),
            due_bytes,
        }
    }

    /// Offers the message that starts at `start` of `buffer`. A large one is taken out of the buffer.
    pub(crate) fn push(&self, shard: usize, buffer: &mut Vec<u8>, start: usize) -> Pushed {
        let need = (buffer.len() - start) as u64;
        let mut shard = self.free_shard(shard);
        shard.recorded += 1;
        if need > self.chunk_bytes / TAKE_OVER_PARTS {
            return self.take_over(&mut shard, buffer, start);
        }
        let room = shard.current.bytes.capacity() - shard.current.bytes.len();
        let mut pushed = Pushed::Queued;
        if room < need as usize {
            if !self.reserve(self.chunk_bytes) {
                shard.dropped += 1;
                return Pushed::Dropped;
            }
            let begun = Chunk { bytes: self.spare_chunk(), start: 0, cost: self.chunk_bytes, spans: 0 };
            let full = std::mem::replace(&mut shard.current, begun);
            if full.cost > 0 {
                shard.full.push(full);
            }
            pushed = self.begun(self.chunk_bytes);
        }
        shard.current.bytes.extend_from_slice(&buffer[start..]);
        shard.current.spans += 1;
        pushed
    }

    /// Returns the shard of a thread, or the next one that no other thread has.
    ///
    /// Giving it back is a store, where that of a mutex is a locked instruction, which waits until all that was written to
    /// the chunk has reached the cache: it would cost more than the copy.
    fn free_shard(&self, first: usize) -> Locked<'_, Shard> {
        let all = self.shards.len();
        loop {
            let free = (0..all).find_map(|next| self.shards[(first + next) % all].0.try_lock());
            match free {
                Some(shard) => return shard,
                // More threads are at it than there are shards: one of them has been interrupted.
                None => yield_now(),
            }
        }
    }

    fn take_over(&self, shard: &mut Shard, buffer: &mut Vec<u8>, start: usize) -> Pushed {
        let cost = buffer.capacity() as u64;
        if !self.reserve(cost) {
            shard.dropped += 1;
            return Pushed::Dropped;
        }
        shard.full.push(Chunk { bytes: std::mem::take(buffer), start, cost, spans: 1 });
        self.begun(cost)
    }

    fn begun(&self, cost: u64) -> Pushed {
        let before = self.uncollected.fetch_add(cost, Ordering::Relaxed);
        if before + cost >= self.due_bytes { Pushed::Due } else { Pushed::Queued }
    }

    fn reserve(&self, bytes: u64) -> bool {
        // Not added and taken back: in between, another thread would be told that there is no room.
        let with = |used: u64| used.checked_add(bytes).filter(|used| *used <= self.bytes_max);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, with).is_ok()
    }

    fn spare_chunk(&self) -> Vec<u8> {
        let spare = lock(&self.spare).pop();
        spare.unwrap_or_else(|| Vec::with_capacity(self.chunk_bytes as usize))
    }

    /// Takes what waits, with the chunks under way or without. What is taken with little in it costs little more than that.
    pub(crate) fn collect(&self, with_current: bool) -> Vec<Chunk> {
        let mut collected = Vec::new();
        for slot in &self.shards {
            let mut shard = slot.lock();
            collected.append(&mut shard.full);
            if with_current && shard.current.spans > 0 {
                collected.push(std::mem::take(&mut shard.current));
            }
        }
        let cost = collected.iter().map(Chunk::cost).sum();
        self.uncollected.fetch_sub(cost, Ordering::Relaxed);
        self.compact(collected)
    }

    /// Copies sparse chunks together, and gives back what they took beyond that: a receiver that is away would else use up the
    /// budget with a few spans.
    fn compact(&self, collected: Vec<Chunk>) -> Vec<Chunk> {
        let (sparse, mut chunks): (Vec<_>, Vec<_>) = collected.into_iter().partition(Chunk::is_sparse);
        let mut rest = &sparse[..];
        while !rest.is_empty() {
            let (together, behind) = rest.split_at(self.as_many_as_fit(rest));
            chunks.push(joined(together));
            rest = behind;
        }
        // The copies are a part of what the chunks cost, so that the budget always has room for them.
        let copied: u64 = sparse.iter().map(|chunk| chunk.bytes().len() as u64).sum();
        let cost: u64 = sparse.iter().map(Chunk::cost).sum();
        sparse.into_iter().for_each(|chunk| self.keep_spare(chunk.bytes));
        self.used.fetch_sub(cost - copied, Ordering::Relaxed);
        chunks
    }

    /// Returns how many of these have room in one chunk, but at least one.
    fn as_many_as_fit(&self, chunks: &[Chunk]) -> usize {
        let mut bytes = 0;
        let fits = |chunk: &&Chunk| {
            bytes += chunk.bytes().len() as u64;
            bytes <= self.chunk_bytes
        };
        chunks.iter().take_while(fits).count().max(1)
    }

    /// Gives back what a chunk took of the budget.
    pub(crate) fn release(&self, chunk: Chunk) {
        let Chunk { bytes, cost, .. } = chunk;
        self.keep_spare(bytes);
        self.used.fetch_sub(cost, Ordering::Relaxed);
    }

    fn keep_spare(&self, mut bytes: Vec<u8>) {
        if bytes.capacity() as u64 != self.chunk_bytes {
            return;
        }
        let mut spare = lock(&self.spare);
        if spare.len() < SPARE_CHUNKS {
            bytes.clear();
            spare.push(bytes);
        }
    }

    /// Gives a part of the chunks that are kept for reuse back to the system.
    pub(crate) fn shrink(&self) {
        let mut spare = lock(&self.spare);
        let left = spare.len() / 2;
        spare.truncate(left);
    }

    /// Returns the bytes in use.
    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    pub(crate) fn counts(&self) -> Counts {
        self.shards.iter().fold(Counts::default(), |sum, slot| {
            let shard = slot.lock();
            Counts { recorded: sum.recorded + shard.recorded, dropped: sum.dropped + shard.dropped }
        })
    }
}

/// Returns a chunk of exactly what is in these.
fn joined(chunks: &[Chunk]) -> Chunk {
    let bytes = chunks.iter().map(Chunk::bytes).collect::<Vec<_>>().concat();
    let cost = bytes.len() as u64;
    Chunk { bytes, start: 0, cost, spans: chunks.iter().map(|chunk| chunk.spans).sum() }
}

/// No user code runs under a lock, so that what a panic left is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
