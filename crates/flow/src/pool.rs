//! How many instances of an actor a flow file asks for.

use std::num::NonZeroUsize;

use compysition_core::{Event, Pool};
use compysition_expression::Expression;
use serde::Deserialize;

use crate::diagnostics::Diagnostic;
use crate::node::{Content, Entry, Node};
use crate::settings;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    size: NonZeroUsize,
    order: Option<Order>,
    key: Option<Expression>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    None,
    Key,
    Input,
}

/// Reads a number of instances, or a map with the order as well.
pub(crate) fn read(node: Node, found: &mut Vec<Diagnostic>) -> Option<Pool> {
    let span = node.span;
    let settings = match node.content {
        Content::Map(_) => node,
        _ => {
            let size = Entry {
                key: "size".into(),
                key_span: span,
                value: node,
            };
            Node::new(Content::Map(vec![size]), span)
        }
    };
    let Settings { size, order, key } = settings::read(&settings, found)?;
    let pool = Pool::of(size.get());
    let mut wrong = |message: &str| {
        Diagnostic::new(span, message).report(found);
        None
    };
    match (order, key) {
        (None | Some(Order::None), None) => Some(pool),
        (Some(Order::Input), None) => Some(pool.in_order()),
        (None | Some(Order::Key), Some(key)) => Some(pool.by_key(by(key))),
        (Some(Order::Key), None) => {
            wrong("`order: key` needs a `key`, an expression such as attributes.customer")
        }
        (Some(Order::None | Order::Input), Some(_)) => {
            wrong("a `key` is for `order: key`; with another order nobody asks for it")
        }
    }
}

/// Returns the key of an event as text; numbers and texts that look the same are the same.
fn by(key: Expression) -> impl Fn(&Event, &str) -> compysition_core::Result<String> {
    move |event, inbox| {
        let value = key.evaluate((event, inbox))?;
        Ok(match value {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        })
    }
}
