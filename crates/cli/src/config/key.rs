//! The table of keys: name, help, and how a value is read and shown.

use super::judge::{JudgeSettings, parse_cap, parse_quiet};
use super::retention::{format_age, format_bound, parse_age, parse_bound};
use super::size::{format_bytes, parse_bytes};
use super::{Config, LogFormat};
use spanwise_redact::{HashKey, KEY_BYTES_MIN, Redactor, Rules};
use spanwise_store::RetentionRules;
use std::path::PathBuf;

/// One key.
pub(crate) struct Key {
    /// Its name, with a dot after its table.
    pub(crate) name: &'static str,
    /// What a value is called in help.
    pub(crate) value_name: &'static str,
    /// One line of help.
    pub(crate) help: &'static str,
    /// Its help for commands that talk to a server; none: they do not need it.
    pub(crate) client_help: Option<&'static str>,
    /// Reads a value; the error completes the sentence “`value` …”.
    pub(crate) set: fn(&mut Config, &str) -> Result<(), String>,
    /// Shows the value.
    pub(crate) get: fn(&Config) -> String,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Key {
    /// Returns the environment variable, e.g. `SPANWISE_OTLP_HTTP_PORT`.
    pub(crate) fn variable(&self) -> String {
        format!("SPANWISE_{}", self.name.replace('.', "_").to_ascii_uppercase())
    }

    /// Returns the flag, e.g. `--otlp-http-port`.
    pub(crate) fn flag(&self) -> String {
        format!("--{}", self.name.replace(['.', '_'], "-"))
    }
}

/// All keys, in the order in which they are shown.
pub(crate) static KEYS: &[Key] = &[
    Key {
        name: "data_dir",
        value_name: "PATH",
        help: "The folder that holds everything; one process owns it",
        client_help: Some("The data directory to open if no server answers"),
        set: |config, text| {
            config.data_dir = PathBuf::from(text);
            if text.is_empty() { Err("is no path".into()) } else { Ok(()) }
        },
        get: |config| config.data_dir.display().to_string(),
    },
    Key {
        name: "host",
        value_name: "ADDRESS",
        help: "The address to listen on; 0.0.0.0 lets other machines in",
        client_help: Some("Where the server is"),
        set: |config, text| {
            config.host = text.to_owned();
            if text.is_empty() { Err("is no address".into()) } else { Ok(()) }
        },
        get: |config| config.host.clone(),
    },
    Key {
        name: "port",
        value_name: "PORT",
        help: "The port of the API, OTLP/HTTP and probes (0 = off)",
        client_help: Some("The server's port"),
        set: |config, text| set_port(&mut config.port, text),
        get: |config| config.port.to_string(),
    },
    Key {
        name: "otlp.http_port",
        value_name: "PORT",
        help: "The port of OTLP over HTTP (0 = off)",
        client_help: None,
        set: |config, text| set_port(&mut config.otlp_http_port, text),
        get: |config| config.otlp_http_port.to_string(),
    },
    Key {
        name: "otlp.grpc_port",
        value_name: "PORT",
        help: "The port of OTLP over gRPC (0 = off)",
        client_help: None,
        set: |config, text| set_port(&mut config.otlp_grpc_port, text),
        get: |config| config.otlp_grpc_port.to_string(),
    },
    Key {
        name: "allowed.hosts",
        value_name: "LIST",
        help: "Names by which clients may reach the server, besides the loopback ones (comma separated; `*.name`, `*`)",
        client_help: None,
        set: |config, text| set_list(&mut config.allowed_hosts, text),
        get: |config| config.allowed_hosts.join(","),
    },
    Key {
        name: "allowed.origins",
        value_name: "LIST",
        help: "Web origins whose pages may call the server, besides the loopback ones (comma separated; `*`)",
        client_help: None,
        set: |config, text| set_list(&mut config.allowed_origins, text),
        get: |config| config.allowed_origins.join(","),
    },
    Key {
        name: "log.format",
        value_name: "FORMAT",
        help: "How log lines are written: text or json",
        client_help: None,
        set: |config, text| {
            config.log_format = match text {
                "text" => LogFormat::Text,
                "json" => LogFormat::Json,
                _ => return Err("is no log format; expected text or json".into()),
            };
            Ok(())
        },
        get: |config| match config.log_format {
            LogFormat::Text => "text".into(),
            LogFormat::Json => "json".into(),
        },
    },
    Key {
        name: "log.level",
        value_name: "LEVEL",
        help: "What is logged: error, warn, info, debug or trace, also by module (`info,spanwise_server=debug`)",
        client_help: None,
        set: |config, text| {
            text.parse::<tracing_subscriber::filter::Targets>().map_err(|error| {
                format!("is no log level ({error}); expected error, warn, info, debug or trace")
            })?;
            config.log_level = text.to_owned();
            Ok(())
        },
        get: |config| config.log_level.clone(),
    },
    Key {
        name: "limits.body_bytes",
        value_name: "BYTES",
        help: "Largest request, also after decompression (`64MiB`)",
        client_help: None,
        set: |config, text| set_bytes(&mut config.body_bytes, text),
        get: |config| format_bytes(config.body_bytes),
    },
    Key {
        name: "limits.queue_bytes",
        value_name: "BYTES",
        help: "Bytes of all requests between the socket and the disk; beyond it clients are told to retry",
        client_help: None,
        set: |config, text| set_bytes(&mut config.queue_bytes, text),
        get: |config| format_bytes(config.queue_bytes),
    },
    Key {
        name: "limits.artifact_bytes",
        value_name: "BYTES",
        help: "Largest uploaded attachment",
        client_help: None,
        set: |config, text| set_bytes(&mut config.artifact_bytes, text),
        get: |config| format_bytes(config.artifact_bytes),
    },
    Key {
        name: "limits.connections",
        value_name: "COUNT",
        help: "Connections at one time, over all ports",
        client_help: None,
        set: |config, text| {
            config.connections = text
                .parse()
                .ok()
                .filter(|&count| count > 0)
                .ok_or("is no count; expected a number from 1")?;
            Ok(())
        },
        get: |config| config.connections.to_string(),
    },
    Key {
        name: "search.index",
        value_name: "on|off",
        help: "Index the words and attribute values of spans; off costs less and scans them when they are searched",
        client_help: None,
        set: |config, text| set_switch(&mut config.search_index, text),
        get: |config| if config.search_index { "on" } else { "off" }.into(),
    },
    Key {
        name: "webhooks.private",
        value_name: "on|off",
        help: "Whether webhooks may be on private and loopback addresses, and over plain http; whoever may create webhooks can then make the server call them",
        client_help: None,
        set: |config, text| set_switch(&mut config.private_webhooks, text),
        get: |config| if config.private_webhooks { "on" } else { "off" }.into(),
    },
    Key {
        name: "retention.max_age",
        value_name: "AGE",
        help: "How old traces may become before they are deleted (`30d`; off = any age)",
        client_help: None,
        set: |config, text| {
            config.retention.max_age = parse_age(text)?;
            Ok(())
        },
        get: |config| format_age(config.retention.max_age),
    },
    Key {
        name: "retention.max_bytes",
        value_name: "BYTES",
        help: "Bytes of stored traces beyond which the oldest are deleted (`200GiB`; off = no bound)",
        client_help: None,
        set: |config, text| {
            config.retention.max_bytes = parse_bound(text)?;
            Ok(())
        },
        get: |config| format_bound(config.retention.max_bytes),
    },
    Key {
        name: "redaction.detectors",
        value_name: "LIST",
        help: "What is replaced in all that is stored, unless an experiment has rules of its own (comma separated; `spanwise redaction detectors` lists them)",
        client_help: None,
        set: |config, text| {
            set_list(&mut config.redaction.detectors, text)?;
            check_rules(&config.redaction)
        },
        get: |config| config.redaction.detectors.join(","),
    },
    Key {
        name: "redaction.paths",
        value_name: "LIST",
        help: "Paths of JSON values that are replaced too (comma separated; `$..ssn`)",
        client_help: None,
        set: |config, text| {
            set_list(&mut config.redaction.paths, text)?;
            check_rules(&config.redaction)
        },
        get: |config| config.redaction.paths.join(","),
    },
    Key {
        name: "redaction.attributes",
        value_name: "LIST",
        help: "Keys of attributes, tags and metadata whose values are replaced too (comma separated; `http.request.header.*`)",
        client_help: None,
        set: |config, text| {
            set_list(&mut config.redaction.attributes, text)?;
            check_rules(&config.redaction)
        },
        get: |config| config.redaction.attributes.join(","),
    },
    Key {
        name: "redaction.key",
        value_name: "SECRET",
        help: "With it replacements tell a hash of the value, so that equal ones stay comparable; at least 16 bytes, best given by the environment",
        client_help: None,
        set: |config, text| {
            let key =
                HashKey::new(text).ok_or(format!("is too short; expected at least {KEY_BYTES_MIN} bytes"))?;
            config.redaction_key = Some(key);
            Ok(())
        },
        // It is nobody's business.
        get: |config| if config.redaction_key.is_some() { "(set)" } else { "" }.into(),
    },
    Key {
        name: "judge.url",
        value_name: "URL",
        help: "The server with models that judges ask: the address before /chat/completions, as in https://api.openai.com/v1",
        client_help: None,
        set: |config, text| config.judge.default.set("url", text),
        get: |config| config.judge.default.url.clone(),
    },
    Key {
        name: "judge.model",
        value_name: "NAME",
        help: "The model of judges that name none",
        client_help: None,
        set: |config, text| config.judge.default.set("model", text),
        get: |config| config.judge.default.model.clone(),
    },
    Key {
        name: "judge.provider",
        value_name: "NAME",
        help: "The provider by whose prices calls of judges cost (`openai`); that of the model's name if none is given",
        client_help: None,
        set: |config, text| config.judge.default.set("provider", text),
        get: |config| config.judge.default.provider.clone(),
    },
    Key {
        name: "judge.api_key_variable",
        value_name: "NAME",
        help: "The environment variable that holds the API key of the server with models",
        client_help: None,
        set: |config, text| config.judge.default.set("api_key_variable", text),
        get: |config| config.judge.default.api_key_variable.clone(),
    },
    Key {
        name: "judge.api_key_file",
        value_name: "PATH",
        help: "The file that holds this API key, in place of the variable",
        client_help: None,
        set: |config, text| config.judge.default.set("api_key_file", text),
        get: |config| config.judge.default.api_key_file.clone(),
    },
    Key {
        name: "judge.timeout",
        value_name: "TIME",
        help: "How long a call of a model may take (`60s`)",
        client_help: None,
        set: |config, text| config.judge.default.set("timeout", text),
        get: |config| format_age(Some(config.judge.default.timeout)),
    },
    Key {
        name: "judge.concurrency",
        value_name: "COUNT",
        help: "Calls of models at one time",
        client_help: None,
        set: |config, text| config.judge.default.set("concurrency", text),
        get: |config| config.judge.default.concurrency.to_string(),
    },
    Key {
        name: "judge.daily_cap",
        value_name: "USD",
        help: "US dollars that a scorer without a cap of its own may spend on models on a UTC day (off = no bound)",
        client_help: None,
        set: |config, text| {
            config.judge.daily_cap = parse_cap(text)?;
            Ok(())
        },
        get: |config| config.judge.daily_cap.map_or_else(|| "off".into(), |usd| usd.to_string()),
    },
    Key {
        name: "judge.unpriced_calls",
        value_name: "COUNT",
        help: "Calls of models whose price is not known that a scorer without a cap on calls may make on a UTC day",
        client_help: None,
        set: |config, text| {
            config.judge.unpriced_calls =
                text.parse().map_err(|_| "is no count; expected a number from 0")?;
            Ok(())
        },
        get: |config| config.judge.unpriced_calls.to_string(),
    },
    Key {
        name: "scoring.quiet",
        value_name: "TIME",
        help: "How long nothing of a trace may have arrived before it is scored (`5s`)",
        client_help: None,
        set: |config, text| {
            config.judge.quiet = parse_quiet(text)?;
            Ok(())
        },
        get: |config| format_age(Some(config.judge.quiet)),
    },
];

impl Default for Config {
    fn default() -> Self {
        Config {
            data_dir: default_data_dir(),
            host: "127.0.0.1".into(),
            port: 5000,
            otlp_http_port: 4318,
            otlp_grpc_port: 4317,
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            log_format: LogFormat::Text,
            log_level: "info".into(),
            body_bytes: 64 << 20,
            queue_bytes: 48 << 20,
            artifact_bytes: 1 << 30,
            connections: 4096,
            search_index: true,
            private_webhooks: false,
            retention: RetentionRules::default(),
            redaction: Rules::default(),
            redaction_key: None,
            judge: JudgeSettings::default(),
        }
    }
}

fn set_switch(switch: &mut bool, text: &str) -> Result<(), String> {
    *switch = match text {
        "on" => true,
        "off" => false,
        _ => return Err("is neither on nor off".into()),
    };
    Ok(())
}

/// Returns the platform's folder for a program's data; without a home, the working directory's `spanwise-data`.
fn default_data_dir() -> PathBuf {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = if cfg!(windows) {
        folder("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        folder("XDG_DATA_HOME").or_else(|| folder("HOME").map(|home| home.join(".local/share")))
    };
    base.map_or_else(|| PathBuf::from("spanwise-data"), |base| base.join("spanwise"))
}

fn set_port(port: &mut u16, text: &str) -> Result<(), String> {
    *port = text.parse().map_err(|_| "is no port; expected a number from 0 to 65535")?;
    Ok(())
}

fn set_list(list: &mut Vec<String>, text: &str) -> Result<(), String> {
    *list = text.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect();
    Ok(())
}

fn check_rules(rules: &Rules) -> Result<(), String> {
    // The patterns are checked where they are read.
    let rules = Rules { patterns: Vec::new(), ..rules.clone() };
    Redactor::new(&rules).map(drop).map_err(|error| format!("can't be used: {error}"))
}

fn set_bytes(bytes: &mut usize, text: &str) -> Result<(), String> {
    *bytes =
        parse_bytes(text).ok_or("is no size; expected a number of bytes such as 65536, 512KiB or 64MiB")?;
    Ok(())
}
