//! Who serves a model: the names that conventions and lists have for providers, and what kind of provider each is.

use std::borrow::Cow;

/// Those who make models and sell them under names of their own. Where nobody says who served a model, the first of
/// these that lists it did.
const MAKERS: [&str; 15] = [
    "openai",
    "anthropic",
    "gemini",
    "mistral",
    "deepseek",
    "xai",
    "cohere",
    "moonshot",
    "zai",
    "minimax",
    "ai21",
    "voyage",
    "jina_ai",
    "amazon_nova",
    "inception",
];

/// Makers that also sell models under the names of their weights, which many serve: only who names them means them.
const MAKERS_OF_OPEN_MODELS: [&str; 4] = ["dashscope", "meta_llama", "codestral", "perplexity"];

/// Makers whose models nobody else serves at prices of his own, but for the hosts below.
const MAKERS_OF_CLOSED_MODELS: [&str; 7] =
    ["openai", "anthropic", "gemini", "xai", "cohere", "ai21", "amazon_nova"];

/// Those who serve models of others at prices of their own: a model that such a one does not list has no known price.
const HOSTS: [&str; 33] = [
    "azure",
    "azure_ai",
    "baseten",
    "bedrock",
    "bedrock_mantle",
    "cerebras",
    "cloudflare",
    "databricks",
    "deepinfra",
    "fireworks_ai",
    "friendliai",
    "github_copilot",
    "gmi",
    "gradient_ai",
    "groq",
    "hyperbolic",
    "lambda_ai",
    "nebius",
    "novita",
    "nscale",
    "nvidia_nim",
    "oci",
    "ovhcloud",
    "replicate",
    "sagemaker",
    "sambanova",
    "scaleway",
    "snowflake",
    "together_ai",
    "vertex_ai",
    "volcengine",
    "wandb",
    "watsonx",
];

/// Those who pass requests on to makers at the makers' prices, and name the maker before the model.
const GATEWAYS: [&str; 2] = ["openrouter", "vercel_ai_gateway"];

/// Programs that run models on machines of one's own, which no list prices.
const OWN_MACHINES: [&str; 17] = [
    "gpt4all",
    "hosted_vllm",
    "koboldcpp",
    "llama.cpp",
    "llama_cpp",
    "llamacpp",
    "llamafile",
    "lm-studio",
    "lm_studio",
    "lmstudio",
    "local",
    "localai",
    "mlx",
    "ollama",
    "ollama_chat",
    "vllm",
    "xinference",
];

/// Other names of providers.
const SAME: [(&str, &str); 64] = [
    ("alibaba", "dashscope"),
    ("amazon-bedrock", "bedrock"),
    ("amazon-nova", "amazon_nova"),
    ("amazon_bedrock", "bedrock"),
    ("aws", "bedrock"),
    ("aws.bedrock", "bedrock"),
    ("aws_bedrock", "bedrock"),
    ("az.ai.inference", "azure_ai"),
    ("az.ai.openai", "azure"),
    ("azure-openai", "azure"),
    ("azure.ai.inference", "azure_ai"),
    ("azure.ai.openai", "azure"),
    ("azure.openai", "azure"),
    ("azure_openai", "azure"),
    ("azure_text", "azure"),
    ("bedrock_converse", "bedrock"),
    ("claude", "anthropic"),
    ("cohere_chat", "cohere"),
    ("fireworks", "fireworks_ai"),
    ("fireworks-ai", "fireworks_ai"),
    ("gateway", "vercel_ai_gateway"),
    ("gcp.gemini", "gemini"),
    ("gcp.gen_ai", "gemini"),
    ("gcp.vertex_ai", "vertex_ai"),
    ("generative-ai", "gemini"),
    ("google", "gemini"),
    ("google-genai", "gemini"),
    ("google-gla", "gemini"),
    ("google-vertex", "vertex_ai"),
    ("google.generative-ai", "gemini"),
    ("google.vertex", "vertex_ai"),
    ("google.vertex.chat", "vertex_ai"),
    ("google_ai_studio", "gemini"),
    ("google_genai", "gemini"),
    ("google_vertexai", "vertex_ai"),
    ("grok", "xai"),
    ("ibm.watsonx.ai", "watsonx"),
    ("jina", "jina_ai"),
    ("lambda", "lambda_ai"),
    ("mistral_ai", "mistral"),
    ("mistralai", "mistral"),
    ("moonshot_ai", "moonshot"),
    ("moonshotai", "moonshot"),
    ("openai_chat", "openai"),
    ("openai_responses", "openai"),
    ("open_router", "openrouter"),
    ("openai-chat", "openai"),
    ("qwen", "dashscope"),
    ("text-completion-codestral", "codestral"),
    ("text-completion-inception", "inception"),
    ("text-completion-openai", "openai"),
    ("together", "together_ai"),
    ("together-ai", "together_ai"),
    ("togetherai", "together_ai"),
    ("vercel", "vercel_ai_gateway"),
    ("vertex", "vertex_ai"),
    ("vertexai", "vertex_ai"),
    ("voyageai", "voyage"),
    ("watson", "watsonx"),
    ("workers-ai", "cloudflare"),
    ("x-ai", "xai"),
    ("x.ai", "xai"),
    ("x_ai", "xai"),
    ("z-ai", "zai"),
];

