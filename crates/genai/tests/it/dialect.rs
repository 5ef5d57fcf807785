//! What is read of spans that real libraries sent: the conversation, the tools and the documents of each.

use crate::content::outline;
use crate::fixture::{each_span, read};
use spanwise_genai::content::Content;
use spanwise_genai::{PriceTable, derive, preview_texts, read_content};

/// Returns what is read of the spans of that name in a sample.
fn contents(sample: &str, name: &str) -> Vec<(Content, [Option<String>; 2])> {
    let mut contents = Vec::new();
    each_span(&read(&format!("samples/{sample}.binpb")), |span| {
        if span.name == name {
            let derived = derive(span, &[], PriceTable::built_in());
            let (input, output) = preview_texts(span, &[], &derived);
            contents.push((read_content(span, &[], &derived), [input, output]));
        }
    });
    contents
}

/// Removes the ids of calls, which differ from run to run.
fn without_ids(lines: Vec<String>) -> Vec<String> {
    let cut = |line: String| match line.split_once('#') {
        Some((before, after)) => {
            let id = after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after.len());
            [before, "#", &after[id..]].concat()
        }
        None => line,
    };
    lines.into_iter().map(cut).collect()
}

/// Finds, among the spans of that name, the one with these messages in and out.
fn check(sample: &str, name: &str, input: &[&str], output: &str) {
    let found: Vec<_> = contents(sample, name)
        .into_iter()
        .map(|(content, _)| {
            let outline = |messages: Option<&Vec<_>>| without_ids(outline(messages));
            (outline(content.input_messages.as_ref()), outline(content.output_messages.as_ref()))
        })
        .collect();
    let expected = (input.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>(), vec![output.to_owned()]);
    assert!(found.contains(&expected), "{sample}: {name}: {expected:#?} is not among {found:#?}");
}

const QUESTION: &str = "user: Weather in Paris?";
const LONG_QUESTION: &str = "user: What is the weather in Paris?";
const CALL: &str = "assistant: get_weather#({\"city\":\"Paris\"})";
const RESULT: &str = "tool: get_weather# = \"22C in Paris\"";
const ANSWER: &str = "assistant: The answer is: 22C in Paris";
const STOPPED: &str = "assistant: The answer is: 22C in Paris [stop]";

#[test]
fn openai() {
    let input = ["system: You are terse.", LONG_QUESTION, CALL, "tool: get_weather# = \"22C sunny\""];
    let output = "assistant: The answer is: 22C sunny [stop]";
    check("openai-openinference", "ChatCompletion", &input, output);
    check("mlflow-openai", "Completions", &input, output);
    check("openai-otel-v2", "chat gpt-4o", &input, output);
    check("openai-traceloop", "openai.chat", &input, output);
    let hello = "assistant: This is a canned answer to: Hello";
    check("openai-openinference", "Response", &["system: Be terse.", "user: Hello"], hello);
    let agents = ["system: terse", QUESTION, CALL, RESULT];
    check("mlflow-openai-agents", "AsyncResponses", &agents, ANSWER);
    check(
        "rust-genai",
        "chat gpt-4o-mini",
        &["system: Be terse.", "user: Hello from genai"],
        "assistant: This is a canned answer to: Hello from genai [stop]",
    );
}

#[test]
fn anthropic() {
    let input = [LONG_QUESTION, CALL, "tool: get_weather# = \"22C\""];
    check("anthropic-openinference", "messages.create", &input, "assistant: The answer is: 22C [end_turn]");
    check("mlflow-anthropic", "Messages.create", &input, "assistant: The answer is: 22C [end_turn]");
}

#[test]
fn bedrock() {
    let input = ["system: terse", QUESTION];
    let answer = "assistant: This is a canned answer to: Weather in Paris?";
    check("bedrock-openinference", "bedrock.converse", &input, &format!("{answer} [end_turn]"));
    check(
        "bedrock-openinference",
        "bedrock.invoke_model",
        &["user: Hi"],
        "assistant: This is a canned answer to: Hi [end_turn]",
    );
    check("mlflow-bedrock", "BedrockRuntime.converse", &input, &format!("{answer} [end_turn]"));
    check("mlflow-bedrock", "BedrockRuntime.converse_stream", &[QUESTION], &format!("{CALL} [tool_use]"));
    let agent = [QUESTION, CALL, RESULT];
    check("bedrock-agentcore", "chat", &agent, "assistant: The answer is: 22C in Paris [end_turn]");
    check("strands", "chat", &agent, "assistant: The answer is: 22C in Paris [end_turn]");
}

#[test]
fn gemini() {
    check(
        "gemini-openinference",
        "GenerateContent",
        &["user: Hello"],
        "assistant: This is a canned answer to: Hello [STOP]",
    );
    check(
        "google-adk-2",
        "generate_content gemini-2.5-flash",
        &[
            "system: terse\n\nYou are an agent. Your internal name is \"weather\".",
            QUESTION,
            CALL,
            "tool: get_weather# = {\"report\":\"22C in Paris\"}",
        ],
        "assistant: The answer is: {\"report\": \"22C in Paris\"} [stop]",
    );
}

#[test]
fn langchain() {
    let input = ["system: terse", "user: Hello"];
    let answer = "assistant: This is a canned answer to: Hello";
    check("langchain-langsmith-otel", "ChatOpenAI", &input, &format!("{answer} [stop]"));
    check("langchain-js-openinference", "ChatOpenAI", &input, &format!("{answer} [stop]"));
    check("mlflow-langchain", "ChatOpenAI", &input, answer);
    let call = "assistant: get_weather#({\"city\":\"Paris\"}) [tool_calls]";
    check(
        "langgraph-openinference",
        "ChatOpenAI",
        &[QUESTION, call, "tool(get_weather): get_weather# = \"22C in Paris\""],
        STOPPED,
    );
}

