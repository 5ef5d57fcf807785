//! The prices of one model, by kind of token, size of the request and service.

use serde_json::{Map, Value};
use std::fmt;

/// Highest price, in US dollars a million tokens. No model costs as much; beyond it, a price a token was given.
pub const PRICE_PER_MILLION_MAX: f64 = 10_000.0;
/// Sizes of context above which a model has other prices.
const TIERS_MAX: usize = 8;
/// Services that a model has other prices for.
const SERVICES_MAX: usize = 8;
/// Characters of a service's name.
const SERVICE_CHARS_MAX: usize = 32;

/// What a price is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Input tokens that are none of the below.
    Input,
    /// Output tokens that are none of the below.
    Output,
    /// Input tokens that were read from a cache.
    CacheRead,
    /// Input tokens that were written to a cache.
    CacheWrite,
    /// Input tokens that were written to a cache to be kept for more than an hour.
    CacheWrite1h,
    /// Input tokens that were audio.
    AudioInput,
    /// Output tokens that were audio.
    AudioOutput,
    /// Input tokens that were images.
    ImageInput,
    /// Output tokens that were images.
    ImageOutput,
    /// Output tokens that were spent on reasoning.
    Reasoning,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 10] = [
        Kind::Input,
        Kind::Output,
        Kind::CacheRead,
        Kind::CacheWrite,
        Kind::CacheWrite1h,
        Kind::AudioInput,
        Kind::AudioOutput,
        Kind::ImageInput,
        Kind::ImageOutput,
        Kind::Reasoning,
    ];

    /// Returns its name in price lists and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Input => "input",
            Kind::Output => "output",
            Kind::CacheRead => "cache_read",
            Kind::CacheWrite => "cache_write",
            Kind::CacheWrite1h => "cache_write_1h",
            Kind::AudioInput => "audio_input",
            Kind::AudioOutput => "audio_output",
            Kind::ImageInput => "image_input",
            Kind::ImageOutput => "image_output",
            Kind::Reasoning => "reasoning",
        }
    }

    /// Returns the kind of that name.
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Prices in US dollars a token, of some kinds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Rates(Vec<(Kind, f64)>);

impl Rates {
    pub(crate) fn get(&self, kind: Kind) -> Option<f64> {
        self.0.iter().find(|(own, _)| *own == kind).map(|(_, rate)| *rate)
    }

    pub(crate) fn set(&mut self, kind: Kind, per_token: f64) {
        self.0.retain(|(own, _)| *own != kind);
        self.0.push((kind, per_token));
        self.0.sort_by_key(|(kind, _)| *kind);
    }

    pub(crate) fn remove(&mut self, kind: Kind) {
        self.0.retain(|(own, _)| *own != kind);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Prices by the size of a request.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Tiers {
    pub(crate) base: Rates,
    /// Prices of requests with more input tokens than this, cached ones included; in ascending order.
    pub(crate) above: Vec<(u64, Rates)>,
}

impl Tiers {
    /// Returns the prices above that many tokens, which are there from then on.
    pub(crate) fn tier(&mut self, tokens: u64) -> &mut Rates {
        let at = match self.above.binary_search_by_key(&tokens, |(own, _)| *own) {
            Ok(at) => at,
            Err(at) => {
                self.above.insert(at, (tokens, Rates::default()));
                at
            }
        };
        &mut self.above[at].1
    }

    /// Returns the price of a kind above the largest size that the request exceeds and that has one.
    fn above(&self, kind: Kind, input: u64) -> Option<f64> {
        let exceeded = self.above.iter().rev().filter(|(tokens, _)| input > *tokens);
        exceeded.filter_map(|(_, rates)| rates.get(kind)).next()
    }
}

/// The prices of one model, in US dollars a token.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prices {
    pub(crate) standard: Tiers,
    /// Those of other services, such as `batch`, by name.
    pub(crate) services: Vec<(Box<str>, Tiers)>,
}

/// The prices of one request: of one service, and of its size.
pub(crate) struct Chosen<'a> {
    prices: &'a Prices,
    service: Option<&'a (Box<str>, Tiers)>,
    input: u64,
}

impl Prices {
    /// Returns the prices of a model that costs nothing.
    pub(crate) fn free() -> Prices {
        let base = Rates(vec![(Kind::Input, 0.0), (Kind::Output, 0.0)]);
        Prices { standard: Tiers { base, above: Vec::new() }, services: Vec::new() }
    }

