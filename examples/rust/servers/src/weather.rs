//! The service `weather.Weather` and its client: what tonic makes of a protobuf file elsewhere.

use spanwise::tower::Traced;
use spanwise::trace;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tonic::Status;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::http::{Request, Response};
use tonic::server::{NamedService, UnaryService};
use tonic::transport::Channel;
use tonic_prost::ProstCodec;
use tower_service::Service;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

#[derive(Clone)]
pub(crate) struct WeatherClient(Grpc<Traced<Channel>>);

impl WeatherClient {
    pub(crate) fn new(channel: Traced<Channel>) -> WeatherClient {
        WeatherClient(Grpc::new(channel))
    }

    pub(crate) async fn ask(&mut self, city: String) -> Result<String, Status> {
        self.0.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let path = PathAndQuery::from_static("/weather.Weather/Ask");
        let codec = ProstCodec::<String, String>::default();
        Ok(self.0.unary(tonic::Request::new(city), path, codec).await?.into_inner())
    }
}

#[derive(Clone)]
pub(crate) struct WeatherServer;

impl NamedService for WeatherServer {
    const NAME: &'static str = "weather.Weather";
}

impl Service<Request<Body>> for WeatherServer {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Boxed<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let mut grpc = tonic::server::Grpc::new(ProstCodec::<String, String>::default());
        Box::pin(async move { Ok(grpc.unary(Ask, request).await) })
    }
}

struct Ask;

impl UnaryService<String> for Ask {
    type Response = String;
    type Future = Boxed<Result<tonic::Response<String>, Status>>;

    fn call(&mut self, request: tonic::Request<String>) -> Self::Future {
        Box::pin(async move { measure(&request.into_inner()).await.map(tonic::Response::new) })
    }
}

#[trace(type = "TOOL")]
async fn measure(city: &str) -> Result<String, Status> {
    match city {
        "Oslo" => Ok("4 °C in Oslo".to_owned()),
        _ => Err(Status::not_found(format!("nobody knows `{city}`"))),
    }
}
