//! Single values: how their bytes are read, and what they are as JSON.

use super::thrift::Thrift;
use crate::TableError;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Number, Value};

/// A column's type of values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaf {
    physical: Physical,
    meaning: Meaning,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Physical {
    Bool,
    Int32,
    Int64,
    Int96,
    Float,
    Double,
    Bytes,
    /// So many bytes.
    Fixed(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// What the physical type says; bytes are a text.
    Plain,
    Json,
    Unsigned,
    Date,
    /// Nanoseconds of a unit, since the epoch.
    Timestamp(i64),
    /// Digits behind the point.
    Decimal(u32),
}

const NS_PER_MS: i64 = 1_000_000;
const NS_PER_US: i64 = 1_000;
/// The Julian day of the epoch, from which the oldest form of a time counts.
const EPOCH_JULIAN_DAY: i64 = 2_440_588;
const SECONDS_PER_DAY: i64 = 86_400;

impl Leaf {
    /// Reads the type of a column from its element of the schema.
    pub(super) fn of(name: &str, element: &Thrift) -> Result<Leaf, TableError> {
        let physical = match element.int(1) {
            Some(0) => Physical::Bool,
            Some(1) => Physical::Int32,
            Some(2) => Physical::Int64,
            Some(3) => Physical::Int96,
            Some(4) => Physical::Float,
            Some(5) => Physical::Double,
            Some(6) => Physical::Bytes,
            Some(7) => match element.size(2, "length of its values")? {
                0 => return Err(TableError::damaged(format!("column `{name}` has values of no length"))),
                length => Physical::Fixed(length as usize),
            },
            _ => return Err(TableError::damaged(format!("column `{name}` has no known type"))),
        };
        Ok(Leaf { physical, meaning: meaning(element) })
    }

    /// Takes a value as it is written in PLAIN off the front of some bytes. Flags are bits, and are not taken here.
    pub(super) fn take(&self, bytes: &mut &[u8]) -> Result<Value, TableError> {
        let length = match self.physical {
            Physical::Bool => 1,
            Physical::Int32 | Physical::Float => 4,
            Physical::Int64 | Physical::Double => 8,
            Physical::Int96 => 12,
            Physical::Fixed(length) => length,
            Physical::Bytes => {
                let length = split(bytes, 4)?;
                u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize
            }
        };
        self.value(split(bytes, length)?)
    }

    /// Says whether values are single bits.
    pub(super) fn is_bool(&self) -> bool {
        self.physical == Physical::Bool
    }

    fn value(&self, bytes: &[u8]) -> Result<Value, TableError> {
        Ok(match self.physical {
            Physical::Bool => (bytes[0] != 0).into(),
            Physical::Int32 => self.whole(i64::from(i32::from_le_bytes(sized(bytes)?)), 32),
            Physical::Int64 => self.whole(i64::from_le_bytes(sized(bytes)?), 64),
            Physical::Int96 => old_timestamp(bytes)?,
            // As the shortest text that gives the same single, so that 0.1 stays 0.1.
            Physical::Float => {
                let text = f32::from_le_bytes(sized(bytes)?).to_string();
                text.parse().ok().and_then(Number::from_f64).map_or(Value::Null, Value::Number)
            }
            Physical::Double => {
                Number::from_f64(f64::from_le_bytes(sized(bytes)?)).map_or(Value::Null, Value::Number)
            }
            Physical::Bytes | Physical::Fixed(_) => self.text(bytes)?,
        })
    }

    fn whole(&self, number: i64, bits: u32) -> Value {
        match self.meaning {
            Meaning::Unsigned if bits == 32 => u64::from(number as u32).into(),
            Meaning::Unsigned => number.cast_unsigned().into(),
            Meaning::Date => date_text(number).map_or(number.into(), Value::from),
            Meaning::Timestamp(unit_ns) => timestamp_text(number, unit_ns).map_or(number.into(), Value::from),
            Meaning::Decimal(scale) => decimal_text(i128::from(number), scale).into(),
            Meaning::Plain | Meaning::Json => number.into(),
        }
    }

    fn text(&self, bytes: &[u8]) -> Result<Value, TableError> {
        if let Meaning::Decimal(scale) = self.meaning {
            return decimal(bytes, scale);
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|_| TableError::Unsupported("a column of bytes that are no text".to_owned()))?;
        let parsed = if self.meaning == Meaning::Json { serde_json::from_str(text).ok() } else { None };
        Ok(parsed.unwrap_or_else(|| text.into()))
    }
}

fn meaning(element: &Thrift) -> Meaning {
    let scale = element.int(7).and_then(|scale| u32::try_from(scale).ok()).unwrap_or(0);
    if let Some(logical) = element.field(10) {
        if logical.field(8).is_some_and(|timestamp| timestamp.field(2).is_some()) {
            return Meaning::Timestamp(unit_of(logical.field(8).and_then(|timestamp| timestamp.field(2))));
        }
        if logical.field(5).is_some() {
            return Meaning::Decimal(scale);
        }
        if logical.field(6).is_some() {
            return Meaning::Date;
        }
        if logical.field(12).is_some() {
            return Meaning::Json;
        }
        if logical.field(10).is_some_and(|number| number.bool(2) == Some(false)) {
            return Meaning::Unsigned;
        }
    }
    match element.int(6) {
        Some(5) => Meaning::Decimal(scale),
        Some(6) => Meaning::Date,
        Some(9) => Meaning::Timestamp(NS_PER_MS),
        Some(10) => Meaning::Timestamp(NS_PER_US),
        Some(11..=14) => Meaning::Unsigned,
        Some(19) => Meaning::Json,
        _ => Meaning::Plain,
    }
}

fn unit_of(unit: Option<&Thrift>) -> i64 {
    let is = |id| unit.is_some_and(|unit| unit.field(id).is_some());
    if is(1) {
        NS_PER_MS
    } else if is(2) {
        NS_PER_US
    } else {
        1
    }
}

fn split<'a>(bytes: &mut &'a [u8], length: usize) -> Result<&'a [u8], TableError> {
    let (taken, rest) =
        bytes.split_at_checked(length).ok_or_else(|| TableError::damaged("a page ends within a value"))?;
    *bytes = rest;
    Ok(taken)
}

