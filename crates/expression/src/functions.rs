//! The functions that expressions may call beside those of the language.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use compysition_core::{Event, Result, Surroundings};
use minijinja::value::{Object, ObjectRepr, Value};
use minijinja::{Error as EngineError, State};
use serde_json::Value as JsonValue;

use crate::tree::Tree;
use crate::{builtin, engine};

type Body = dyn Fn(&Call<'_>) -> Result<Option<JsonValue>> + Send + Sync;
type Check = dyn Fn(&str, &Surroundings) -> Result + Send + Sync;

/// A table of functions that expressions may call.
///
/// Settings are read by deserializers, which cannot be told more than their input; so the loader of a
/// flow file [enters](Functions::enter) the table for its thread while it reads an actor's settings, and
/// each expression keeps the table that it was compiled in.
///
/// ```
/// use compysition_core::Event;
/// use compysition_expression::{Expression, Functions};
///
/// let functions = Functions::default().with("shout", |call| {
///     Ok(Some(call.text(0)?.to_uppercase().into()))
/// });
/// let expression: Expression = functions.enter(|| "shout(text)".parse())?;
/// assert_eq!(expression.evaluate(&Event::new("hello"))?, "HELLO");
/// # Ok::<(), compysition_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Functions {
    table: Arc<BTreeMap<Arc<str>, Arc<Function>>>,
    /// As they were when the expression was compiled: functions need the namespaces of the flow.
    surroundings: Arc<Surroundings>,
}

pub(crate) struct Function {
    name: Arc<str>,
    body: Box<Body>,
    check: Option<Box<Check>>,
}

thread_local! {
    static CURRENT: RefCell<Option<Functions>> = const { RefCell::new(None) };
}

impl Default for Functions {
    /// Returns the table with `now()`, `uuid()` and `jsonpath()`.
    fn default() -> Functions {
        let none = Functions {
            table: Arc::default(),
            surroundings: Arc::default(),
        };
        builtin::add_to(none)
    }
}

impl Functions {
    /// Adds a function; one of the same name is replaced. `None` is the undefined value.
    #[must_use]
    pub fn with(
        self,
        name: &str,
        body: impl Fn(&Call<'_>) -> Result<Option<JsonValue>> + Send + Sync + 'static,
    ) -> Functions {
        self.insert(name, Box::new(body), None)
    }

    /// Adds a function whose first argument can be checked when an expression is compiled, if it is
    /// written out: a path, for example.
    #[must_use]
    pub fn with_check(
        self,
        name: &str,
        check: impl Fn(&str, &Surroundings) -> Result + Send + Sync + 'static,
        body: impl Fn(&Call<'_>) -> Result<Option<JsonValue>> + Send + Sync + 'static,
    ) -> Functions {
        self.insert(name, Box::new(body), Some(Box::new(check)))
    }

    /// Runs `work`; what it compiles may call these functions.
    pub fn enter<T>(&self, work: impl FnOnce() -> T) -> T {
        struct Restore(Option<Functions>);
        impl Drop for Restore {
            fn drop(&mut self) {
                CURRENT.set(self.0.take());
            }
        }
        let _restore = Restore(CURRENT.replace(Some(self.clone())));
        work()
    }

    /// Returns the names of the functions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.table.keys().map(|name| &**name)
    }

    /// Returns the functions that expressions are compiled with here, so that others can be compiled alike later.
    pub fn current() -> Functions {
        let current = CURRENT.with_borrow(Option::clone).unwrap_or_default();
        Functions {
            surroundings: Arc::new(Surroundings::current()),
            ..current
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Function>> {
        self.table.get(name)
    }

    /// Checks the first argument of a call, if it is written out.
    pub(crate) fn check(&self, name: &str, first: &str) -> Result {
        match self.get(name).and_then(|function| function.check.as_ref()) {
            Some(check) => check(first, &self.surroundings),
            None => Ok(()),
        }
    }

    fn insert(mut self, name: &str, body: Box<Body>, check: Option<Box<Check>>) -> Functions {
        let name: Arc<str> = name.into();
        let function = Function {
            name: name.clone(),
            body,
            check,
        };
        Arc::make_mut(&mut self.table).insert(name, Arc::new(function));
        self
    }
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// One call of a function: its arguments, the event, and what the flow file says of its surroundings.
pub struct Call<'a> {
    name: &'a str,
    arguments: Vec<JsonValue>,
    event: &'a Event,
    surroundings: &'a Surroundings,
}

impl Call<'_> {
    /// Returns the event that the expression is evaluated on.
    pub fn event(&self) -> &Event {
        self.event
    }

    /// Returns the arguments.
    pub fn arguments(&self) -> &[JsonValue] {
        &self.arguments
    }

    /// Returns the surroundings in which the expression was compiled, among them the namespaces.
    pub fn surroundings(&self) -> &Surroundings {
        self.surroundings
    }

    /// Returns an argument that must be text.
    ///
    /// # Errors
    /// Internal, if there is no such argument or it is no text.
    pub fn text(&self, index: usize) -> Result<&str> {
        let argument = self.arguments.get(index).and_then(JsonValue::as_str);
        argument.ok_or_else(|| {
            let (name, number) = (self.name, index + 1);
            compysition_core::Error::internal(format!("argument {number} of {name}() must be text"))
        })
    }
}

/// A function together with the event that it is called for.
pub(crate) struct Bound {
    pub(crate) function: Arc<Function>,
    pub(crate) functions: Functions,
    pub(crate) event: Event,
}

impl Object for Bound {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, EngineError> {
        let arguments = args.iter().map(engine::to_json).collect::<Result<_>>();
        let call = Call {
            name: &self.function.name,
            arguments: arguments.map_err(engine::fault)?,
            event: &self.event,
            surroundings: &self.functions.surroundings,
        };
        let result = (self.function.body)(&call).map_err(engine::fault)?;
        Ok(result.map_or(Value::UNDEFINED, Tree::owned))
    }
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}()", self.function.name)
    }
}