#[test]
fn agents_of_other_libraries() {
    let told = ["system: terse", QUESTION, CALL, RESULT];
    check("llamaindex-openinference", "OpenAILike.astream_chat", &told, STOPPED);
    check(
        "mlflow-llama-index",
        "OpenAILike.chat",
        &["user: Hi"],
        "assistant: This is a canned answer to: Hi",
    );
    let autogen = "system: You are a helpful AI assistant. Solve tasks using your tools. Reply with TERMINATE when \
                   the task has been completed.";
    check("mlflow-autogen", "OpenAIChatCompletionClient.create", &[autogen, QUESTION, CALL, RESULT], STOPPED);
    let ag2 = ["system: You are a helpful AI Assistant.", "user(user): Weather in Paris?", CALL, RESULT];
    check("mlflow-ag2", "chat_completion", &ag2, STOPPED);
    let haystack = ["user: Paris is in France Q: Where is Paris"];
    let answer = "assistant: This is a canned answer to: Paris is in France Q: Where is Paris";
    check("haystack-openinference", "OpenAIChatGenerator.run", &haystack, answer);
    check("mlflow-haystack", "haystack.component.run", &haystack, &format!("{answer} [stop]"));
    let call = "assistant: get_weather#({\"city\":\"Paris\"}) [tool_call]";
    let pydantic = ["system: terse", QUESTION, call, RESULT];
    check("pydantic-ai-native5", "chat gpt-4o-mini", &pydantic, STOPPED);
    check("agno-openinference", "OpenAIChat.invoke", &[QUESTION, CALL, RESULT], ANSWER);
}

#[test]
fn the_ai_sdk_and_what_is_built_on_it() {
    let told = [
        "system: terse",
        QUESTION,
        "assistant: weather#({\"city\":\"Paris\"})",
        "tool: weather# = \"22C in Paris\"",
    ];
    check("vercel-ai-sdk-v6", "ai.generateText.doGenerate", &told, STOPPED);
    check("vercel-ai-sdk-v7", "chat gpt-4.1", &told, STOPPED);
    check("vercel-ai-sdk-v6", "ai.generateText", &["system: terse", QUESTION], STOPPED);
    let volt = contents("voltagent", "llm:generateText");
    let input = outline(volt[0].0.input_messages.as_ref());
    assert_eq!(input, ["system: terse", QUESTION]);
}

#[test]
fn whole_runs_of_an_agent_are_split() {
    let (content, _) = &contents("pydantic-ai-native5", "invoke_agent ag")[0];
    assert_eq!(outline(content.input_messages.as_ref()), ["system: terse", QUESTION]);
    let output = without_ids(outline(content.output_messages.as_ref()));
    assert_eq!(output, ["assistant: get_weather#({\"city\":\"Paris\"}) [tool_call]", RESULT, STOPPED]);
}

#[test]
fn tools_on_offer() {
    for (sample, name) in [
        ("openai-openinference", "ChatCompletion"),
        ("mlflow-anthropic", "Messages.create"),
        ("google-adk-2", "generate_content gemini-2.5-flash"),
        ("mlflow-bedrock", "BedrockRuntime.converse"),
        ("vercel-ai-sdk-v6", "ai.generateText.doGenerate"),
        ("pydantic-ai-native5", "chat gpt-4o-mini"),
        ("llamaindex-openinference", "OpenAILike.astream_chat"),
    ] {
        let contents = contents(sample, name);
        let tools: Vec<_> =
            contents.iter().filter_map(|(content, _)| content.tools.as_ref()?.first()).collect();
        assert!(!tools.is_empty(), "{sample}");
        let tool = tools[0];
        assert!(tool.name.ends_with("weather"), "{sample}: {tool:?}");
        assert!(tool.parameters["properties"]["city"].is_object(), "{sample}: {tool:?}");
    }
}

#[test]
fn documents_found() {
    for (sample, name, content, has_score) in [
        ("mlflow-langchain", "VectorStoreRetriever", "Rome is in Italy", false),
        ("langchain-langsmith-otel", "VectorStoreRetriever", "Rome is in Italy", false),
        ("mlflow-llama-index", "VectorIndexRetriever.retrieve", "Paris is in France", true),
        ("llamaindex-openinference", "VectorIndexRetriever.retrieve", "Paris is in France", true),
        ("haystack-openinference", "InMemoryBM25Retriever.run", "Paris is in France", true),
        ("mlflow-haystack", "haystack.component.run", "Paris is in France", true),
    ] {
        let contents = contents(sample, name);
        let (found, [_, output]) = contents.iter().find(|(found, _)| found.documents.is_some()).unwrap();
        let document = &found.documents.as_ref().unwrap()[0];
        assert_eq!((document.content.as_str(), document.score.is_some()), (content, has_score), "{sample}");
        assert!(document.id.is_some(), "{sample}");
        assert_eq!(output.as_deref(), Some(content), "{sample}");
    }
}

#[test]
fn tools_are_previewed_as_calls() {
    for (sample, name) in [
        ("agno-openinference", "get_weather"),
        ("strands", "execute_tool get_weather"),
        ("vercel-ai-sdk-v6", "ai.toolCall"),
        ("mlflow-llama-index", "FunctionTool.acall"),
    ] {
        let (_, [input, _]) = &contents(sample, name)[0];
        assert_eq!(input.as_deref(), Some("city=\"Paris\""), "{sample}");
    }
}
