//! CRC-32 as zip and Ethernet have it.

/// Bytes of a step: their tables are looked up side by side, where a table for one byte waits for the one before.
const STEP: usize = 16;

/// `TABLES[n][byte]` is what `byte` does to the checksum when `n` zeros follow.
static TABLES: [[u32; 256]; STEP] = tables();

const fn tables() -> [[u32; 256]; STEP] {
    let mut tables = [[0; 256]; STEP];
    let mut index = 0;
    while index < 256 {
        let mut value = index as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { value >> 1 ^ 0xedb8_8320 } else { value >> 1 };
            bit += 1;
        }
        tables[0][index] = value;
        index += 1;
    }
    let mut zeros = 1;
    while zeros < STEP {
        let mut index = 0;
        while index < 256 {
            let before = tables[zeros - 1][index];
            tables[zeros][index] = before >> 8 ^ tables[0][(before & 0xff) as usize];
            index += 1;
        }
        zeros += 1;
    }
    tables
}

/// Returns the checksum of pieces that follow each other.
pub(crate) fn crc32<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> u32 {
    !pieces.into_iter().fold(u32::MAX, add)
}

fn add(crc: u32, piece: &[u8]) -> u32 {
    let (steps, rest) = piece.as_chunks::<STEP>();
    let crc = steps.iter().fold(crc, |crc, step| {
        let mut bytes = *step;
        for (byte, before) in bytes.iter_mut().zip(crc.to_le_bytes()) {
            *byte ^= before;
        }
        bytes.iter().zip(TABLES.iter().rev()).fold(0, |crc, (byte, table)| crc ^ table[usize::from(*byte)])
    });
    rest.iter().fold(crc, |crc, byte| crc >> 8 ^ TABLES[0][usize::from(crc as u8 ^ byte)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(crc32([&b"1234"[..], b"56789"]), 0xcbf4_3926);
    }

    #[test]
    fn pieces_of_any_length_give_the_same() {
        let bytes: Vec<u8> = (0..200_u8).map(|byte| byte.wrapping_mul(37)).collect();
        let one_by_one = crc32(bytes.chunks(1));
        for length in 1..=bytes.len() {
            assert_eq!(crc32(bytes.chunks(length)), one_by_one, "pieces of {length}");
        }
    }
}
