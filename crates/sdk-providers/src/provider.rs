//! Who serves a model, in OpenTelemetry's words.
//!
//! <https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/>

/// Ends of host names.
const HOSTS: &[(&str, &str)] = &[
    ("openai.azure.com", "azure.ai.openai"),
    ("cognitiveservices.azure.com", "azure.ai.openai"),
    ("services.ai.azure.com", "azure.ai.inference"),
    ("models.ai.azure.com", "azure.ai.inference"),
    ("inference.ai.azure.com", "azure.ai.inference"),
    ("api.openai.com", "openai"),
    ("api.anthropic.com", "anthropic"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("aiplatform.googleapis.com", "gcp.vertex_ai"),
    ("amazonaws.com", "aws.bedrock"),
    ("api.mistral.ai", "mistral_ai"),
    ("codestral.mistral.ai", "mistral_ai"),
    ("api.groq.com", "groq"),
    ("api.deepseek.com", "deepseek"),
    ("api.x.ai", "x_ai"),
    ("api.cohere.com", "cohere"),
    ("api.cohere.ai", "cohere"),
    ("openrouter.ai", "openrouter"),
    ("api.perplexity.ai", "perplexity"),
    ("api.together.xyz", "together_ai"),
    ("api.together.ai", "together_ai"),
    ("api.fireworks.ai", "fireworks_ai"),
    ("api.moonshot.ai", "moonshot_ai"),
    ("api.moonshot.cn", "moonshot_ai"),
    ("dashscope.aliyuncs.com", "dashscope"),
    ("dashscope-intl.aliyuncs.com", "dashscope"),
    ("api.cerebras.ai", "cerebras"),
    ("api.sambanova.ai", "sambanova"),
    ("api.deepinfra.com", "deepinfra"),
    ("api.novita.ai", "novita"),
    ("api.hyperbolic.xyz", "hyperbolic"),
    ("api.studio.nebius.ai", "nebius"),
    ("integrate.api.nvidia.com", "nvidia_nim"),
    ("router.huggingface.co", "huggingface"),
    ("ml.cloud.ibm.com", "ibm.watsonx.ai"),
    ("cloud.databricks.com", "databricks"),
    ("azuredatabricks.net", "databricks"),
    ("api.jina.ai", "jina_ai"),
    ("api.voyageai.com", "voyage"),
    ("api.z.ai", "zai"),
    ("api.minimax.io", "minimax"),
    ("api.ai21.com", "ai21"),
    ("ai-gateway.vercel.sh", "vercel_ai_gateway"),
    ("ollama.com", "ollama"),
];

/// Segments of paths by which gateways choose a provider.
const SEGMENTS: &[(&str, &str)] = &[
    ("openai", "openai"),
    ("azure-openai", "azure.ai.openai"),
    ("azure", "azure.ai.openai"),
    ("anthropic", "anthropic"),
    ("gemini", "gcp.gemini"),
    ("google-ai-studio", "gcp.gemini"),
    ("vertex", "gcp.vertex_ai"),
    ("google-vertex-ai", "gcp.vertex_ai"),
    ("bedrock", "aws.bedrock"),
    ("aws-bedrock", "aws.bedrock"),
    ("mistral", "mistral_ai"),
    ("groq", "groq"),
    ("deepseek", "deepseek"),
    ("xai", "x_ai"),
    ("grok", "x_ai"),
    ("cohere", "cohere"),
    ("openrouter", "openrouter"),
    ("perplexity-ai", "perplexity"),
    ("perplexity", "perplexity"),
    ("together", "together_ai"),
    ("fireworks", "fireworks_ai"),
    ("moonshot", "moonshot_ai"),
    ("cerebras", "cerebras"),
    ("ollama", "ollama"),
    ("databricks", "databricks"),
    ("huggingface", "huggingface"),
];

/// The port that Ollama listens on, whichever API is spoken with it.
const OLLAMA_PORT: u16 = 11434;

/// Returns who serves a model: by the host, else by what a path says for certain, else by a segment of it.
pub(crate) fn provider_at(host: &str, port: Option<u16>, path: &str) -> Option<&'static str> {
    let by_host = HOSTS.iter().find(|(end, _)| is_host_below(host, end)).map(|(_, name)| *name);
    // Azure serves OpenAI's models and those of others at one host.
    let is_azure = by_host == Some("azure.ai.inference") && path.contains("/openai/");
    if is_azure || by_host.is_none() && path.contains("/openai/deployments/") {
        return Some("azure.ai.openai");
    }
    let by_path = || {
        let publishers = path.contains("/projects/") && path.contains("/locations/");
        publishers.then_some("gcp.vertex_ai").or_else(|| path.split('/').find_map(segment_name))
    };
    by_host.or_else(by_path).or_else(|| (port == Some(OLLAMA_PORT)).then_some("ollama"))
}

fn segment_name(segment: &str) -> Option<&'static str> {
    SEGMENTS.iter().find(|(own, _)| *own == segment).map(|(_, name)| *name)
}

/// Returns whether a host is `end` or below it.
fn is_host_below(host: &str, end: &str) -> bool {
    let Some(at) = host.len().checked_sub(end.len()) else { return false };
    let is_end = host.get(at..).is_some_and(|tail| tail.eq_ignore_ascii_case(end));
    // `bedrock-runtime.eu-west-1.amazonaws.com`, `eu-west1-aiplatform.googleapis.com`.
    is_end && (at == 0 || matches!(host.as_bytes()[at - 1], b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_tells_who_serves_then_the_path() {
        let cases = [
            ("api.openai.com", None, "/v1/chat/completions", Some("openai")),
            ("x.openai.azure.com", None, "/openai/deployments/d/chat/completions", Some("azure.ai.openai")),
            ("x.services.ai.azure.com", None, "/openai/v1/responses", Some("azure.ai.openai")),
            ("x.services.ai.azure.com", None, "/models/chat/completions", Some("azure.ai.inference")),
            ("api.groq.com", None, "/openai/v1/chat/completions", Some("groq")),
            ("eu-west1-aiplatform.googleapis.com", None, "/v1/projects/p", Some("gcp.vertex_ai")),
            ("bedrock-runtime.eu-west-1.amazonaws.com", None, "/model/m/converse", Some("aws.bedrock")),
            ("gateway.example.com", None, "/v1/account/gateway/anthropic/v1/messages", Some("anthropic")),
            ("proxy", None, "/v1/projects/p/locations/l/publishers/google", Some("gcp.vertex_ai")),
            ("localhost", Some(11434), "/v1/chat/completions", Some("ollama")),
            ("notopenai.com", None, "/v1/chat/completions", None),
            ("evilapi.openai.com", None, "/v1/chat/completions", None),
        ];
        for (host, port, path, provider) in cases {
            assert_eq!(provider_at(host, port, path), provider, "{host}{path}");
        }
    }
}
