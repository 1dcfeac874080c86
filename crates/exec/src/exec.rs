//! Events through an external program.

use std::collections::BTreeMap;

use compysition_convert::Codec;
use compysition_core::{
    Actor, ByteSize, Context, ErrorKind, Event, FilePath, Ports, Result, TimeSpan,
};
use compysition_expression::Template;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::answer::Form;
use crate::each::Each;
use crate::frame::Frame;
use crate::keep::Keep;
use crate::program::{Place, Program};
use crate::restarts::Restarts;

/// Has an external program work on each event, so that a step can be written in any language.
///
/// With `mode: each` a process is started for each event: the payload is its standard input, and what it writes to its standard output is the
/// new payload. If its exit code is not 0 the event fails, as `exit_codes` says or as `internal`, with the last lines of its standard error.
///
/// With `mode: keep` one process stays: it reads an event and writes an answer, one after the other, each a line or, with `frame: length`, four bytes that
/// say how long it is (the highest first) and so many bytes. If it dies, the event in hand fails as `unavailable` and the next one starts it anew. What it
/// writes without being asked, or as no answer can be, has it started anew as well.
///
/// With `envelope: true` the program gets the event as JSON, and not the payload alone: `{"id": …, "meta_id": …, "service": …, "attributes": {…},
/// "payload": …}`, where a payload of bytes that are no text is `payload_base64`. It answers in the same way with what is to change, such as `{"payload": "new",
/// "attributes": {"color": "red", "old": null}}` (null removes), or with an error: `{"error": {"kind": "not_found", "message": "no such order"}}`.
///
/// No shell is involved, unless the command names one. What a program writes to its standard error is logged, at most 100 lines a second. When the
/// flow stops, `mode: keep` closes the program's input, waits for `grace`, sends SIGTERM, waits again and kills it. All that it has started and that is in its
/// process group ends with it, also when the flow is aborted. An event that takes longer than `timeout` is a `timeout`, and one that nobody waits for any
/// more is `cancelled` with `mode: each`; the process is killed. Too much output is `bad_gateway`.
///
/// Example: `exec: { command: [sed, "s/{{ attributes.old | default('a') }}/b/"], timeout: 5s }`
///
/// Purpose: in and out. Patterns: service activator.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct Exec {
    plan: Plan,
    work: Work,
}

/// What both modes need to know.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) program: Program,
    pub(crate) form: Form,
    pub(crate) timeout: TimeSpan,
    pub(crate) grace: TimeSpan,
    pub(crate) max_output: usize,
    pub(crate) exit_codes: BTreeMap<i32, ErrorKind>,
}

#[derive(Debug)]
enum Work {
    Each(Each),
    Keep(Box<Keep>),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The program and its arguments. It is looked for where `PATH` says, or, with a `/` in it, from `directory`. The arguments are templates with `mode: each`.
    command: Vec<String>,
    /// Whether a process is started for each event, or one stays.
    #[serde(default)]
    mode: Mode,
    /// How events and answers are told apart with `mode: keep`; `line` by default.
    frame: Option<Frame>,
    /// Whether the program gets and gives events as JSON, and not payloads alone.
    #[serde(default)]
    envelope: bool,
    /// What the answer means, such as `json` or `csv`; without it, it is text, or bytes if it is no UTF-8.
    codec: Option<Codec>,
    /// Variables of the program's environment, beside those of this process.
    #[serde(default)]
    environment: BTreeMap<String, String>,
    /// Whether it gets the variables of `environment` and no others.
    #[serde(default)]
    clear_environment: bool,
    /// The directory that it runs in; that of the flow file if left out.
    directory: Option<FilePath>,
    /// How long it may take for an event; 30 s by default.
    #[serde(default = "timeout")]
    timeout: TimeSpan,
    /// How long it may take to end by itself before it is sent a signal; 2 s by default.
    #[serde(default = "grace")]
    grace: TimeSpan,
    /// How large an answer may be; 16 MiB by default.
    #[serde(default = "max_output")]
    max_output: ByteSize,
    /// How many of the last lines of standard error an error tells; 10 by default.
    #[serde(default = "stderr_lines")]
    stderr_lines: usize,
    /// What an exit code means, such as `{ 4: not_found, 75: unavailable }`, with `mode: each`. The client of a door is told what such an error says.
    #[serde(default)]
    exit_codes: BTreeMap<String, ErrorKind>,
    /// How often a program that has died is started anew, with `mode: keep`.
    restart: Option<Restarts>,
}

