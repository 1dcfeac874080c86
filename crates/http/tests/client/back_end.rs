//! A small server to call, on a port of its own.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::JoinHandle;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

pub(crate) type Asked = Request<Bytes>;
pub(crate) type Answered = Response<Full<Bytes>>;

/// A server that answers by a function until it is dropped.
pub(crate) struct BackEnd {
    pub(crate) address: SocketAddr,
    /// How many connections were made.
    pub(crate) connections: Arc<AtomicUsize>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl BackEnd {
    /// Answers each request at once.
    pub(crate) fn new(answer: impl Fn(Asked) -> Answered + Send + Sync + 'static) -> BackEnd {
        BackEnd::start(None, move |asked| std::future::ready(answer(asked)))
    }

    /// Answers when it can, over TLS if that is wanted.
    pub(crate) fn start<F>(
        tls: Option<TlsAcceptor>,
        answer: impl Fn(Asked) -> F + Send + Sync + 'static,
    ) -> BackEnd
    where
        F: Future<Output = Answered> + Send + 'static,
    {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (stop, stopped) = oneshot::channel();
        let count = connections.clone();
        let accept = async move {
            let listener = TcpListener::from_std(listener).unwrap();
            let answer = Arc::new(answer);
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Relaxed);
                tokio::task::spawn(serve(stream, tls.clone(), answer.clone()));
            }
        };
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                tokio::select! {
                    () = accept => {}
                    _ = stopped => {}
                }
            });
        });
        BackEnd {
            address,
            connections,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for BackEnd {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

async fn serve<F>(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    answer: Arc<impl Fn(Asked) -> F + Send + Sync + 'static>,
) where
    F: Future<Output = Answered> + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = answer.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            Ok::<_, Infallible>(answer(Request::from_parts(head, body)).await)
        }
    });
    let server = auto::Builder::new(TokioExecutor::new());
    // A client that goes away is none of the test's business.
    match tls {
        None => drop(server.serve_connection(TokioIo::new(stream), service).await),
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                drop(server.serve_connection(TokioIo::new(stream), service).await);
            }
        }
    }
}

/// Makes a response of a status, a content type and a body.
pub(crate) fn answer(status: u16, media_type: &str, body: impl Into<Bytes>) -> Answered {
    let response = Response::builder()
        .status(status)
        .header("content-type", media_type);
    response.body(Full::new(body.into())).unwrap()
}

/// Makes a redirect.
pub(crate) fn redirect(status: u16, location: &str) -> Answered {
    let response = Response::builder()
        .status(status)
        .header("location", location);
    response.body(Full::default()).unwrap()
}
