//! The text that filters and the word index see.

use spanwise_otlp::{
    LogRecordView, SpanView, json, scan_logs, scan_traces, write_log_search_text, write_search_text,
};

#[test]
fn the_text_of_a_span() {
    let json = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"chat gpt","status":{"code":2,"message":"rate limit"},
        "attributes":[
          {"key":"llm.input","value":{"stringValue":"say \"hi\"\nplease"}},
          {"key":"n","value":{"intValue":"7"}},
          {"key":"t","value":{"doubleValue":0.5}},
          {"key":"none"},
          {"key":"messages","value":{"arrayValue":{"values":[{"kvlistValue":{"values":[
            {"key":"role","value":{"stringValue":"user"}},{"key":"content","value":{"stringValue":"a \"b\"\nc"}},
            {"key":"cached","value":{"boolValue":true}}]}}, {}]}}}],
        "events":[{"name":"exception","attributes":[{"key":"exception.type","value":{"stringValue":"ValueError"}}]}]}]}]}]}"#;
    let body = json::transcode_traces(json.as_bytes()).unwrap().body;
    let groups = scan_traces(&body).unwrap();
    let mut text = String::new();
    write_search_text(&SpanView::parse(groups[0].scopes[0].spans[0]).unwrap(), &mut text);
    assert_eq!(
        text,
        "chat gpt\nrate limit\nllm.input: say \"hi\"\nplease\nn: 7\nt: 0.5\nnone: null\n\
         messages: [{\"role\": \"user\", \"content\": \"a \"b\"\nc\", \"cached\": true}, null]\n\
         exception\nexception.type: ValueError\n"
    );
}

#[test]
fn the_text_of_a_log_record() {
    let json = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"eventName":"gen_ai.choice",
        "body":{"kvlistValue":{"values":[{"key":"content","value":{"stringValue":"hi"}}]}},
        "attributes":[{"key":"gen_ai.system","value":{"stringValue":"openai"}}]},{}]}]}]}"#;
    let body = json::transcode_logs(json.as_bytes()).unwrap().body;
    let groups = scan_logs(&body).unwrap();
    let texts = groups[0].scopes[0].records.iter().map(|raw| {
        let mut text = String::new();
        write_log_search_text(&LogRecordView::parse(raw).unwrap(), &mut text);
        text
    });
    let texts: Vec<String> = texts.collect();
    assert_eq!(texts, ["gen_ai.choice\n{\"content\": \"hi\"}\ngen_ai.system: openai\n", ""]);
}
