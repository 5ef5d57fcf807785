//! Prices in force.

use super::assert_fails;
use crate::{PriceChange, Store, StoreResult};
use serde_json::json;
use spanwise_genai::prices::{Override, PriceList, Prices, UsageDetails};
use spanwise_model::ErrorKind::NotFound;
use spanwise_model::{ExperimentId, TokenUsage};

const OTHER: ExperimentId = ExperimentId(7_777);

fn set(experiment: Option<ExperimentId>, provider: Option<&str>, input: f64) -> PriceChange {
    let prices = json!({"input": input, "output": 0});
    let prices = prices.as_object().and_then(|prices| Prices::from_json(prices).ok()).unwrap_or_default();
    PriceChange::Set(Override::new(experiment, provider, "Model", prices).expect("the names are good"))
}

fn unset(experiment: Option<ExperimentId>, provider: Option<&str>) -> PriceChange {
    PriceChange::Unset { experiment, provider: provider.map(str::to_owned), model: "model".to_owned() }
}

/// Returns what a million input tokens cost.
fn price(store: &dyn Store, experiment: ExperimentId, provider: Option<&str>) -> Option<f64> {
    let usage = TokenUsage { input: 1_000_000, total: 1_000_000, ..TokenUsage::default() };
    let book = store.prices();
    let cost = book.of(experiment).price(provider, "model", &usage, &UsageDetails::default());
    cost.map(|cost| cost.total)
}

/// Overrides are in force when the change answers; the same again replaces, and what is not there can't be removed.
pub async fn overrides_can_be_set_and_removed(store: &dyn Store) -> StoreResult<()> {
    let own = store.ensure_experiment("own", 10).await?.experiment_id;
    assert_eq!(price(store, own, None), None);
    store.change_prices(set(None, None, 1.0)).await?;
    store.change_prices(set(None, None, 2.0)).await?;
    store.change_prices(set(None, Some("azure"), 3.0)).await?;
    store.change_prices(set(Some(own), None, 4.0)).await?;
    assert_eq!(store.prices().overrides().len(), 3);
    assert_eq!(price(store, ExperimentId::DEFAULT, None), Some(2.0));
    assert_eq!(price(store, ExperimentId::DEFAULT, Some("azure.ai.openai")), Some(3.0));
    assert_eq!(price(store, own, None), Some(4.0));

    store.change_prices(unset(Some(own), None)).await?;
    assert_fails(store.change_prices(unset(Some(own), None)).await, NotFound);
    assert_fails(store.change_prices(unset(None, Some("openai"))).await, NotFound);
    assert_eq!(price(store, own, None), Some(2.0));
    assert_fails(store.change_prices(set(Some(OTHER), None, 1.0)).await, NotFound);
    Ok(())
}

/// A list goes over the built-in one and is replaced by the next; overrides win over it, and stay when it goes.
pub async fn lists_can_be_changed(store: &dyn Store) -> StoreResult<()> {
    let list = |input: f64| {
        let row = json!({"provider": "acme", "model": "model", "input": input, "output": 0});
        let text =
            format!("{{\"format\":\"spanwise-prices/1\",\"date\":\"2027-01-01\",\"source\":\"s\"}}\n{row}\n");
        PriceChange::Update(Box::new(PriceList::read(&text, "", "").expect("the list is good")))
    };
    store.change_prices(list(5.0)).await?;
    store.change_prices(list(6.0)).await?;
    assert_eq!(price(store, ExperimentId::DEFAULT, Some("acme")), Some(6.0));
    assert_eq!(store.prices().list().updated_info().map(|info| info.rows), Some(1));
    store.change_prices(set(None, None, 1.0)).await?;
    assert_eq!(price(store, ExperimentId::DEFAULT, Some("acme")), Some(1.0));

    store.change_prices(PriceChange::Reset).await?;
    assert_eq!(store.prices().list().updated_info(), None);
    assert_eq!(price(store, ExperimentId::DEFAULT, Some("acme")), Some(1.0));
    store.change_prices(unset(None, None)).await?;
    assert_eq!(price(store, ExperimentId::DEFAULT, Some("acme")), None);
    Ok(())
}
