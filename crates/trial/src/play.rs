//! Runs one test.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use compysition_core::testing::quiet;
use compysition_core::{Built, Event, Flow, IntoActor, Ports, Snapshot, TimeSpan, Wiring};
use compysition_flow::{Loaded, Loader, Step};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::runtime::Builder;
use tokio::time::{sleep, timeout};

use crate::case::{Case, Clock, Input, Part, Request};
use crate::checks::{Came, Mismatch, join};
use crate::find::Found;
use crate::inlet::{Hand, inlet};
use crate::log::Log;
use crate::mock::{Mock, Player};
use crate::names;
use crate::seen::{Link, Seen};
use crate::stand_in::{Asked, Props, Response};
use crate::suite::Trial;
use crate::workdir::Workdir;

/// How long a step may take in the flow's time, unless the test says so.
const PATIENCE: Duration = Duration::from_secs(3600);

/// How long a test may take in real time; one whose clock is stopped takes a moment, or for ever.
pub(crate) const REAL_PATIENCE: Duration = Duration::from_secs(30);

/// What became of a test.
#[derive(Default)]
pub(crate) struct Played {
    pub(crate) mismatches: Vec<Mismatch>,
    /// What kept it from being compared at all.
    pub(crate) broken: Option<String>,
    pub(crate) log: String,
    pub(crate) links: BTreeSet<Link>,
    pub(crate) wiring: Option<Wiring>,
    pub(crate) time: Duration,
}

/// Runs a test on a thread of its own, which is left to itself if it does not end.
pub(crate) fn play(trial: &Trial, found: &Arc<Found>, index: usize) -> Played {
    let start = Instant::now();
    let (send, receive) = std::sync::mpsc::channel();
    let running: Running = Arc::default();
    let log = Log::default();
    let stage = Stage {
        trial: trial.clone(),
        found: found.clone(),
        index,
        running: running.clone(),
        log: log.clone(),
    };
    let work = move || {
        let dispatch = stage.log.dispatch();
        let played = tracing::dispatcher::with_default(&dispatch, || stage.play());
        // Nobody listens any more if it took too long.
        let _ = send.send(played);
    };
    let thread = std::thread::Builder::new().name("test".into());
    if let Err(error) = thread.spawn(work) {
        return Played::broken(format!("no thread for the test: {error}"));
    }
    let mut played = receive.recv_timeout(REAL_PATIENCE).unwrap_or_else(|error| {
        let is_late = error == std::sync::mpsc::RecvTimeoutError::Timeout;
        let flow = running.lock().clone();
        let held = flow.map(|flow| holders(&flow.snapshot()));
        Played::broken(match is_late {
            true => format!(
                "the test hangs: it is not done after {REAL_PATIENCE:?} of real time{}",
                held.unwrap_or_default()
            ),
            false => "the test panicked; standard error says why".into(),
        })
    });
    played.log = log.text();
    played.time = start.elapsed();
    played
}

type Running = Arc<Mutex<Option<Arc<Flow>>>>;

struct Stage {
    trial: Trial,
    found: Arc<Found>,
    index: usize,
    running: Running,
    log: Log,
}

/// A flow, ready to be started, with what the test holds in its hands.
struct Scene {
    flow: Loaded,
    props: Props,
    seen: Arc<Seen>,
    hand: Hand,
    sources: Vec<(String, Hand)>,
    directory: Option<Workdir>,
}

impl Played {
    fn broken(message: String) -> Played {
        Played {
            broken: Some(message),
            ..Played::default()
        }
    }
}

impl Stage {
    fn case(&self) -> &Case {
        &self.found.file.tests[self.index]
    }

    fn at(&self) -> Vec<Step> {
        vec!["tests".into(), self.index.into()]
    }

