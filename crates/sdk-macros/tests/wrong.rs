//! Wrong uses of the attribute, and what is said of them.

#[test]
fn wrong_uses_are_explained() {
    trybuild::TestCases::new().compile_fail("tests/wrong/*.rs");
}
