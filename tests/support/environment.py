"""The environment of every process that runs the MLflow client."""

# Nothing may leave the machine, and no retry may hide a server's mistake.
ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "LANGSMITH_TRACING": "false",
    # Else the client asks GitHub for the newest prices when a judge answers.
    "MLFLOW_MODEL_CATALOG_URI": "",
    # A test that forgets to say where to send fails, rather than have the client make a database here.
    "MLFLOW_TRACKING_URI": "http://127.0.0.1:9",
}