    pub(crate) fn service(&mut self, name: &str) -> &mut Tiers {
        let at = self.services.iter().position(|(own, _)| **own == *name).unwrap_or_else(|| {
            self.services.push((name.into(), Tiers::default()));
            self.services.len() - 1
        });
        &mut self.services[at].1
    }

    /// Returns the prices of a request with that many input tokens that a service answered.
    pub(crate) fn choose(&self, service: Option<&str>, input: u64) -> Chosen<'_> {
        let service = service.and_then(|name| self.services.iter().find(|(own, _)| **own == *name));
        Chosen { prices: self, service, input }
    }

    /// Reads prices in US dollars a million tokens: `{"input": 2.5, "above": {"200000": {…}}, "services": {"batch": {…}}}`.
    ///
    /// # Errors
    /// Names the field and what would be right.
    pub fn from_json(map: &Map<String, Value>) -> Result<Prices, PriceError> {
        let mut prices = Prices { standard: tiers_from_json(map, true)?, services: Vec::new() };
        if let Some(services) = map.get("services") {
            let services = object("services", services)?;
            if services.len() > SERVICES_MAX {
                return Err(PriceError::new(format!("more than {SERVICES_MAX} services")));
            }
            for (name, service) in services {
                if name.is_empty() || name.chars().count() > SERVICE_CHARS_MAX {
                    return Err(PriceError::new(format!("`{name}` is no name of a service")));
                }
                prices.services.push((name.as_str().into(), tiers_from_json(object(name, service)?, false)?));
            }
        }
        match (prices.standard.base.get(Kind::Input), prices.standard.base.get(Kind::Output)) {
            (Some(_), Some(_)) => Ok(prices),
            (None, _) => Err(PriceError::new("has no price for `input`")),
            (_, None) => Err(PriceError::new("has no price for `output`")),
        }
    }

    /// Writes prices in the form that [`Prices::from_json`] reads.
    pub fn to_json(&self) -> Map<String, Value> {
        let mut map = tiers_to_json(&self.standard);
        let services =
            self.services.iter().map(|(name, tiers)| (name.to_string(), tiers_to_json(tiers).into()));
        let services: Map<String, Value> = services.collect();
        if !services.is_empty() {
            map.insert("services".into(), services.into());
        }
        map
    }
}

impl<'a> Chosen<'a> {
    /// Returns the price of a kind, if the list has one of its own.
    ///
    /// What a service has no price for costs as the standard service; above a size too, except in batches, which are
    /// sold at one price where no other is listed.
    pub(crate) fn own(&self, kind: Kind) -> Option<f64> {
        let (standard, input) = (&self.prices.standard, self.input);
        let above = || standard.above(kind, input);
        let base = || standard.base.get(kind);
        let Some((name, service)) = self.service else { return above().or_else(base) };
        let own = service.above(kind, input);
        if **name == *"batch" {
            return own.or_else(|| service.base.get(kind)).or_else(above).or_else(base);
        }
        own.or_else(above).or_else(|| service.base.get(kind)).or_else(base)
    }

    /// Returns the price of a kind; what is not priced apart costs as input or output.
    pub(crate) fn rate(&self, kind: Kind) -> f64 {
        self.priced_apart(kind).unwrap_or_else(|| match kind {
            Kind::CacheWrite1h => self.rate(Kind::CacheWrite),
            Kind::Output | Kind::AudioOutput | Kind::ImageOutput | Kind::Reasoning => {
                self.own(Kind::Output).unwrap_or(0.0)
            }
            _ => self.own(Kind::Input).unwrap_or(0.0),
        })
    }

    /// Returns the price of a kind of its own. A service that has another price for output has it for reasoning too,
    /// unless it says otherwise.
    pub(crate) fn priced_apart(&self, kind: Kind) -> Option<f64> {
        if kind == Kind::Reasoning
            && let Some((_, service)) = self.service
            && service.base.get(Kind::Output).is_some()
        {
            return service.above(kind, self.input).or_else(|| service.base.get(kind));
        }
        self.own(kind)
    }

