//! Templates and expressions that flow files evaluate on each event.
//!
//! A [`Template`] is text with `{{ … }}` in it, such as `orders/{{ attributes.customer.id }}.json`; an
//! [`Expression`] is what stands between the braces, such as `payload.total > 1000`. Both are compiled
//! while the settings of an actor are read, so that a mistake is found before the first event.
//!
//! | name | is |
//! |---|---|
//! | `id`, `meta_id`, `service` | text |
//! | `inbox` | the inbox that the event came in by; only where the actor says so, see [`Scope`] |
//! | `attributes` | the attributes, such as `attributes.customer.id` |
//! | `payload` | JSON as a tree, nothing as `none`, all else as text |
//! | `text` | the payload as text |
//! | `http` | short for `attributes.http`; `none` if the event is no request's |
//! | `error` | the failure that the event is marked with (`kind`, `message`, `actor`, `attempts`), or `none` |
//! | `now()` | the time in UTC, as `2026-01-31T12:00:00.000Z` |
//! | `uuid()` | a random UUID |
//! | `jsonpath(path)` | one value of the payload, or a list for a path that may find several |
//!
//! The language is that of Jinja, with its filters and tests. What is undefined is an error that names
//! the expression; `attributes.color | default('red')` and `attributes.color is defined` avoid it.
//! A [`ValueTemplate`] is any value with templates in its texts. Further functions, such as `xpath()`, come from a [`Functions`] table.
//!
//! ```
//! use compysition_core::Event;
//! use compysition_expression::{Expression, Template};
//!
//! let event = Event::new("hello").with_attribute("color", "red");
//! let template: Template = "{{ text }} in {{ attributes.color }}".parse()?;
//! assert_eq!(template.render(&event)?, "hello in red");
//! let expression: Expression = "attributes.color == 'red'".parse()?;
//! assert!(expression.condition(&event)?);
//! # Ok::<(), compysition_core::Error>(())
//! ```

mod builtin;
mod engine;
mod escape;
mod expression;
mod fault;
mod functions;
mod names;
mod scan;
mod scope;
mod settings;
mod template;
mod tree;
mod value_template;

pub use escape::Escape;
pub use expression::Expression;
pub use functions::{Call, Functions};
pub use scope::Scope;
pub use template::Template;
pub use value_template::ValueTemplate;
