//! compysition composes actors into event flows: request/response circles, in which an HTTP request goes
//! through authentication, transformations and an executor and comes back as that request's answer, and
//! one-way streams.
//!
//! A flow is written in Rust with a [`Director`], or in a YAML file that the `compysition` program runs.
//! This crate is the facade: the engine, and by feature the actors.
//!
//! | feature | brings |
//! |---|---|
//! | `actors` (default) | what needs no transport and no C library, such as `event_generator`, `stdout`, `xml_to_json`, and the `door` for programs and tests |
//! | `cron` | `cron`, with the rules of time zones |
//! | `exec` | `exec` |
//! | `files` | `file_in`, `file_out` |
//! | `http` | `http_server`, `http_client`, `basic_auth` |
//! | `json` | `json_schema`, `jq` |
//! | `net` | `tcp_in`, `tcp_out`, `udp_in`, `udp_out` |
//! | `smtp` | `smtp_in`, `smtp_out` |
//! | `sql` | `sql`, with SQLite and PostgreSQL |
//! | `store` | `deduplicate`, with an embedded store |
//! | `xml` | `xslt`, `xsd`, `xml_split`, `soap_unwrap`, `soap_wrap`; needs libxslt |
//! | `zeromq` | `zmq_push`, `zmq_pull`, `zmq_pub`, `zmq_sub`, `zmq_dealer`, `zmq_router`, `zmq_req`, `zmq_rep`; Majordomo: `mdp_broker`, `mdp_worker`, `mdp_client` |
//! | `cli` | flow files, and the commands of the program |
//! | `full` | all of them, and the program `compysition` |
//!
//! ```
//! use compysition::{Director, Event, map};
//! # #[cfg(feature = "actors")]
//! use compysition::actors::Door;
//!
//! # #[cfg(feature = "actors")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> compysition::Result {
//! let mut director = Director::new("greetings");
//! let (door, handle) = Door::new();
//! let door = director.register("door", door);
//! let greet = director.register("greet", map(|event: Event| {
//!     let greeting = format!("hello {}", event.text()?);
//!     Ok(event.with(greeting))
//! }));
//! director.connect(door, greet);
//! director.connect(greet, door);
//!
//! let flow = director.start().await?;
//! let answer = handle.ask("Ada").await?;
//! assert_eq!(answer.text()?, "hello Ada");
//! flow.stop().await;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "actors"))]
//! # fn main() {}
//! ```

pub use compysition_core::*;

#[cfg(feature = "actors")]
pub use compysition_actors as actors;
#[cfg(feature = "cron")]
pub use compysition_cron as cron;
#[cfg(feature = "exec")]
pub use compysition_exec as exec;
#[cfg(feature = "cli")]
pub use compysition_expression as expression;
#[cfg(feature = "files")]
pub use compysition_files as files;
#[cfg(feature = "cli")]
pub use compysition_flow as flow;
#[cfg(feature = "http")]
pub use compysition_http as http;
#[cfg(feature = "json")]
pub use compysition_json as json;
#[cfg(feature = "net")]
pub use compysition_net as net;
#[cfg(feature = "smtp")]
pub use compysition_smtp as smtp;
#[cfg(feature = "sql")]
pub use compysition_sql as sql;
#[cfg(feature = "store")]
pub use compysition_store as store;
#[cfg(feature = "xml")]
pub use compysition_xml as xml;
#[cfg(feature = "zeromq")]
pub use compysition_zeromq as zeromq;

#[cfg(feature = "cli")]
pub mod cli;

/// Returns the actors of all features that are switched on, under the names that flow files use.
pub fn registry() -> Registry {
    #[allow(unused_mut, reason = "without features there is nothing to add")]
    let mut registry = Registry::new();
    #[cfg(feature = "actors")]
    compysition_actors::register(&mut registry);
    #[cfg(feature = "cron")]
    compysition_cron::register(&mut registry);
    #[cfg(feature = "exec")]
    compysition_exec::register(&mut registry);
    #[cfg(feature = "files")]
    compysition_files::register(&mut registry);
    #[cfg(feature = "http")]
    compysition_http::register(&mut registry);
    #[cfg(feature = "json")]
    compysition_json::register(&mut registry);
    #[cfg(feature = "net")]
    compysition_net::register(&mut registry);
    #[cfg(feature = "smtp")]
    compysition_smtp::register(&mut registry);
    #[cfg(feature = "sql")]
    compysition_sql::register(&mut registry);
    #[cfg(feature = "store")]
    compysition_store::register(&mut registry);
    #[cfg(feature = "xml")]
    compysition_xml::register(&mut registry);
    #[cfg(feature = "zeromq")]
    compysition_zeromq::register(&mut registry);
    registry
}