/// Says how long a process lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// For one event.
    #[default]
    Each,
    /// As long as the flow runs.
    Keep,
}

fn timeout() -> TimeSpan {
    TimeSpan::seconds(30)
}

fn grace() -> TimeSpan {
    TimeSpan::seconds(2)
}

fn max_output() -> ByteSize {
    ByteSize(16 << 20)
}

fn stderr_lines() -> usize {
    10
}

impl TryFrom<Settings> for Exec {
    type Error = String;

    fn try_from(settings: Settings) -> Result<Exec, String> {
        let mut command = settings.command.into_iter();
        let name = command
            .next()
            .ok_or("`command` is empty: name the program")?;
        let compile = |text: String| {
            let template = Template::new(text);
            template.map_err(|error| error.message().to_owned())
        };
        let arguments: Vec<Template> = command.map(compile).collect::<Result<_, _>>()?;
        let is_keep = settings.mode == Mode::Keep;
        if is_keep && let Some(template) = arguments.iter().find(|it| it.as_literal().is_none()) {
            return Err(format!(
                "`{}` is a template, and with `mode: keep` there is no event yet when the program starts",
                template.source()
            ));
        }
        let only_with = |mode: &str, name: &str| Err(format!("`{name}` is for `mode: {mode}`"));
        if !is_keep && settings.frame.is_some() {
            return only_with("keep", "frame");
        }
        if !is_keep && settings.restart.is_some() {
            return only_with("keep", "restart");
        }
        if is_keep && !settings.exit_codes.is_empty() {
            return only_with("each", "exit_codes");
        }
        if settings.envelope && settings.codec.is_some() {
            return Err("`codec` is for payloads alone: with `envelope` the answer is JSON".into());
        }
        if settings.timeout.0.is_zero() {
            return Err("`timeout: 0s` is over at once".into());
        }
        let exit_codes =
            settings
                .exit_codes
                .into_iter()
                .map(|(code, kind)| match code.parse::<u8>() {
                    Ok(code) if code > 0 => Ok((i32::from(code), kind)),
                    _ => Err(format!(
                        "`{code}` is no exit code of a failure: they are 1 to 255"
                    )),
                });
        let exit_codes = exit_codes.collect::<Result<_, _>>()?;
        let place = Place::new(
            settings.directory,
            settings.environment,
            settings.clear_environment,
        )?;
        Ok(Exec {
            plan: Plan {
                program: Program::find(&name, arguments, place, settings.stderr_lines)?,
                form: Form {
                    envelope: settings.envelope,
                    codec: settings.codec,
                },
                timeout: settings.timeout,
                grace: settings.grace,
                max_output: settings.max_output.0,
                exit_codes,
            },
            work: match is_keep {
                false => Work::Each(Each),
                true => {
                    let frame = settings.frame.unwrap_or_default();
                    let restarts = settings.restart.unwrap_or_default();
                    Work::Keep(Box::new(Keep::new(frame, restarts)))
                }
            },
        })
    }
}

impl Actor for Exec {
    async fn start(&mut self, ctx: &Context) -> Result {
        match &mut self.work {
            Work::Each(_) => Ok(()),
            Work::Keep(keep) => keep.start(&self.plan, ctx),
        }
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let answer = match &mut self.work {
            Work::Each(each) => each.run(&self.plan, event, ctx).await?,
            Work::Keep(keep) => keep.ask(&self.plan, event, ctx).await?,
        };
        ctx.send(answer)
    }

    async fn stop(&mut self, _: &Context) -> Result {
        if let Work::Keep(keep) = &mut self.work {
            keep.end(self.plan.grace.0).await;
        }
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().outside()
    }
}