/// Those who sell the same models at the same prices under two names.
const SIBLINGS: [(&str, &str); 6] = [
    ("gemini", "vertex_ai"),
    ("vertex_ai", "gemini"),
    ("azure", "azure_ai"),
    ("azure_ai", "azure"),
    ("bedrock", "bedrock_mantle"),
    ("codestral", "mistral"),
];

/// Names that stand before a model both where a maker sells it and where others publish its weights.
const PUBLISHERS: [&str; 4] = ["alibaba", "mistralai", "moonshotai", "qwen"];

/// Returns the lists' name of a provider, which each convention writes in its own way. `openai.chat` is `openai`.
pub(crate) fn canonical(provider: &str) -> Cow<'_, str> {
    let lower = match provider.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(provider.trim().to_ascii_lowercase()),
        false => Cow::Borrowed(provider.trim()),
    };
    if let Some(same) = same(&lower) {
        return Cow::Borrowed(same);
    }
    match lower.split_once('.').map(|(first, _)| first) {
        Some(first) if is_listed(first) => Cow::Owned(first.to_owned()),
        Some(first) => same(first).map_or(lower.clone(), Cow::Borrowed),
        None => lower,
    }
}

fn same(name: &str) -> Option<&'static str> {
    SAME.iter().find(|(other, _)| *other == name).map(|(_, own)| *own)
}

/// Returns the name of a provider that a list of litellm's writes.
pub(crate) fn canonical_in_list(provider: &str) -> String {
    // Providers with several kinds of models are written `vertex_ai-anthropic_models` and the like.
    let family = ["vertex_ai", "fireworks_ai"]
        .into_iter()
        .find(|family| provider.strip_prefix(family).is_some_and(|rest| rest.starts_with('-')));
    family.map_or_else(|| canonical(provider).into_owned(), str::to_owned)
}

/// Returns a model's name without the provider that a list of litellm's writes before it.
pub(crate) fn name_in_list<'a>(key: &'a str, provider: &str) -> &'a str {
    match key.split_once('/') {
        Some((first, rest)) if canonical_in_list(first) == provider && !PUBLISHERS.contains(&first) => rest,
        _ => key,
    }
}

/// Returns whether a provider makes models and sells them itself.
pub(crate) fn is_maker(provider: &str) -> bool {
    MAKERS.contains(&provider) || MAKERS_OF_OPEN_MODELS.contains(&provider)
}

/// Returns whether a maker's models are served by nobody else at prices of his own, but for hosts.
pub(crate) fn makes_closed_models(provider: &str) -> bool {
    MAKERS_OF_CLOSED_MODELS.contains(&provider)
}

/// Returns the makers, in the order in which they are asked for a model whose provider is not known.
pub(crate) fn makers() -> impl Iterator<Item = &'static str> {
    MAKERS.into_iter()
}

/// Returns whether a provider has prices of its own for what others made.
pub(crate) fn is_host(provider: &str) -> bool {
    HOSTS.contains(&provider)
}

/// Returns whether a provider passes requests on at the makers' prices.
pub(crate) fn is_gateway(provider: &str) -> bool {
    GATEWAYS.contains(&provider)
}

/// Returns whether a provider is a program on one's own machines.
pub(crate) fn is_own_machine(provider: &str) -> bool {
    OWN_MACHINES.contains(&provider)
}

/// Returns whether such a name before a model says no more than who published it.
pub(crate) fn is_publisher(name: &str) -> bool {
    PUBLISHERS.contains(&name)
}

/// Returns whether prices may be listed under that name.
pub(crate) fn is_listed(provider: &str) -> bool {
    is_maker(provider) || is_host(provider) || is_gateway(provider) || is_own_machine(provider)
}

/// Returns the other name of a provider with the same prices.
pub(crate) fn sibling(provider: &str) -> Option<&'static str> {
    SIBLINGS.iter().find(|(own, _)| *own == provider).map(|(_, other)| *other)
}