    fn play(&self) -> Played {
        let scene = match self.set() {
            Ok(scene) => scene,
            Err(message) => return Played::broken(message),
        };
        let wiring = scene.flow.wiring();
        let seen = scene.seen.clone();
        let runtime = Builder::new_current_thread()
            .enable_all()
            .start_paused(self.case().clock == Clock::Stopped)
            .build();
        let result = match runtime {
            Ok(runtime) => {
                let result = runtime.block_on(self.act(scene));
                runtime.shutdown_background();
                result
            }
            Err(error) => Err(format!("nothing to run the flow on: {error}")),
        };
        let (mismatches, broken) = match result {
            Ok(mismatches) => (mismatches, None),
            Err(message) => (Vec::new(), Some(message)),
        };
        Played {
            mismatches,
            broken,
            links: seen.links(),
            wiring: Some(wiring),
            ..Played::default()
        }
    }

    /// Loads the flow with all who play in it.
    fn set(&self) -> Result<Scene, String> {
        let case = self.case();
        let directory = self
            .directory()
            .map_err(|error| format!("no directory for the test: {error}"))?;
        let props = Props::default();
        let mut registry = self.trial.registry.clone();
        for stand_in in &self.trial.stand_ins {
            stand_in(&mut registry, &props);
        }
        let sources = Arc::new(Mutex::new(Vec::new()));
        let loader = Loader::new(registry.clone()).functions(self.trial.functions.clone());
        let loader = self.settings(loader, directory.as_ref());
        let loader = loader.recast(self.casting(&registry, props.clone(), sources.clone()));
        let path = match (&directory, case.copy) {
            (Some(directory), true) => directory
                .path()
                .join(self.found.flow.file_name().unwrap_or_default()),
            _ => self.found.flow.clone(),
        };
        let flows = loader.load(&path).map_err(|error| error.to_string())?;
        let mut flow = self.choose(flows)?;
        names::check(&self.found, self.index, &flow, &registry)?;
        let seen = Arc::new(Seen::default());
        flow.director_mut().set_tap(seen.clone());
        let sources = std::mem::take(&mut *sources.lock());
        let hand = self.connect(&mut flow, &sources)?;
        Ok(Scene {
            flow,
            props,
            seen,
            hand,
            sources,
            directory,
        })
    }

    fn directory(&self) -> std::io::Result<Option<Workdir>> {
        let case = self.case();
        let names_it = |values: &[(String, Value)]| {
            values
                .iter()
                .any(|(_, value)| value.to_string().contains("{dir}"))
        };
        let environment = self
            .found
            .file
            .environment
            .0
            .iter()
            .chain(&case.environment.0);
        let is_needed = case.copy
            || !case.files.0.is_empty()
            || names_it(&self.found.file.set.0)
            || names_it(&case.set.0)
            || environment
                .into_iter()
                .any(|(_, value)| value.contains("{dir}"));
        if !is_needed {
            return Ok(None);
        }
        let directory = Workdir::new()?;
        if case.copy {
            directory.copy(self.found.flow.parent().unwrap_or(std::path::Path::new("")))?;
        }
        for (name, text) in &case.files.0 {
            directory.write(name, text)?;
        }
        Ok(Some(directory))
    }

    fn settings(&self, mut loader: Loader, directory: Option<&Workdir>) -> Loader {
        let path = directory.map(|directory| directory.path().display().to_string());
        let placed = |text: &str| text.replace("{dir}", path.as_deref().unwrap_or("{dir}"));
        let case = self.case();
        for (name, value) in self.found.file.set.0.iter().chain(&case.set.0) {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            loader = loader.set(name, placed(&text));
        }
        let environment = self
            .found
            .file
            .environment
            .0
            .iter()
            .chain(&case.environment.0);
        let environment: Vec<(String, String)> = environment
            .map(|(name, value)| (name.clone(), placed(value)))
            .collect();
        loader.environment(move |name| {
            let given = environment.iter().rev().find(|(known, _)| known == name);
            given
                .map(|(_, value)| value.clone())
                .or_else(|| std::env::var(name).ok())
        })
    }

