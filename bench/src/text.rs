//! Text as people and models write it, as far as an index and a compressor can tell: words by Zipf's law, sentences,
//! paragraphs. Sentences are made once and put together, so that making text costs little more than copying it.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

/// Different words. Word `n` is about `1 / n` times as frequent as the first.
const WORDS: usize = 30_000;
/// Different sentences: 4 MB of them, so that a compressor's window rarely sees one twice in a trace.
const SENTENCES: usize = 40_000;
const SYLLABLES: [&str; 40] = [
    "ba", "con", "de", "er", "fi", "ga", "hel", "in", "jo", "ka", "li", "men", "no", "or", "pre", "qua",
    "re", "sta", "ti", "un", "ver", "wi", "ex", "ya", "zo", "tion", "ing", "al", "ous", "ment", "tra", "per",
    "sub", "ly", "am", "ent", "ic", "ous", "ble", "ter",
];

/// Sentences to write with.
pub(crate) struct Corpus {
    words: Vec<String>,
    sentences: Vec<String>,
}

impl Corpus {
    /// Makes the sentences; the same for everyone.
    pub(crate) fn new() -> Corpus {
        let mut rng = SmallRng::seed_from_u64(1);
        let words: Vec<String> = (0..WORDS).map(|rank| word(rank, &mut rng)).collect();
        let sentences = (0..SENTENCES).map(|_| sentence(&words, &mut rng)).collect();
        Corpus { words, sentences }
    }

    /// Returns the word of that rank: 0 is the most frequent.
    pub(crate) fn word(&self, rank: usize) -> &str {
        &self.words[rank]
    }

    /// Returns about `bytes` of text.
    pub(crate) fn text(&self, bytes: usize, rng: &mut SmallRng) -> String {
        let mut text = String::with_capacity(bytes + 128);
        while text.len() < bytes {
            if !text.is_empty() {
                text.push(if rng.random_ratio(1, 6) { '\n' } else { ' ' });
            }
            text.push_str(&self.sentences[rng.random_range(0..SENTENCES)]);
        }
        text
    }
}

fn word(rank: usize, rng: &mut SmallRng) -> String {
    // Frequent words are short.
    let syllables = 1 + rank.max(1).ilog10() as usize * 2 / 3 + rng.random_range(0..2);
    let stem: String = (0..syllables).map(|_| SYLLABLES[rng.random_range(0..SYLLABLES.len())]).collect();
    // Two words of the same syllables would be one.
    if rank < 200 { stem } else { format!("{stem}{}", SYLLABLES[rank % SYLLABLES.len()]) }
}

fn sentence(words: &[String], rng: &mut SmallRng) -> String {
    let count = rng.random_range(8..22);
    let mut text = String::new();
    for index in 0..count {
        let next = match rng.random_range(0..40) {
            0 => rng.random_range(2..5000).to_string(),
            1 => format!("`{}_{}`", words[zipf(rng)], words[zipf(rng)]),
            _ => words[zipf(rng)].clone(),
        };
        if index == 0 {
            let mut letters = next.chars();
            text.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            text.push_str(letters.as_str());
        } else {
            text.push_str(if rng.random_ratio(1, 12) { ", " } else { " " });
            text.push_str(&next);
        }
    }
    text.push('.');
    text
}

/// Draws a rank with a probability of about `1 / (rank + 1)`.
fn zipf(rng: &mut SmallRng) -> usize {
    ((WORDS as f64).powf(rng.random::<f64>()) - 1.0) as usize
}
