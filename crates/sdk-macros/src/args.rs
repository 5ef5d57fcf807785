//! The arguments of the attribute.

use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Ident, LitStr, Result, Token, parenthesized};

const KNOWN: &str =
    "`name`, `type`, `skip`, `skip_all`, `skip_output`, `rename`, `attributes`, `sample`, `stream_limit`";

#[derive(Default)]
pub(crate) struct Args {
    pub(crate) name: Option<Expr>,
    pub(crate) span_type: Option<Expr>,
    pub(crate) skip: Vec<Ident>,
    pub(crate) skip_all: bool,
    pub(crate) skip_output: bool,
    pub(crate) rename: Vec<(Ident, LitStr)>,
    pub(crate) attributes: Vec<(LitStr, Expr)>,
    pub(crate) sample: Option<Expr>,
    pub(crate) stream_limit: Option<Expr>,
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> Result<Args> {
        let mut args = Args::default();
        let mut seen: Vec<Ident> = Vec::new();
        while !input.is_empty() {
            let key = Ident::parse_any(input)
                .map_err(|error| Error::new(error.span(), format!("expected an argument: one of {KNOWN}")))?;
            if seen.contains(&key) {
                return Err(Error::new(key.span(), format!("`{key}` is given twice")));
            }
            args.read(&key, input)?;
            seen.push(key);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        if args.skip_all && !args.skip.is_empty() {
            return Err(Error::new(args.skip[0].span(), "`skip_all` leaves nothing to skip"));
        }
        Ok(args)
    }
}

impl Args {
    fn read(&mut self, key: &Ident, input: ParseStream<'_>) -> Result<()> {
        match key.to_string().as_str() {
            "name" => self.name = Some(value(key, input)?),
            "type" => self.span_type = Some(value(key, input)?),
            "sample" => self.sample = Some(value(key, input)?),
            "stream_limit" => self.stream_limit = Some(value(key, input)?),
            "skip" => self.skip = list(key, "skip(api_key)", input)?,
            "skip_all" => self.skip_all = true,
            "skip_output" => self.skip_output = true,
            "rename" => {
                let pairs: Vec<Pair<Ident, LitStr>> = list(key, "rename(q = \"question\")", input)?;
                self.rename = pairs.into_iter().map(|pair| (pair.0, pair.1)).collect();
            }
            "attributes" => {
                let pairs: Vec<Pair<Key, Expr>> = list(key, "attributes(\"key\" = value)", input)?;
                self.attributes = pairs.into_iter().map(|pair| (pair.0.0, pair.1)).collect();
            }
            other => {
                let message = format!("unknown argument `{other}`; known are {KNOWN}");
                return Err(Error::new(key.span(), message));
            }
        }
        Ok(())
    }
}

fn value(key: &Ident, input: ParseStream<'_>) -> Result<Expr> {
    if !input.peek(Token![=]) {
        return Err(Error::new(key.span(), format!("`{key}` needs a value: `{key} = …`")));
    }
    input.parse::<Token![=]>()?;
    input.parse()
}

fn list<T: Parse>(key: &Ident, example: &str, input: ParseStream<'_>) -> Result<Vec<T>> {
    if !input.peek(syn::token::Paren) {
        return Err(Error::new(key.span(), format!("`{key}` needs a list: `{example}`")));
    }
    let content;
    parenthesized!(content in input);
    Ok(Punctuated::<T, Token![,]>::parse_terminated(&content)?.into_iter().collect())
}

struct Pair<K, V>(K, V);

impl<K: Parse, V: Parse> Parse for Pair<K, V> {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let key = input.parse()?;
        input.parse::<Token![=]>()?;
        Ok(Pair(key, input.parse()?))
    }
}

/// The key of an attribute: a text, or a word.
struct Key(LitStr);

impl Parse for Key {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(LitStr) {
            return input.parse().map(Key);
        }
        let word: Ident = input.call(Ident::parse_any).map_err(|error| {
            Error::new(error.span(), "expected the key of an attribute: a text or a word")
        })?;
        Ok(Key(LitStr::new(&word.to_string(), word.span())))
    }
}
