//! A server's door as a service in somebody's own program.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use bytes::Bytes;
use compysition_core::{Error, Source};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Body;
use tower_service::Service;

use crate::media::Format;
use crate::server::answer_mode::ErrorBody;
use crate::server::body::{BoxError, ResponseBody};
use crate::server::door::Door;
use crate::server::fault::Fault;

/// What a service needs of the server, as soon as its flow has started.
pub(crate) type Mounted = Arc<OnceLock<(Arc<Door>, Source)>>;

/// Answers requests through the flow of the [`HttpServer`](crate::HttpServer) that it was made from: a
/// `tower` service, to be mounted in an application of axum or the like.
///
/// Before the flow has started, and when it stops, it answers 503. It knows the address of a client if
/// the request has a [`ClientAddress`] among its extensions.
#[derive(Clone)]
pub struct HttpService(pub(crate) Mounted);

/// Tells an [`HttpService`] the address of the client, as an extension of the request.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub SocketAddr);

impl HttpService {
    /// Asks with a request whose body is at hand, and reads the whole answer.
    ///
    /// # Errors
    /// What of the answer cannot be read.
    pub async fn ask(
        mut self,
        request: Request<Bytes>,
    ) -> compysition_core::Result<Response<Bytes>> {
        let answered = self.call(request.map(Full::new)).await;
        let (head, body) = match answered {
            Ok(response) => response.into_parts(),
            Err(never) => match never {},
        };
        let body = body.collect().await.map_err(|error| {
            Error::internal(format!("the body of the answer cannot be read: {error}"))
        })?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }
}

impl<B> Service<Request<B>> for HttpService
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mounted = self.0.clone();
        Box::pin(async move {
            let Some((door, source)) = mounted.get() else {
                let error =
                    Error::unavailable("the flow has not started").with_detail("retry_after", 1);
                let fault = Fault::from(error);
                return Ok(fault.respond(Format::Text, ErrorBody::Envelope, ""));
            };
            let (head, body) = request.into_parts();
            let client = head.extensions.get().map(|ClientAddress(client)| *client);
            let mut body = Box::pin(body);
            let mut reply = door.answer(source, head, body.as_mut(), client).await;
            if reply.has_unread {
                reply.response.body_mut().keep_unread(body);
            }
            Ok(reply.response)
        })
    }
}

impl fmt::Debug for HttpService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpService")
    }
}
