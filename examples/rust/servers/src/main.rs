//! A client, a server of HTTP made with axum, and one of gRPC made with tonic: one tree.
//!
//! ```text
//! cargo run -p spanwise-examples-servers
//! ```

mod weather;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use spanwise::reqwest::RequestBuilderExt;
use spanwise::trace;
use std::error::Error;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Endpoint, Server};
use weather::{WeatherClient, WeatherServer};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result<()> {
    let _guard = spanwise::init();
    let weather = serve_weather().await?;
    let cities = serve_cities(weather).await?;
    println!("{}", ask(cities, "Oslo").await?);
    println!("{}", ask(cities, "Atlantis").await?);
    Ok(())
}

/// The client.
#[trace(type = "AGENT", skip(server))]
async fn ask(server: SocketAddr, city: &str) -> Result<String> {
    let client = reqwest::Client::new();
    Ok(client.get(format!("http://{server}/cities/{city}")).send_traced().await?.text().await?)
}

/// Starts the server of HTTP, which asks the other one.
async fn serve_cities(weather: SocketAddr) -> Result<SocketAddr> {
    let channel = Endpoint::from_shared(format!("http://{weather}"))?.connect_lazy();
    let client = WeatherClient::new(spanwise::tonic::ClientLayer.layer(channel));
    let app = Router::new()
        .route("/cities/{city}", get(city))
        .layer(spanwise::axum::ServerLayer)
        .with_state(client);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}

async fn city(State(mut weather): State<WeatherClient>, Path(city): Path<String>) -> (StatusCode, String) {
    match weather.ask(city).await {
        Ok(answer) => (StatusCode::OK, answer),
        Err(status) => (StatusCode::NOT_FOUND, status.message().to_owned()),
    }
}

/// Starts the server of gRPC.
async fn serve_weather() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = Server::builder().layer(spanwise::tonic::ServerLayer).add_service(WeatherServer);
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    Ok(address)
}
