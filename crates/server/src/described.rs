//! Routes of the native API with their descriptions.
//!
//! The document that describes the API is made by code that is as large as all handlers together, and always makes the same.
//! So the server has the document itself, and the code is there for the test that holds the two together: feature
//! `describe`.

use crate::app::App;
use axum::Router;
use axum::routing::MethodRouter;
use utoipa::openapi::HttpMethod;
use utoipa_axum::PathItemExt;

/// One path, with the handlers of its methods.
pub(crate) struct Routes {
    pub(crate) path: String,
    pub(crate) methods: MethodRouter<App>,
    #[cfg(feature = "describe")]
    pub(crate) described: utoipa_axum::router::UtoipaMethodRouter<App>,
}

/// Routes that are known to the document too.
#[derive(Default)]
pub(crate) struct ApiRouter {
    router: Router<App>,
    #[cfg(feature = "describe")]
    described: utoipa_axum::router::OpenApiRouter<App>,
}

impl ApiRouter {
    pub(crate) fn new() -> ApiRouter {
        ApiRouter::default()
    }

    /// Adds a path.
    pub(crate) fn routes(self, routes: Routes) -> ApiRouter {
        ApiRouter {
            router: self.router.route(&routes.path, routes.methods),
            #[cfg(feature = "describe")]
            described: self.described.routes(routes.described),
        }
    }

    /// Adds all paths of another one.
    pub(crate) fn merge(self, other: ApiRouter) -> ApiRouter {
        ApiRouter {
            router: self.router.merge(other.router),
            #[cfg(feature = "describe")]
            described: self.described.merge(other.described),
        }
    }

    /// Returns the routes, below a path.
    pub(crate) fn nested(self, path: &str) -> Router<App> {
        Router::new().nest(path, self.router)
    }

    /// Returns a document with the routes, below a path.
    #[cfg(feature = "describe")]
    pub(crate) fn describe(self, document: utoipa::openapi::OpenApi, path: &str) -> utoipa::openapi::OpenApi {
        utoipa_axum::router::OpenApiRouter::with_openapi(document).nest(path, self.described).into_openapi()
    }
}

/// Adds the handler of some methods.
pub(crate) fn on<H, T>(router: MethodRouter<App>, methods: &[HttpMethod], handler: H) -> MethodRouter<App>
where
    H: axum::handler::Handler<T, App>,
    T: 'static,
{
    methods.iter().fold(router, |router, method| router.on(method.to_method_filter(), handler.clone()))
}

/// Returns the [`Routes`] of handlers with `#[utoipa::path]`, all of one path.
macro_rules! routes {
    ($first:ident $(, $more:ident)* $(,)?) => {
        utoipa_axum::paste! {
            $crate::described::Routes {
                path: <[<__path_ $first>] as utoipa::Path>::path(),
                methods: {
                    let router = axum::routing::MethodRouter::new();
                    let router =
                        $crate::described::on(router, &<[<__path_ $first>] as utoipa::Path>::methods(), $first);
                    $(
                        let router =
                            $crate::described::on(router, &<[<__path_ $more>] as utoipa::Path>::methods(), $more);
                    )*
                    router
                },
                #[cfg(feature = "describe")]
                described: utoipa_axum::routes!($first $(, $more)*),
            }
        }
    };
}
pub(crate) use routes;
