//! An exchange that was recorded.

use serde_json::Value;
use spanwise_sdk_core::StartOptions;
use spanwise_sdk_providers::{Call, End, Options, RequestBody, RequestHead, recognise};
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) struct Fixture {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) request: Value,
    pub(crate) status: u16,
    pub(crate) headers: Value,
    pub(crate) body: Vec<u8>,
}

pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

pub(crate) fn all() -> Vec<Fixture> {
    let files = fs::read_dir(folder("fixtures")).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<_> =
        files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names.iter().map(|name| Fixture::named(name)).collect()
}

impl Fixture {
    pub(crate) fn named(name: &str) -> Fixture {
        let text = fs::read_to_string(folder("fixtures").join(name).with_extension("json")).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        let body = match value["body"].as_str() {
            Some(body) => body.as_bytes().to_vec(),
            None => decoded(value["body_base64"].as_str().unwrap()),
        };
        Fixture {
            name: name.to_owned(),
            url: value["url"].as_str().unwrap().to_owned(),
            request: value["request"].clone(),
            status: u16::try_from(value["status"].as_u64().unwrap()).unwrap(),
            headers: value["headers"].clone(),
            body,
        }
    }

    pub(crate) fn call(&self, options: Options) -> Call {
        let head = RequestHead { method: "POST", url: &self.url, header: &|_| None };
        let body = self.request.to_string();
        let call = recognise(&head, RequestBody::Bytes(body.as_bytes()), options);
        call.unwrap_or_else(|| panic!("{} is not recognised", self.name))
    }

    /// Records a span whose response comes in these pieces.
    pub(crate) fn play(&self, pieces: &mut dyn Iterator<Item = &[u8]>, end: End<'_>, options: Options) {
        let call = self.call(options);
        let span = call.start(StartOptions::default());
        let mut answer = call.answer(self.status, &|name| Some(self.headers[name].as_str()?.to_owned()));
        pieces.for_each(|piece| answer.push(piece));
        answer.finish(&span, end);
    }
}

fn decoded(base64: &str) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut out, mut bits, mut held) = (Vec::new(), 0u32, 0);
    for byte in base64.bytes().filter(|byte| *byte != b'=') {
        let digit = DIGITS.iter().position(|own| *own == byte).unwrap();
        bits = bits << 6 | u32::try_from(digit).unwrap();
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    out
}
