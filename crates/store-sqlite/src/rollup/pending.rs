//! Changes of roll-ups that wait to be added to their rows: one row of many changes, where a group of writes touches
//! so many roll-ups that writing each of them would cost more than all else.
//!
//! ```text
//! version u8 | n × (flags u8 | experiment zigzag | bucket zigzag | model key, 0 = traces | bin? | 5 × tokens? | cost zigzag?)
//! ```

use super::figures::{Share, TOKENS, read_number, read_signed, write_number, write_signed};
use crate::block::Input;
use crate::error::{damaged, sql_error};
use rusqlite::Connection;
use spanwise_store::StoreResult;

const VERSION: u8 = 1;

const COUNT_MASK: u8 = 0b11;
const HAS_COUNT: u8 = 1 << 2;
const HAS_BIN: u8 = 1 << 3;
const HAS_TOKENS: u8 = 1 << 4;
const HAS_COST: u8 = 1 << 5;
const IS_ADDED: u8 = 1 << 6;

/// A change of a roll-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pending {
    pub(super) experiment_id: i64,
    pub(super) bucket: i64,
    /// 0 for the traces.
    pub(super) model_key: i64,
    pub(super) share: Share,
    pub(super) is_added: bool,
}

/// Starts to pack changes.
pub(super) fn begin(out: &mut Vec<u8>) {
    out.clear();
    out.push(VERSION);
}

/// Packs one more.
pub(super) fn pack(out: &mut Vec<u8>, change: &Pending) {
    let share = &change.share;
    let has_tokens = share.tokens != [0; TOKENS];
    let mut flags = share.count.map_or(0, |count| count & COUNT_MASK | HAS_COUNT);
    for (bit, set) in [
        (HAS_BIN, share.bin.is_some()),
        (HAS_TOKENS, has_tokens),
        (HAS_COST, share.cost != 0),
        (IS_ADDED, change.is_added),
    ] {
        flags |= if set { bit } else { 0 };
    }
    out.push(flags);
    write_signed(out, i128::from(change.experiment_id));
    write_signed(out, i128::from(change.bucket));
    write_signed(out, i128::from(change.model_key));
    share.bin.iter().for_each(|bin| write_number(out, u128::from(*bin)));
    if has_tokens {
        share.tokens.iter().for_each(|tokens| write_number(out, u128::from(*tokens)));
    }
    if share.cost != 0 {
        write_signed(out, share.cost);
    }
}

/// Visits the changes of one row.
pub(super) fn unpack(bytes: &[u8], mut visit: impl FnMut(Pending) -> StoreResult<()>) -> StoreResult<()> {
    let mut input = Input(bytes);
    let version = input.u8()?;
    if version != VERSION {
        return Err(damaged(format!("changes of roll-ups have version {version}, which is not known")));
    }
    while !input.0.is_empty() {
        visit(unpack_one(&mut input)?)?;
    }
    Ok(())
}

fn unpack_one(input: &mut Input<'_>) -> StoreResult<Pending> {
    let flags = input.u8()?;
    let mut key = || {
        let number = read_signed(input)?;
        i64::try_from(number).map_err(|_| damaged(format!("a change of a roll-up has a key {number}")))
    };
    let (experiment_id, bucket, model_key) = (key()?, key()?, key()?);
    let mut share =
        Share { count: (flags & HAS_COUNT != 0).then_some(flags & COUNT_MASK), ..Share::default() };
    if flags & HAS_BIN != 0 {
        let bin = input.varint()?;
        share.bin = Some(u16::try_from(bin).map_err(|_| damaged(format!("a roll-up has no bin {bin}")))?);
    }
    if flags & HAS_TOKENS != 0 {
        for tokens in &mut share.tokens {
            *tokens = u64::try_from(read_number(input)?).unwrap_or(u64::MAX);
        }
    }
    if flags & HAS_COST != 0 {
        share.cost = read_signed(input)?;
    }
    Ok(Pending { experiment_id, bucket, model_key, share, is_added: flags & IS_ADDED != 0 })
}

/// Writes changes.
pub(super) fn insert(conn: &Connection, packed: &[u8]) -> StoreResult<()> {
    conn.prepare_cached("INSERT INTO rollup_pending (changes) VALUES (?1)")
        .and_then(|mut statement| statement.execute([packed]))
        .map_err(sql_error)?;
    Ok(())
}

/// Removes all changes, now that they are in the rows.
pub(super) fn delete_all(conn: &Connection) -> StoreResult<()> {
    conn.prepare_cached("DELETE FROM rollup_pending")
        .and_then(|mut statement| statement.execute([]))
        .map_err(sql_error)?;
    Ok(())
}

/// Visits all changes in the order in which they were made.
pub(super) fn for_each(
    conn: &Connection,
    mut visit: impl FnMut(Pending) -> StoreResult<()>,
) -> StoreResult<()> {
    let mut statement =
        conn.prepare_cached("SELECT changes FROM rollup_pending ORDER BY pending_id").map_err(sql_error)?;
    let mut rows = statement.query([]).map_err(sql_error)?;
    while let Some(row) = rows.next().map_err(sql_error)? {
        let packed = row.get_ref(0).and_then(|value| Ok(value.as_blob()?)).map_err(sql_error)?;
        unpack(packed, &mut visit)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_come_back_as_they_were_packed() {
        let share =
            Share { count: Some(2), bin: Some(3711), tokens: [1, 0, u64::MAX, 0, 5], cost: -(1 << 90) };
        let full = Pending { experiment_id: 7, bucket: i64::MIN, model_key: i64::MAX, share, is_added: true };
        let empty = Pending { share: Share::default(), is_added: false, ..full };
        let mut packed = Vec::new();
        begin(&mut packed);
        [full, empty].iter().for_each(|change| pack(&mut packed, change));
        let mut found = Vec::new();
        unpack(&packed, |change| {
            found.push(change);
            Ok(())
        })
        .unwrap();
        assert_eq!(found, [full, empty]);
        assert!(unpack(&packed[..packed.len() - 1], |_| Ok(())).is_err());
    }
}
