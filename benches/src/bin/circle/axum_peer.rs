//! A bare axum handler with the same bounds: nothing of ours can be faster.

use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::post;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};

use crate::server::{BODY_LIMIT, SECONDS, announce};

pub(crate) async fn serve() -> Result<(), Box<dyn Error>> {
    let time = Duration::from_secs(SECONDS);
    let router = Router::new()
        .route("/", post(async |body: Bytes| body))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(RequestBodyTimeoutLayer::new(time))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            time,
        ));
    let service = TowerToHyperService::new(router);

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    announce(listener.local_addr()?)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = service.clone();
        tokio::spawn(async move {
            let mut builder = http1::Builder::new();
            // `axum::serve` sets no bound here, which a server on its own needs.
            builder.timer(TokioTimer::new()).header_read_timeout(time);
            let _ = builder
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}