    /// Says who plays which actor.
    fn casting(
        &self,
        registry: &compysition_core::Registry,
        props: Props,
        sources: Arc<Mutex<Vec<(String, Hand)>>>,
    ) -> impl Fn(&str, &'static str, Built) -> Built + Send + Sync + 'static {
        let kind = |name: &str| registry.get(name).map_or("", |kind| kind.name());
        let own = self.case().mock.0.iter();
        let mocks: Vec<(String, &'static str, Mock)> = own
            .chain(&self.found.file.mock.0)
            .map(|(name, mock)| (name.clone(), kind(name), mock.clone()))
            .collect();
        let fed: BTreeSet<String> = inputs(self.case())
            .flat_map(|input| input.events.0.iter().map(|(name, _)| name.clone()))
            .collect();
        move |name, kind, mut built| {
            props.name(name);
            let by_name = mocks.iter().find(|(known, ..)| known == name);
            let by_kind = || mocks.iter().find(|(_, known, _)| *known == kind);
            if let Some((.., mock)) = by_name.or_else(by_kind) {
                let ports = built.into_ports().unwrap_or_else(|_| Ports::any());
                return Player::factory(mock.clone(), ports).into_actor();
            }
            if fed.contains(name)
                && let Ok(ports) = built.ports()
                && ports.is_source()
            {
                let (hand, make) = inlet(ports);
                sources.lock().push((name.to_owned(), hand));
                return make.into_actor();
            }
            built
        }
    }

    fn choose(&self, mut flows: Vec<Loaded>) -> Result<Loaded, String> {
        let wanted = self.case().flow.as_deref();
        let index = match wanted {
            Some(name) => flows.iter().position(|flow| flow.name() == name),
            None => Some(0).filter(|_| !flows.is_empty()),
        };
        match index {
            Some(index) => Ok(flows.swap_remove(index)),
            None => {
                let known: Vec<&str> = flows.iter().map(Loaded::name).collect();
                let at = join(&self.at(), ["flow".into()]);
                let message = format!(
                    "there is no flow `{}` in the file, but {}",
                    wanted.unwrap_or_default(),
                    known.join(", ")
                );
                Err(self.found.document.mistake(&at, message, None).to_string())
            }
        }
    }

    /// Connects the way in of events to where the test sends them.
    fn connect(&self, flow: &mut Loaded, sources: &[(String, Hand)]) -> Result<Hand, String> {
        let targets: BTreeSet<&String> = inputs(self.case())
            .flat_map(|input| input.events.0.iter().map(|(name, _)| name))
            .filter(|name| !sources.iter().any(|(source, _)| source == *name))
            .collect();
        let (hand, make) = inlet(Ports::any().source());
        if targets.is_empty() {
            return Ok(hand);
        }
        let inboxes = flow.director_mut().inboxes();
        let node = flow.director_mut().register("(test)", make);
        for target in targets {
            let (name, port) = match target.split_once('.') {
                Some((name, port)) => (name, Some(port)),
                None => (target.as_str(), None),
            };
            let actor = flow.director_mut().node(name);
            let known = inboxes.iter().find(|(actor, _)| actor == name);
            let (Some(actor), Some((_, known))) = (actor, known) else {
                let names: Vec<&str> = inboxes.iter().map(|(name, _)| &**name).collect();
                let message = format!("the flow has no actor `{name}` to take events");
                return Err(self.wrong_target(target, message, &names));
            };
            let inbox = match port {
                Some(port) if known.is_empty() || known.iter().any(|inbox| inbox == port) => port,
                Some(port) => {
                    let names: Vec<String> = known
                        .iter()
                        .map(|inbox| format!("{name}.{inbox}"))
                        .collect();
                    let names: Vec<&str> = names.iter().map(String::as_str).collect();
                    let message = format!("`{name}` has no inbox `{port}`");
                    return Err(self.wrong_target(target, message, &names));
                }
                None => known.first().map_or("test", String::as_str),
            };
            flow.director_mut()
                .connect(node.port(target.as_str()), actor.port(inbox));
        }
        Ok(hand)
    }

    fn wrong_target(&self, target: &str, message: String, known: &[&str]) -> String {
        let way = |at: Vec<Step>, input: usize| {
            let one = join(&at, ["events".into(), target.into()]);
            let many = join(&at, [input.into(), "events".into(), target.into()]);
            [one, many]
                .into_iter()
                .find(|at| self.found.document.has(at))
        };
        let mut at = self.at();
        for (base, part) in self.parts() {
            for input in 0..part.input.0.len() {
                at = way(join(&base, ["in".into()]), input).unwrap_or(at);
            }
        }
        self.found
            .document
            .mistake(&at, message, Some(known))
            .to_string()
    }

    /// Returns the parts of the test, and where they stand.
    fn parts(&self) -> Vec<(Vec<Step>, Part)> {
        let case = self.case();
        let first = Part {
            name: None,
            input: case.input.clone(),
            after: case.after,
            expect: case.expect.clone(),
        };
        let more = case.steps.iter().enumerate().map(|(number, part)| {
            let at = join(&self.at(), ["steps".into(), number.into()]);
            (at, part.clone())
        });
        // Where there are only steps, the first of them is the first part.
        let is_part = first.is_there() || case.steps.is_empty();
        let first = Some((self.at(), first)).filter(|_| is_part);
        first.into_iter().chain(more).collect()
    }

    /// Runs the flow, and returns what was not as expected.
    async fn act(&self, scene: Scene) -> Result<Vec<Mismatch>, String> {
        let Scene {
            flow,
            props,
            seen,
            hand,
            sources,
            directory,
        } = scene;
        let flow = flow.start().await.map_err(|error| error.to_string())?;
        let flow = Arc::new(flow);
        *self.running.lock() = Some(flow.clone());
        // When the clock may go on, all tasks have begun: doors are open, sources under way.
        sleep(Duration::from_millis(1)).await;
        let hands = Hands {
            props: &props,
            hand,
            sources,
        };
        let came = Came {
            document: &self.found.document,
            answer: None,
            seen: &seen,
            since: 0,
            printed: &[],
            log: "",
            directory: directory.as_ref().map(Workdir::path),
        };
        let patience = self.case().within.map_or(PATIENCE, |TimeSpan(time)| time);
        let mut mismatches = Vec::new();
        let mut printed_before = 0;
        for (number, (at, part)) in self.parts().into_iter().enumerate() {
            // What sources made before the first part belongs to it.
            let since = if number == 0 { 0 } else { seen.mark() };
            let log_before = self.log.text().len();
            let done = timeout(patience, hands.send(&part, &flow, &self.log)).await;
            let answer = match done {
                Ok(answer) => answer?,
                Err(_) => return Err(hanging(&flow, patience).await),
            };
            if let Some(TimeSpan(after)) = part.after {
                sleep(after).await;
                // What wakes at the same moment may not have been told yet.
                tokio::task::yield_now().await;
                if timeout(patience, quiet(&flow)).await.is_err() {
                    return Err(hanging(&flow, patience).await);
                }
            }
            let printed = props.printed();
            let log = self.log.text();
            let came = Came {
                answer: answer.as_ref(),
                since,
                printed: printed.get(printed_before..).unwrap_or_default(),
                log: log.get(log_before..).unwrap_or_default(),
                ..came
            };
            mismatches.extend(came.check(&part.expect, &join(&at, ["expect".into()])));
            printed_before = printed.len();
        }
        let stopped = flow.stop().await;
        if !stopped.is_clean() {
            return Err(format!(
                "the flow did not stop in time; not done: {}",
                stopped.unfinished.join(", ")
            ));
        }
        let (printed, log) = (props.printed(), self.log.text());
        let came = Came {
            printed: &printed,
            log: &log,
            ..came
        };
        let at = join(&self.at(), ["finally".into()]);
        mismatches.extend(came.check(&self.case().finally, &at));
        Ok(mismatches)
    }
}

fn inputs(case: &Case) -> impl Iterator<Item = &Input> {
    let parts = case.steps.iter().flat_map(|part| &part.input.0);
    case.input.0.iter().chain(parts)
}

/// By what a test sends.
struct Hands<'a> {
    props: &'a Props,
    hand: Hand,
    sources: Vec<(String, Hand)>,
}

impl Hands<'_> {
    /// Sends what goes in, waits until all is done, and returns the last answer.
    async fn send(&self, part: &Part, flow: &Flow, log: &Log) -> Result<Option<Response>, String> {
        let mut answer = None;
        for input in &part.input.0 {
            if let Some(request) = &input.http {
                answer = Some(self.ask(request).await?);
            }
            for (target, events) in &input.events.0 {
                for event in &events.0 {
                    self.emit(target, event.event(), log).await?;
                }
            }
            quiet(flow).await;
        }
        quiet(flow).await;
        Ok(answer)
    }

