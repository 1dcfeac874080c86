//! The manual of a kind of actor, from the doc comments of its struct.

mod catalogue;
mod example;
mod patterns;
mod purpose;
mod setting;
mod text;
mod types;
mod wrap;

use compysition_core::{Kind, Ports};

use crate::program::Program;

pub(crate) use catalogue::{catalogue, section};
pub use patterns::PATTERNS;
pub(crate) use patterns::of_engine;
pub use purpose::PURPOSES;
pub(crate) use purpose::by_purpose;
pub(crate) use setting::form;
pub use setting::{Choice, Setting};
pub(crate) use text::text;
pub(crate) use wrap::hang;

/// What the doc comments of a kind of actor say.
///
/// The paragraphs of the struct's comment are its text. The last but one is ``Example: `name: { … }` ``
/// (with ``, with `it.get, it.post -> reply` `` behind it where its outboxes do not follow from its settings), the last
/// one `Purpose: P. Patterns: A, B.`, where P is one of [`PURPOSES`], and A and B are of [`PATTERNS`]. An
/// actor without these paragraphs has a manual all the same.
#[derive(Clone, Debug)]
pub struct Manual {
    /// The name.
    pub name: &'static str,
    /// The other names.
    pub aliases: Vec<&'static str>,
    /// The first sentence.
    pub summary: String,
    /// All paragraphs but those of the example and the purpose.
    pub text: String,
    /// What stands behind the name of an actor in a flow file.
    pub example: Option<String>,
    /// How the actor `it` of the example is connected, if it is not by all its outboxes.
    pub connection: Option<String>,
    /// What it is for.
    pub purpose: Option<String>,
    /// The Enterprise Integration Patterns that it is an instance of.
    pub patterns: Vec<String>,
    /// The settings.
    pub settings: Vec<Setting>,
    /// What the actor of the example says about its ports; nothing if it needs files that are not there.
    pub ports: Option<Ports>,
}

impl Manual {
    /// Returns the manual of a kind.
    pub fn of(kind: &Kind, program: &Program) -> Manual {
        let schema = kind.schema();
        let root = schema.as_value();
        let aliases = program.registry.aliases();
        let aliases = aliases.filter(|(_, name)| *name == kind.name());
        let mut manual = Manual {
            name: kind.name(),
            aliases: aliases.map(|(alias, _)| alias).collect(),
            summary: kind.summary(),
            text: String::new(),
            example: None,
            connection: None,
            purpose: None,
            patterns: Vec::new(),
            settings: setting::settings(root),
            ports: None,
        };
        for paragraph in root["description"]
            .as_str()
            .unwrap_or_default()
            .split("\n\n")
        {
            manual.add(paragraph);
        }
        manual.ports = example::ports(&manual, program);
        manual
    }

    fn add(&mut self, paragraph: &str) {
        if let Some(example) = paragraph.strip_prefix("Example: `") {
            let example = example.trim_end().trim_end_matches(['`', '.']);
            let example = example.replace('\n', " ");
            let (example, connection) = match example.split_once("`, with `") {
                Some((example, connection)) => (example.to_owned(), Some(connection.to_owned())),
                None => (example, None),
            };
            self.example = Some(example);
            self.connection = connection;
        } else if let Some(purpose) = paragraph.strip_prefix("Purpose: ") {
            let purpose = purpose.replace('\n', " ");
            let (purpose, patterns) = purpose.split_once(" Patterns: ").unwrap_or((&purpose, ""));
            self.purpose = Some(purpose.trim_end_matches('.').to_owned());
            let patterns = patterns.trim_end_matches('.').split(", ");
            let patterns = patterns.filter(|pattern| !pattern.is_empty());
            self.patterns = patterns.map(str::to_owned).collect();
        } else {
            if !self.text.is_empty() {
                self.text += "\n\n";
            }
            self.text += paragraph;
        }
    }

    /// Returns whether all words occur in what the manual says.
    pub(crate) fn is_about(&self, words: &[String]) -> bool {
        let said = [self.name, &self.text, self.purpose.as_deref().unwrap_or("")];
        let said = said.into_iter().chain(self.aliases.iter().copied());
        let said = said.chain(self.patterns.iter().map(String::as_str));
        let said = said.collect::<Vec<_>>().join("\n").to_lowercase();
        words.iter().all(|word| said.contains(&word.to_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use compysition_core::{Actor, Context, Event, Registry, Result};
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    use super::*;

    /// Sends each event the way that it asks for.
    #[derive(Deserialize, JsonSchema)]
    struct Ways {
        /// The ways by their names.
        #[expect(dead_code, reason = "only its schema is looked at")]
        ways: BTreeMap<String, Way>,
        /// What is done with the rest.
        #[serde(default)]
        #[expect(dead_code, reason = "only its schema is looked at")]
        rest: Rest,
    }

    /// Where a way leads.
    #[derive(Deserialize, JsonSchema)]
    struct Way {
        /// How many may go it.
        #[expect(dead_code, reason = "only its schema is looked at")]
        most: Option<u32>,
    }

    #[derive(Default, Deserialize, Serialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    enum Rest {
        /// It ends.
        #[default]
        Drop,
        /// It goes on.
        Pass,
    }

    impl Actor for Ways {
        async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
            ctx.send(event)
        }
    }

    fn ways() -> (Manual, Program) {
        let mut registry = Registry::new();
        registry.add::<Ways>("ways");
        let program = Program::new(registry);
        (program.manuals().remove(0), program)
    }

    #[test]
    fn shows_what_settings_hold_and_offer() {
        let (manual, program) = ways();
        let expected = "\
ways

  Sends each event the way that it asks for.

Settings

  ways: map of map; must be given
      The ways by their names.

      most: whole number
          How many may go it.

  rest: drop | pass; default: drop
      What is done with the rest.
      `drop`: It ends.
      `pass`: It goes on.

Beside it may stand: `pool`, `retry`, `timeout`, `breaker`, `into` and `description`, as in
      `it: { ways: …, timeout: 2s }`
";
        assert_eq!(text(&manual, &program.registry, 100), expected);
    }

    #[test]
    fn the_page_says_the_same() {
        let (manual, _) = ways();
        let expected = "\
### `ways`

Sends each event the way that it asks for.

Settings:

- **`ways`** (map of map, must be given): The ways by their names.
  - **`most`** (whole number): How many may go it.
- **`rest`** (drop | pass, default `drop`): What is done with the rest.
  - `drop`: It ends.
  - `pass`: It goes on.
";
        assert_eq!(section(&manual), expected);
    }

    #[test]
    fn the_last_paragraphs_are_not_text() {
        let (mut manual, _) = ways();
        manual.add("Example: `ways: { ways:\n{ a: {} } }`, with `it.a -> out`");
        manual.add("Purpose: gather and split. Patterns: splitter, wire\ntap.");
        assert_eq!(manual.example.as_deref(), Some("ways: { ways: { a: {} } }"));
        assert_eq!(manual.connection.as_deref(), Some("it.a -> out"));
        assert_eq!(manual.purpose.as_deref(), Some("gather and split"));
        assert_eq!(manual.patterns, ["splitter", "wire tap"]);
        assert_eq!(manual.text, "Sends each event the way that it asks for.");
    }
}
