//! The actors that flow files can name.

use std::fmt;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;

use crate::Actor;
use crate::into_actor::Built;

/// An explicit table of the kinds of actors that flow files can name.
#[derive(Default, Clone)]
pub struct Registry {
    kinds: Vec<Kind>,
    aliases: Vec<(&'static str, &'static str)>,
}

type Build = dyn Fn(&mut dyn erased_serde::Deserializer<'_>) -> Result<Built, erased_serde::Error>
    + Send
    + Sync;

/// A kind of actor: its name, its settings, and how it is made from them.
#[derive(Clone)]
pub struct Kind {
    name: &'static str,
    schema: fn() -> Schema,
    build: Arc<Build>,
}

impl Registry {
    /// Makes an empty registry.
    pub fn new() -> Registry {
        Registry::default()
    }

    /// Adds a kind of actor whose settings are the fields of `A`; its doc comment is the manual. A kind
    /// of the same name is replaced.
    pub fn add<A>(&mut self, name: &'static str) -> &mut Registry
    where
        A: Actor + DeserializeOwned + JsonSchema,
    {
        self.kinds.retain(|kind| kind.name != name);
        self.kinds.push(Kind {
            name,
            schema: || SchemaGenerator::default().into_root_schema_for::<A>(),
            build: Arc::new(|config| erased_serde::deserialize::<A>(config).map(Built::value)),
        });
        self
    }

    /// Replaces how the actors of a kind are made, which keeps its name and its settings: a test has a stand-in for
    /// what reaches outside. Does nothing if there is no such kind.
    pub fn stand_in(
        &mut self,
        name: &str,
        build: impl Fn(&mut dyn erased_serde::Deserializer<'_>) -> Result<Built, erased_serde::Error>
        + Send
        + Sync
        + 'static,
    ) -> &mut Registry {
        if let Some(kind) = self.kinds.iter_mut().find(|kind| kind.name == name) {
            kind.build = Arc::new(build);
        }
        self
    }

    /// Adds another name of a kind.
    pub fn alias(&mut self, alias: &'static str, name: &'static str) -> &mut Registry {
        self.aliases.push((alias, name));
        self
    }

    /// Returns a kind by its name or one of its aliases.
    pub fn get(&self, name: &str) -> Option<&Kind> {
        let by_name = |name: &str| self.kinds.iter().find(|kind| kind.name == name);
        by_name(name).or_else(|| {
            let alias = self.aliases.iter().find(|(alias, _)| *alias == name);
            alias.and_then(|(_, name)| by_name(name))
        })
    }

    /// Returns all kinds, in the order in which they were added.
    pub fn kinds(&self) -> impl Iterator<Item = &Kind> {
        self.kinds.iter()
    }

    /// Returns all aliases and the names that they stand for.
    pub fn aliases(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.aliases.iter().copied()
    }
}

impl Kind {
    /// Returns the name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the JSON Schema of the settings; its description is the manual.
    pub fn schema(&self) -> Schema {
        (self.schema)()
    }

    /// Returns the first sentence of the manual.
    pub fn summary(&self) -> String {
        let schema = self.schema();
        let manual = schema.get("description").and_then(|text| text.as_str());
        let manual = manual.unwrap_or_default().replace('\n', " ");
        match manual.split_once(". ") {
            Some((first, _)) => format!("{first}."),
            None => manual,
        }
    }

    /// Makes an actor from its settings.
    ///
    /// # Errors
    /// What the deserializer finds wrong, with the position if it knows one.
    pub fn build(
        &self,
        settings: &mut dyn erased_serde::Deserializer<'_>,
    ) -> Result<Built, erased_serde::Error> {
        (self.build)(settings)
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kind").field(&self.name).finish()
    }
}
