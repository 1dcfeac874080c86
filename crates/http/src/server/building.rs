//! How a program makes an `HttpServer`: one method for each setting.

use std::time::Duration;

use compysition_core::{ByteSize, FilePath, TimeSpan};

use crate::cloudevents::CloudEvents;
use crate::server::access_log::AccessLog;
use crate::server::address::Address;
use crate::server::answer_mode::{AnswerMode, ErrorBody, OnDisconnect};
use crate::server::bound::Bound;
use crate::server::compression::Compression;
use crate::server::cors::Cors;
use crate::server::http_server::HttpServer;
use crate::server::route::Route;
use crate::server::service::HttpService;
use crate::server::switch::Switch;
use crate::server::tls::Tls;

impl HttpServer {
    /// Makes a server that listens on an address such as `127.0.0.1:8080`.
    pub fn at(address: impl Into<String>) -> HttpServer {
        HttpServer {
            address: Address::unchecked(address.into()),
            ..HttpServer::default()
        }
    }

    /// Makes a server that does not listen, for use through its [`service`](HttpServer::service).
    pub fn mounted() -> HttpServer {
        let mut server = HttpServer::default();
        server.shared.listens = false;
        server
    }

    /// Keeps the server from listening: it is only asked through its [`service`](HttpServer::service).
    #[must_use]
    pub fn unbound(mut self) -> HttpServer {
        self.shared.listens = false;
        self
    }

    /// Adds a route such as `POST /orders/{id}`; events take the outbox of its name.
    #[must_use]
    pub fn route(mut self, name: impl Into<String>, route: &str) -> HttpServer {
        match route.parse::<Route>() {
            Ok(route) => self.routes.0.push((name.into(), route)),
            Err(mistake) => self.shared.mistake = Some(mistake),
        }
        self
    }

    /// Bounds the size of bodies; 1 MiB by default.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> HttpServer {
        self.body_limit = ByteSize(bytes);
        self
    }

    /// Bounds the time for the head of a request to arrive, and for a connection to be idle.
    #[must_use]
    pub fn header_timeout(mut self, time: Duration) -> HttpServer {
        self.header_timeout = TimeSpan(time);
        self
    }

    /// Bounds the time for a body to arrive.
    #[must_use]
    pub fn body_timeout(mut self, time: Duration) -> HttpServer {
        self.body_timeout = TimeSpan(time);
        self
    }

    /// Bounds the time for the flow to answer.
    #[must_use]
    pub fn deadline(mut self, time: Duration) -> HttpServer {
        self.deadline = TimeSpan(time);
        self
    }

    /// Says what becomes of a request when its client goes away.
    #[must_use]
    pub fn on_disconnect(mut self, choice: OnDisconnect) -> HttpServer {
        self.on_disconnect = Some(choice);
        self
    }

    /// Bounds how many requests may wait for their turn.
    #[must_use]
    pub fn max_waiting(mut self, requests: usize) -> HttpServer {
        self.max_waiting = Some(requests);
        self
    }

    /// Says what clients wait for.
    #[must_use]
    pub fn answer(mut self, mode: AnswerMode) -> HttpServer {
        self.answer = mode;
        self
    }

    /// Says what the bodies of errors look like.
    #[must_use]
    pub fn error_body(mut self, style: ErrorBody) -> HttpServer {
        self.error_body = style;
        self
    }

    /// Says whether JSON answers are put in `{"data": …}`; by default they are not.
    #[must_use]
    pub fn envelope(mut self, envelope: bool) -> HttpServer {
        self.envelope = envelope;
        self
    }

    /// Takes requests that are CloudEvents for what they are.
    #[must_use]
    pub fn cloudevents(mut self, cloudevents: CloudEvents) -> HttpServer {
        self.cloudevents = Some(cloudevents);
        self
    }

    /// Names the header that the meta id is taken from and given back in; empty for none.
    #[must_use]
    pub fn correlation(mut self, header: impl Into<String>) -> HttpServer {
        self.correlation = header.into();
        self
    }

    /// Serves HTTPS with a certificate and its key, both as PEM files.
    #[must_use]
    pub fn tls(mut self, certificate: impl Into<FilePath>, key: impl Into<FilePath>) -> HttpServer {
        self.tls = Some(Tls {
            certificate: certificate.into(),
            key: key.into(),
        });
        self
    }

    /// Lets scripts of other origins in.
    #[must_use]
    pub fn cors(mut self, cors: Cors) -> HttpServer {
        self.cors = Some(cors);
        self
    }

    /// Takes and gives compressed bodies.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> HttpServer {
        self.compression = Switch(Some(compression));
        self
    }

    /// Logs each request when it has been answered.
    #[must_use]
    pub fn access_log(mut self, log: AccessLog) -> HttpServer {
        self.access_log = Switch(Some(log));
        self
    }

    /// Returns what will tell the address that the server listens on.
    pub fn bound(&self) -> Bound {
        Bound(self.shared.address.subscribe())
    }

    /// Returns the door as a `tower` service, to be mounted in a program that has a server of its own.
    ///
    /// ```
    /// use compysition_core::{Director, Event, map};
    /// use compysition_http::HttpServer;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), compysition_core::FlowError> {
    /// let server = HttpServer::mounted();
    /// let app = axum::Router::<()>::new().route_service("/flow", server.service());
    ///
    /// let mut director = Director::new("part");
    /// let http = director.register("http", server);
    /// let echo = director.register("echo", map(|event: Event| event));
    /// director.connect(http, echo);
    /// director.connect(echo, http);
    /// let flow = director.start().await?;
    /// // Serve `app` here, as long as the program runs.
    /// flow.stop().await;
    /// # drop(app);
    /// # Ok(())
    /// # }
    /// ```
    pub fn service(&self) -> HttpService {
        HttpService(self.shared.mounted.clone())
    }
}
