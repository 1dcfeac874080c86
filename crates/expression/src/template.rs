//! Text with expressions in it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use compysition_core::{Error, Result};
use minijinja::Environment;
use serde_json::Value as JsonValue;

use crate::engine::ENGINE;
use crate::functions::Functions;
use crate::scope::{Root, Scope};
use crate::{Escape, Expression, fault, names};

const NAME: &str = "template";

/// A compiled template, such as `orders/{{ attributes.customer.id }}.json`. Text without braces is a
/// template too, and costs nothing to evaluate.
#[derive(Clone)]
pub struct Template(Arc<Compiled>);

struct Compiled {
    source: String,
    form: Form,
}

enum Form {
    Literal,
    Parts(Box<Parts>),
}

struct Parts {
    engine: Environment<'static>,
    functions: Functions,
    /// The expression that the whole template is, if it is one.
    only: Option<Expression>,
}

impl Template {
    /// Compiles a template. It may call the functions that are [entered](Functions::enter) here.
    ///
    /// # Errors
    /// Internal, with what is wrong with it.
    pub fn new(source: impl Into<String>) -> Result<Template> {
        Template::escaping(source, Escape::None)
    }

    /// Compiles a template that escapes the values in it.
    ///
    /// # Errors
    /// Internal, with what is wrong with it.
    ///
    /// ```
    /// use compysition_core::Event;
    /// use compysition_expression::{Escape, Template};
    ///
    /// let template = Template::escaping("<b>{{ text }}</b>", Escape::Xml)?;
    /// assert_eq!(template.render(&Event::new("1 < 2"))?, "<b>1 &lt; 2</b>");
    /// # Ok::<(), compysition_core::Error>(())
    /// ```
    pub fn escaping(source: impl Into<String>, escape: Escape) -> Result<Template> {
        let source = source.into();
        let form = match ["{{", "{%", "{#"]
            .iter()
            .any(|start| source.contains(start))
        {
            true => compile(&source, escape)?,
            false => Form::Literal,
        };
        Ok(Template(Arc::new(Compiled { source, form })))
    }

    /// Renders the template to text. `none` is no text; lists and objects are JSON.
    ///
    /// # Errors
    /// Unprocessable, if a value in it is undefined for this event; malformed, if the payload cannot be
    /// read; internal for what no event could make right.
    pub fn render<'a>(&self, scope: impl Into<Scope<'a>>) -> Result<String> {
        let Form::Parts(parts) = &self.0.form else {
            return Ok(self.0.source.clone());
        };
        let rendered = parts
            .engine
            .get_template(NAME)
            .and_then(|code| code.render(Root::value(scope.into(), &parts.functions)));
        rendered.map_err(|error| fault::evaluation(&self.0.source, &error))
    }

    /// Evaluates the template, keeping the type of the value if the whole template is one expression.
    ///
    /// # Errors
    /// As [`render`](Template::render).
    pub fn evaluate<'a>(&self, scope: impl Into<Scope<'a>>) -> Result<JsonValue> {
        match &self.0.form {
            Form::Parts(parts) => match &parts.only {
                Some(expression) => expression.evaluate(scope),
                None => self.render(scope).map(JsonValue::from),
            },
            Form::Literal => Ok(self.source().into()),
        }
    }

    /// Returns the text if it is the same for every event.
    pub fn as_literal(&self) -> Option<&str> {
        matches!(self.0.form, Form::Literal).then_some(&*self.0.source)
    }

    /// Returns the template as it was written.
    pub fn source(&self) -> &str {
        &self.0.source
    }
}

fn compile(source: &str, escape: Escape) -> Result<Form> {
    let functions = Functions::current();
    let mut engine = ENGINE.clone();
    if escape != Escape::None {
        engine.set_auto_escape_callback(move |_| escape.engines());
    }
    engine
        .add_template_owned(NAME, source.to_owned())
        .map_err(|error| fault::compilation(NAME, source, &error))?;
    let undeclared = engine
        .get_template(NAME)
        .map(|code| code.undeclared_variables(false));
    names::check(source, true, &undeclared.unwrap_or_default(), &functions)?;
    let inner = source
        .trim()
        .strip_prefix("{{")
        .and_then(|rest| rest.strip_suffix("}}"));
    Ok(Form::Parts(Box::new(Parts {
        // `{{ a }} and {{ b }}` without its outer braces is no expression.
        only: inner.and_then(|inner| Expression::new(inner.trim()).ok()),
        engine,
        functions,
    })))
}

impl Default for Template {
    /// Returns the template of the empty text.
    fn default() -> Template {
        Template(Arc::new(Compiled {
            source: String::new(),
            form: Form::Literal,
        }))
    }
}

impl FromStr for Template {
    type Err = Error;

    fn from_str(source: &str) -> Result<Template> {
        Template::new(source)
    }
}

impl TryFrom<&str> for Template {
    type Error = Error;

    fn try_from(source: &str) -> Result<Template> {
        Template::new(source)
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Template").field(&self.source()).finish()
    }
}
