//! The normal form and MLflow's two JSON forms of any span that the decoder accepts: no panic, and valid JSON.

#![no_main]

use libfuzzer_sys::fuzz_target;
use spanwise_genai::mlflow::{mlflow_attributes, write_dict_span, write_proto_span};
use spanwise_genai::{PriceTable, derive, root_facts};
use spanwise_otlp::SpanView;

fuzz_target!(|bytes: &[u8]| {
    let Ok(span) = SpanView::parse(bytes) else { return };
    let derived = derive(&span, &[], PriceTable::built_in());
    let _ = root_facts(&span, &derived);
    let attributes = mlflow_attributes(&span, &derived, "tr-0", None);
    for write in [write_proto_span, write_dict_span] {
        let mut json = String::new();
        write(&span, &attributes, &mut json);
        assert!(json.starts_with('{') && json.ends_with('}'));
    }
});