    /// Returns the service whose prices these are, if it is not the standard one.
    pub(crate) fn service(&self) -> Option<&'a str> {
        self.service.map(|(name, _)| &**name)
    }

    /// Returns the size above which these prices hold.
    pub(crate) fn above(&self) -> Option<u64> {
        let service = self.service.map(|(_, tiers)| tiers);
        // Batches that have a price of their own, and none for large requests, have one price.
        let standard = match self.service() {
            Some("batch") => None,
            _ => Some(&self.prices.standard),
        };
        let tiers = service.into_iter().chain(standard);
        let sizes = tiers.flat_map(|tiers| &tiers.above).map(|(tokens, _)| *tokens);
        sizes.filter(|tokens| self.input > *tokens).max()
    }
}

/// What is wrong with prices or a list of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceError(String);

impl PriceError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        PriceError(message.into())
    }
}

impl fmt::Display for PriceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PriceError {}

fn object<'a>(name: &str, value: &'a Value) -> Result<&'a Map<String, Value>, PriceError> {
    value.as_object().ok_or_else(|| PriceError::new(format!("`{name}` is no object of prices")))
}

fn tiers_from_json(map: &Map<String, Value>, has_services: bool) -> Result<Tiers, PriceError> {
    let mut tiers = Tiers::default();
    for (key, value) in map {
        match key.as_str() {
            "above" => {}
            "services" if has_services => {}
            _ => set_rate(&mut tiers.base, key, value)?,
        }
    }
    let Some(above) = map.get("above") else { return Ok(tiers) };
    let above = object("above", above)?;
    if above.len() > TIERS_MAX {
        return Err(PriceError::new(format!("more than {TIERS_MAX} sizes in `above`")));
    }
    for (tokens, rates) in above {
        let size = tokens.parse().ok().filter(|size| *size > 0);
        let size =
            size.ok_or_else(|| PriceError::new(format!("`{tokens}` in `above` is no number of tokens")))?;
        for (key, value) in object(tokens, rates)? {
            set_rate(tiers.tier(size), key, value)?;
        }
    }
    Ok(tiers)
}

fn set_rate(rates: &mut Rates, key: &str, value: &Value) -> Result<(), PriceError> {
    let kind = Kind::from_name(key).ok_or_else(|| {
        let known: Vec<_> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        PriceError::new(format!(
            "unknown price `{key}`; there are {}, `above` and `services`",
            known.join(", ")
        ))
    })?;
    let price = value.as_f64().filter(|price| (0.0..PRICE_PER_MILLION_MAX).contains(price));
    let price = price.ok_or_else(|| {
        PriceError::new(format!(
            "`{key}` is {value}: expected US dollars a million tokens, from 0 to below {PRICE_PER_MILLION_MAX}"
        ))
    })?;
    rates.set(kind, per_token(price));
    Ok(())
}

fn rates_to_json(rates: &Rates) -> Map<String, Value> {
    rates.0.iter().map(|(kind, rate)| (kind.as_str().to_owned(), number(per_million(*rate)))).collect()
}

fn tiers_to_json(tiers: &Tiers) -> Map<String, Value> {
    let mut map = rates_to_json(&tiers.base);
    let above = tiers.above.iter().map(|(tokens, rates)| (tokens.to_string(), rates_to_json(rates).into()));
    let above: Map<String, Value> = above.collect();
    if !above.is_empty() {
        map.insert("above".into(), above.into());
    }
    map
}

/// Writes whole dollars without a fraction, as people do.
fn number(price: f64) -> Value {
    if price.fract() == 0.0 { Value::from(price as u64) } else { Value::from(price) }
}

/// Returns the price of one token, from that of a million, to the last bit as if it had been written out.
pub fn per_token(per_million: f64) -> f64 {
    shifted(per_million, -6)
}

/// Returns the price of a million tokens, from that of one.
pub fn per_million(per_token: f64) -> f64 {
    shifted(per_token, 6)
}

/// Moves the decimal point of a number's shortest decimal; a multiplication would round where the decimal is exact.
fn shifted(value: f64, places: i32) -> f64 {
    let text = format!("{value:e}");
    let moved = text.split_once('e').and_then(|(digits, exponent)| {
        let exponent: i32 = exponent.parse().ok()?;
        format!("{digits}e{}", exponent + places).parse().ok()
    });
    moved.unwrap_or(value)
}
