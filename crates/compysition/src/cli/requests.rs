//! HTTP servers in the tests of flows, which are asked without a network.

use std::future::Future;
use std::pin::Pin;

use compysition_cli::trial::{Asked, Door, Props, Response};
use compysition_core::{Built, Registry};
use compysition_http::{HttpServer, HttpService, Request};

/// Lets the servers of a test listen to nobody but the test.
pub(crate) fn without_a_network(registry: &mut Registry, props: &Props) {
    let props = props.clone();
    registry.stand_in("http_server", move |settings| {
        let server: HttpServer = erased_serde::deserialize(settings)?;
        let server = server.unbound();
        props.door(Service(server.service()));
        Ok(Built::value(server))
    });
}

struct Service(HttpService);

impl Door for Service {
    fn ask(&self, asked: Asked) -> Pin<Box<dyn Future<Output = Result<Response, String>> + Send>> {
        let service = self.0.clone();
        Box::pin(async move {
            let mut request = Request::builder()
                .method(asked.method.as_str())
                .uri(asked.path.as_str());
            if !asked.body.is_empty() {
                request = request.header("content-length", asked.body.len());
            }
            for (name, value) in &asked.headers {
                request = request.header(name, value);
            }
            let request = request
                .body(asked.body.into())
                .map_err(|error| format!("this is no request: {error}"))?;
            let answer = service.ask(request).await;
            let answer = answer.map_err(|error| error.to_string())?;
            let headers = answer.headers().iter().map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.to_string(), value)
            });
            Ok(Response {
                status: answer.status().as_u16(),
                headers: headers.collect(),
                body: answer.body().to_vec(),
            })
        })
    }
}