    async fn emit(&self, target: &str, event: Event, log: &Log) -> Result<(), String> {
        let source = self.sources.iter().find(|(name, _)| name == target);
        let sent = match source {
            Some((_, hand)) => hand.send(None, event).await,
            None => self.hand.send(Some(target), event).await,
        };
        match sent {
            Some(settlement) => {
                drop(settlement);
                Ok(())
            }
            None => Err(format!(
                "an event for `{target}` was not let in\n{}",
                log.text()
            )),
        }
    }

    async fn ask(&self, request: &Request) -> Result<Response, String> {
        let doors = self.props.doors();
        let named = |name: &String| doors.iter().find(|(known, _)| known == name);
        let found = match (&request.door, doors.as_slice()) {
            (Some(name), _) => named(name),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        let Some((_, door)) = found else {
            let names: Vec<&str> = doors.iter().map(|(name, _)| &**name).collect();
            return Err(match (names.as_slice(), &request.door) {
                ([], _) => "the flow has no HTTP server that could be asked".into(),
                (names, Some(door)) => {
                    format!("there is no HTTP server `{door}`, but {}", names.join(", "))
                }
                (names, None) => {
                    format!("say which server is asked: `door:` {}", names.join(" or "))
                }
            });
        };
        door.ask(asked(request)).await
    }
}

/// Completes a request.
fn asked(request: &Request) -> Asked {
    let content = &request.body.0;
    let (kind, body) = match (&content.json, &content.xml, &content.text) {
        (Some(json), ..) => (Some("application/json"), json.to_string()),
        (_, Some(xml), _) => (Some("application/xml"), xml.clone()),
        (.., Some(text)) => (None, text.clone()),
        _ => (None, String::new()),
    };
    let mut headers = request.headers.0.clone();
    let has_kind = headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if let Some(kind) = kind.filter(|_| !has_kind) {
        headers.push(("content-type".into(), kind.into()));
    }
    let default = if body.is_empty() { "GET" } else { "POST" };
    Asked {
        method: request.method.clone().unwrap_or_else(|| default.into()),
        path: request.path.clone(),
        headers,
        body: body.into_bytes(),
    }
}

/// Ends a flow that hangs, and says who has what.
async fn hanging(flow: &Flow, patience: Duration) -> String {
    let held = holders(&flow.snapshot());
    let unfinished = flow.abort().await.unfinished;
    let busy = match unfinished.as_slice() {
        [] => String::new(),
        names => format!("\n  not done: {}", names.join(", ")),
    };
    format!("the test hangs: not all is done after {patience:?} of the flow's time{busy}{held}")
}

fn holders(snapshot: &Snapshot) -> String {
    let mut lines = String::new();
    for actor in &snapshot.actors {
        let mut line = |count: u64, what: &str| {
            if count > 0 {
                lines.push_str(&format!("\n  `{}` {what} {count}", actor.name));
            }
        };
        line(actor.held, "holds");
        line(actor.waiting, "has waiting in its inboxes");
        line(
            actor.pool.map_or(0, |pool| pool.busy as u64),
            "is busy in instances:",
        );
    }
    if snapshot.open > 0 {
        lines.push_str(&format!("\n  {} events are under way", snapshot.open));
    }
    lines
}
