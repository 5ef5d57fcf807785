//! Each exchange becomes the span that is kept beside it.

use crate::fixture::{all, folder};
use crate::recorded::Recorded;
use spanwise_sdk_providers::{End, Options};
use std::{env, fs};

#[test]
fn each_exchange_becomes_its_span() {
    let recorded = Recorded::start();
    let mut wrong = Vec::new();
    for fixture in all() {
        fixture.play(&mut [&fixture.body[..]].into_iter(), End::Complete, Options::default());
        let spans = recorded.take();
        assert_eq!(spans.len(), 1, "{}", fixture.name);
        let mut span = spans[0].clone();
        // Whether maps keep their order depends on what else is built.
        span.sort_all_objects();
        let text = serde_json::to_string_pretty(&span).unwrap() + "\n";
        let path = folder("golden").join(&fixture.name).with_extension("json");
        if env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, &text).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != text {
            wrong.push(format!("{}: {text}", fixture.name));
        }
    }
    assert!(wrong.is_empty(), "these are not as they were:\n{}", wrong.join("\n"));
}

#[test]
fn contents_are_left_out_where_that_is_asked() {
    let recorded = Recorded::start();
    for fixture in all() {
        let options = Options::without_content();
        fixture.play(&mut [&fixture.body[..]].into_iter(), End::Complete, options);
        let span = &recorded.take()[0];
        let attributes = span["attributes"].as_object().unwrap();
        for key in [
            "gen_ai.input.messages",
            "gen_ai.output.messages",
            "gen_ai.system_instructions",
            "gen_ai.tool.definitions",
            "mlflow.spanInputs",
        ] {
            assert!(!attributes.contains_key(key), "{}: {key}", fixture.name);
        }
        assert!(attributes.contains_key("gen_ai.request.model"), "{}", fixture.name);
    }
}
