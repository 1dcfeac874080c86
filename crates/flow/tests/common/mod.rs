//! Kinds of actors for tests of flow files.
#![allow(dead_code, clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use compysition_core::{Actor, Context, Event, FilePath, Ports, Registry, Result};
use compysition_expression::{Expression, Template};
use compysition_flow::Loader;
use schemars::JsonSchema;
use serde::Deserialize;

/// Makes a number of events.
#[derive(Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Numbers {
    count: u16,
    text: Template,
}

impl Default for Numbers {
    fn default() -> Numbers {
        Numbers {
            count: 1,
            text: Template::default(),
        }
    }
}

impl Actor for Numbers {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(event)
    }

    async fn start(&mut self, ctx: &Context) -> Result {
        let (count, text) = (self.count, self.text.clone());
        ctx.produce(async move |source| {
            for number in 0..count {
                let event = Event::new(()).with_attribute("number", number);
                let text = text.render(&event)?;
                drop(source.emit(event.with(text)).await?);
            }
            Ok(())
        });
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().source()
    }
}

/// Takes events and keeps nothing.
#[derive(Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Sink {
    prefix: String,
    loud: bool,
}

impl Default for Sink {
    fn default() -> Sink {
        Sink {
            prefix: "> ".into(),
            loud: false,
        }
    }
}

impl Actor for Sink {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        event.text()?;
        ctx.send(event)
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

/// Has settings of every form.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Form {
    url: String,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    list: Vec<u8>,
    #[serde(default)]
    nested: Nested,
    when: Option<Expression>,
    even: Option<Even>,
    path: Option<FilePath>,
}

#[derive(Deserialize, JsonSchema, Default, Debug)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    #[default]
    Fast,
    Slow,
    Every(u32),
}

#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Nested {
    deep: Option<i8>,
}

/// A number that is refused after it was read.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "u8")]
pub(crate) struct Even;

impl TryFrom<u8> for Even {
    type Error = String;

    fn try_from(number: u8) -> Result<Even, String> {
        match number % 2 {
            0 => Ok(Even),
            _ => Err(format!("{number} is not even")),
        }
    }
}

impl Actor for Form {
    async fn consume(&mut self, mut event: Event, ctx: &Context) -> Result {
        event.set_attribute("url", self.url.as_str());
        event.set_attribute("mode", format!("{:?}", self.mode));
        event.set_attribute("list", self.list.clone());
        event.set_attribute("deep", self.nested.deep);
        if let Some(when) = &self.when {
            event.set_attribute("when", when.evaluate(&event)?);
        }
        event.set_attribute("even", self.even.is_some());
        if let Some(path) = &self.path {
            event.set_attribute("path", path.as_path().display().to_string());
        }
        ctx.send(event)
    }
}

/// Passes events on; has no settings.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Pass;

impl Actor for Pass {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(event)
    }
}

/// Refuses a setting that is wrong in itself.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "PickyConfig")]
pub(crate) struct Picky;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct PickyConfig {
    word: String,
}

impl TryFrom<PickyConfig> for Picky {
    type Error = String;

    fn try_from(config: PickyConfig) -> Result<Picky, String> {
        Err(format!("the word `{}` is not good", config.word))
    }
}

impl Actor for Picky {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(event)
    }
}

/// Passes events on through the one outbox that it has.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Gate;

impl Actor for Gate {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send_to("through", event)
    }

    fn ports(&self) -> Ports {
        Ports::any().outboxes(["through"])
    }
}

/// A directory of flow files, for one test.
pub(crate) struct Directory(pub(crate) PathBuf);

impl Directory {
    pub(crate) fn new(name: &str) -> Directory {
        let path =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Directory(path)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn registry() -> Registry {
    let mut registry = Registry::new();
    registry
        .add::<Numbers>("numbers")
        .add::<Sink>("sink")
        .add::<Form>("form");
    registry
        .add::<Pass>("pass")
        .add::<Picky>("picky")
        .add::<Gate>("gate");
    registry.alias("null", "sink");
    registry
}

/// Returns what is said about a file: line, column, message and help.
pub(crate) fn problems(text: &str) -> Vec<(usize, usize, String, String)> {
    let loader = Loader::new(registry()).environment(|_| None);
    let Err(diagnostics) = loader.load_text("a.yaml", text) else {
        return Vec::new();
    };
    let found = diagnostics.iter().map(|one| {
        let help = one.help().unwrap_or_default().to_owned();
        (
            one.line().unwrap_or(0),
            one.column().unwrap_or(0),
            one.message().to_owned(),
            help,
        )
    });
    found.collect()
}

/// Compares what is said about a file with what must be said.
pub(crate) fn check(text: &str, expected: &[(usize, usize, &str, &str)], wrong: &mut Vec<String>) {
    let found = problems(text);
    let fits = found.len() == expected.len()
        && found
            .iter()
            .zip(expected)
            .all(|(found, (line, column, message, help))| {
                (found.0, found.1) == (*line, *column)
                    && found.2.contains(message)
                    && found.3.contains(help)
            });
    if !fits {
        wrong.push(format!("{text}expected {expected:#?}\nfound {found:#?}"));
    }
}
