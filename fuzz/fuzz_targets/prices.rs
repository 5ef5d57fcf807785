//! Any text is a list of prices that reads back, or none; any name is looked for.

#![no_main]

use libfuzzer_sys::fuzz_target;
use spanwise_genai::PriceTable;
use spanwise_genai::prices::PriceList;

fuzz_target!(|text: &str| {
    let (provider, model) = text.split_once('\n').unwrap_or(("", text));
    let _ = PriceTable::built_in().find(Some(provider), model);
    if let Ok(read) = PriceList::read(text, "2026-01-01", "a file") {
        let again = PriceList::read(&read.text, "", "").expect("what was written is a list");
        assert_eq!(again.text, read.text);
    }
});
