//! Conditions and keys: expressions without braces.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use compysition_core::{Error, Result};
use serde_json::Value as JsonValue;

use crate::engine::{ENGINE, to_json};
use crate::functions::Functions;
use crate::scope::{Root, Scope};
use crate::{fault, names};

/// A compiled expression, such as `payload.total > 1000 and attributes.region == 'eu'`.
#[derive(Clone)]
pub struct Expression(Arc<Compiled>);

struct Compiled {
    source: String,
    code: minijinja::Expression<'static, 'static>,
    functions: Functions,
}

impl Expression {
    /// Compiles an expression. It may call the functions that are [entered](Functions::enter) here.
    ///
    /// # Errors
    /// Internal, with what is wrong with it.
    pub fn new(source: impl Into<String>) -> Result<Expression> {
        let source = source.into();
        let code = ENGINE
            .compile_expression_owned(source.clone())
            .map_err(|error| fault::compilation("expression", &source, &error))?;
        let functions = Functions::current();
        names::check(
            &source,
            false,
            &code.undeclared_variables(false),
            &functions,
        )?;
        Ok(Expression(Arc::new(Compiled {
            source,
            code,
            functions,
        })))
    }

    /// Evaluates the expression.
    ///
    /// # Errors
    /// Unprocessable, if a value in it is undefined for this event; malformed, if the payload cannot be
    /// read; internal for what no event could make right.
    pub fn evaluate<'a>(&self, scope: impl Into<Scope<'a>>) -> Result<JsonValue> {
        let value = self.value(scope.into())?;
        to_json(&value).map_err(|error| {
            Error::new(
                error.kind(),
                format!("cannot evaluate `{}`: {error}", self.source()),
            )
        })
    }

    /// Evaluates the expression as a condition: nothing, `false`, 0 and what is empty do not hold.
    ///
    /// # Errors
    /// As [`evaluate`](Expression::evaluate).
    pub fn condition<'a>(&self, scope: impl Into<Scope<'a>>) -> Result<bool> {
        Ok(self.value(scope.into())?.is_true())
    }

    /// Returns the expression as it was written.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    fn value(&self, scope: Scope<'_>) -> Result<minijinja::Value> {
        let value = self.0.code.eval(Root::value(scope, &self.0.functions));
        let value = value.map_err(|error| fault::evaluation(self.source(), &error))?;
        if value.is_undefined() {
            return Err(fault::undefined(self.source(), None));
        }
        Ok(value)
    }
}

impl FromStr for Expression {
    type Err = Error;

    fn from_str(source: &str) -> Result<Expression> {
        Expression::new(source)
    }
}

impl TryFrom<&str> for Expression {
    type Error = Error;

    fn try_from(source: &str) -> Result<Expression> {
        Expression::new(source)
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.source()).finish()
    }
}
