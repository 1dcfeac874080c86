//! Flow files: actors and their connections in YAML, read with positions, checked as a whole, and built
//! into [`Director`](compysition_core::Director)s.
//!
//! ```yaml
//! name: submissions
//! settings: { listen: "127.0.0.1:8080" }
//! actors:
//!   http:  { http_server: { address: "${listen}" } }
//!   auth:  { basic_auth: { users: users.htpasswd }, timeout: 2s }
//!   shape: { xslt: { stylesheet: submit.xsl } }
//! connect:
//!   - http -> auth -> shape -> reply
//!   - auth.error, shape.error -> reply
//! ```
//!
//! A [`Loader`] reads files and gives flows that are ready to start, or [`Diagnostics`]: everything that
//! is wrong, each with file, line, column, the line itself and what was probably meant.
//!
//! * **Actors** are exactly one kind each; a bare name is a kind with its defaults. Beside the kind stand
//!   `pool`, `retry`, `timeout`, `breaker`, `into` (a path that takes what the actor makes) and `description`. `defaults` holds such
//!   keys for all actors, and settings by kind for those actors of the kind that do not give them.
//! * **Connections** are groups joined by `->`; a group is actors joined by commas. `x.port` names an
//!   outbox at the start of a line and an inbox at its end; `x.error` is the error outbox, `x.error.KIND`
//!   the errors of one kind; `reply` is the door that an event came in by. `errors` names the actor that
//!   takes the errors of those that have no connection for them.
//! * **Values.** `${name}` is given by `--set`, by `settings`, by the environment, or as
//!   `${name:-default}`, in this order; where it is all of a value it keeps its type. A setting without a
//!   value must be given. `${secret:NAME}` is the environment variable NAME, or the content of the file
//!   that NAME_FILE names; `${file:PATH}` is the content of a file. Neither is shown in a message, and a
//!   line feed at their end is left out. `$${` is a plain `${`.
//! * **Includes** bring `settings`, `defaults` and `namespaces`; what the including file says wins.
//!   Relative paths in settings of actors are taken relative to the flow file.

mod actors;
mod bounds;
mod build;
mod connect;
mod diagnostics;
mod document;
mod extent;
mod fault;
mod fields;
mod include;
mod load;
mod node;
mod options;
mod parse;
mod pool;
mod read;
mod reference;
mod scalar;
mod settings;
mod source;
mod suggest;
mod values;

pub mod testing;

pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use document::{Document, Step};
pub use load::{Loaded, Loader};
