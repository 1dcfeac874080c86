//! HTTP for compysition: [`HttpServer`], a door for requests; [`HttpClient`], which calls back-ends; and
//! [`BasicAuth`].
//!
//! What an event knows of HTTP is read and set through [`HttpEvent`]. What errors mean to clients stands
//! in one table, in [`status`].

mod accept;
mod auth;
mod back_end;
mod client;
mod cloudevents;
mod coding;
mod cookie;
mod exchange;
#[cfg(test)]
mod fuzz;
mod http_event;
mod media;
mod method_router;
mod query;
mod rate_limit;
mod rest;
mod secret;
mod server;
mod static_files;
mod written;

pub mod status;

pub use auth::{Algorithm, BasicAuth, JwtAuth};
pub use back_end::BackEndResponse;
pub use client::HttpClient;
pub use cloudevents::CloudEvents;
pub use cookie::{Cookie, CookieCheck, MissingCookie, SameSite};
pub use http::StatusCode;
pub use http_event::{Http, HttpEvent};
pub use method_router::MethodRouter;
pub use rate_limit::RateLimit;
pub use rest::Rest;
pub use server::{
    AccessLog, AnswerMode, Bound, ClientAddress, Compression, Cors, ErrorBody, HttpServer,
    HttpService, LogFormat, LogQuery, OnDisconnect, ResponseBody,
};
pub use static_files::StaticFiles;

use compysition_core::Registry;

/// What an [`HttpService`] is asked with, and answers.
pub use http::{Request, Response};

/// Adds the actors of this crate to a registry.
pub fn register(registry: &mut Registry) {
    registry
        .add::<HttpServer>("http_server")
        .alias("wsgi", "http_server")
        .add::<HttpClient>("http_client")
        .add::<BasicAuth>("basic_auth")
        .add::<JwtAuth>("jwt_auth")
        .add::<RateLimit>("rate_limit")
        .add::<Cookie>("cookie")
        .alias("set_cookie", "cookie")
        .add::<CookieCheck>("cookie_check")
        .add::<Rest>("rest")
        .alias("rest_translator", "rest")
        .add::<StaticFiles>("static_files")
        .add::<MethodRouter>("method_router")
        .alias("http_method_event_router", "method_router");
}