fn sized<const N: usize>(bytes: &[u8]) -> Result<[u8; N], TableError> {
    bytes.try_into().map_err(|_| TableError::damaged("a value has a wrong length"))
}

fn date_text(days: i64) -> Option<String> {
    let time = Timestamp::from_second(days.checked_mul(SECONDS_PER_DAY)?).ok()?;
    let date: Date = jiff::tz::TimeZone::UTC.to_datetime(time).date();
    Some(date.to_string())
}

fn timestamp_text(count: i64, unit_ns: i64) -> Option<String> {
    let ns = i128::from(count) * i128::from(unit_ns);
    Timestamp::from_nanosecond(ns).ok().map(|time| time.to_string())
}

/// Nanoseconds of the day, and the Julian day.
fn old_timestamp(bytes: &[u8]) -> Result<Value, TableError> {
    let ns = i64::from_le_bytes(sized(&bytes[..8])?);
    let day = i64::from(u32::from_le_bytes(sized(&bytes[8..])?)) - EPOCH_JULIAN_DAY;
    let time = Timestamp::from_second(day * SECONDS_PER_DAY)
        .and_then(|time| time.checked_add(SignedDuration::from_nanos(ns)));
    Ok(time.map_or(Value::Null, |time| time.to_string().into()))
}

/// A decimal is a whole number in two's complement, the highest byte first.
fn decimal(bytes: &[u8], scale: u32) -> Result<Value, TableError> {
    if bytes.len() > 16 {
        return Err(TableError::Unsupported("decimals of more than 38 digits".to_owned()));
    }
    let is_negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let begin: i128 = if is_negative { -1 } else { 0 };
    let number = bytes.iter().fold(begin, |number, byte| (number << 8) | i128::from(*byte));
    Ok(decimal_text(number, scale).into())
}

fn decimal_text(number: i128, scale: u32) -> String {
    let digits = number.unsigned_abs().to_string();
    let scale = scale.min(64) as usize;
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, rest) = padded.split_at(padded.len() - scale);
    let sign = if number < 0 { "-" } else { "" };
    if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}
