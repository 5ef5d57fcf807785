use spanwise_model::*;
use std::collections::HashMap;
#[derive(Default)]
pub(crate) struct UsageTree(HashMap<SpanId, (Option<SpanId>, Option<TokenUsage>, Option<Cost>)>);
impl UsageTree {
    pub(crate) fn insert(&mut self, id: SpanId, p: Option<SpanId>, u: Option<TokenUsage>, c: Option<Cost>) {
        self.0.insert(id, (p, u, c));
    }
    pub(crate) fn replace(&mut self, id: SpanId, p: Option<SpanId>, u: Option<TokenUsage>, c: Option<Cost>) {
        self.0.insert(id, (p, u, c));
    }
    pub(crate) fn totals(&self) -> (Option<TokenUsage>, Option<Cost>) {
        let mut t: Option<TokenUsage> = None;
        for (p, u, _) in self.0.values() {
            let mut p = *p;
            let mut n = 0;
            let mut covered = false;
            while let Some(x) = p.and_then(|p| self.0.get(&p)) {
                covered |= x.1.is_some();
                p = x.0;
                n += 1;
                if n > 1000 {
                    break;
                }
            }
            if let (Some(u), false) = (u, covered) {
                t.get_or_insert_default().add(u);
            }
        }
        (t, None)
    }
}
