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
//! * **Sub-flows.** `pricing: { flow: { file: pricing.yaml, with: { url: … } } }` puts the actors of that file in the
//!   place of `pricing`, as `pricing/check` and so on. Nothing of it is left in the director but these names, so
//!   that all that looks at a flow sees through it; what is wrong keeps its place, with a note of where the file is used.
//!
//! # Ports of sub-flows
//!
//! In the file of a sub-flow `inbox` begins a line, and `outbox` ends one; `inbox.NAME` and `outbox.NAME` are ports with
//! names. Links are named in each file as if there were one actor at the other side:
//!
//! | main.yaml | pricing.yaml | becomes |
//! |---|---|---|
//! | `a -> pricing` | `inbox -> check` | outbox `pricing` of a, inbox `inbox` of pricing/check |
//! | `a.x -> pricing.miss` | `inbox.miss -> check` | outbox `x` of a, inbox `miss` of pricing/check |
//! | `pricing -> b` | `check -> outbox` | outbox `outbox` of pricing/check, inbox `pricing` of b |
//! | `pricing.miss -> b` | `check.y -> outbox.miss` | outbox `y` of pricing/check, inbox `miss` of b |
//! | `pricing.error -> b` | | error outbox of each actor that has no error connection, inbox `error_pricing` of b |
//!
//! A sub-flow without a port named is its plain port, or the only one that it has. A port stands for as many links as
//! lines in the sub-flow lead to it; one of them is best-effort if the line on either side is.

mod actors;
mod assigned;
mod bounds;
mod build;
mod connect;
mod diagnostics;
mod document;
mod expand;
mod extent;
mod fault;
mod fields;
mod files;
mod findings;
mod format;
mod groups;
mod include;
mod joint;
mod left_out;
mod linking;
mod links;
mod load;
mod node;
mod options;
mod parse;
mod placed_node;
mod places;
mod placing;
mod pool;
mod read;
mod read_back;
mod reference;
mod scalar;
mod scope;
mod settings;
mod shared_file;
mod shared_port;
mod sheet;
mod source;
mod subflow;
mod suggest;
mod tcp_address;
mod values;

pub mod testing;

pub use diagnostics::{Diagnostic, Diagnostics, Note, Severity};
pub use document::{Document, Step};
pub use format::{NotFormatted, format};
pub use links::{LinkMistake, Links, NodePart};
pub use load::{Loaded, Loader};
pub use placed_node::PlacedNode;
pub use placing::Placement;
