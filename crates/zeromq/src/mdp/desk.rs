//! What a Majordomo broker knows and decides, without a socket and without a clock of its own.
//!
//! Workers of a service take turns: the one that has been idle for longest is next. A worker has one request at a time. What is to be sent and what
//! is lost is collected in [`Desk::deeds`].

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use compysition_core::Error;
use tokio::time::Instant;

use crate::mdp::deed::{Answer, Deed, Request, Rules};
use crate::mdp::protocol::{ToBroker, ToClient, ToWorker, Version};
use crate::socket::Frames;

/// What the services about the broker itself begin with (RFC 8).
const MMI: &[u8] = b"mmi.";

#[derive(Debug)]
struct Worker {
    version: Version,
    service: Bytes,
    /// When it is held for dead.
    expires: Instant,
    /// When it is to hear from us.
    due: Instant,
    request: Option<Request>,
}

#[derive(Debug, Default)]
struct Service {
    waiting: VecDeque<Request>,
    /// The longest idle first.
    idle: VecDeque<Bytes>,
    workers: usize,
}

/// The state of a broker.
#[derive(Debug)]
pub(crate) struct Desk {
    rules: Rules,
    services: HashMap<Bytes, Service>,
    workers: HashMap<Bytes, Worker>,
    waiting: usize,
    bytes: usize,
    pub(crate) deeds: Vec<Deed>,
}

impl Desk {
    pub(crate) fn new(rules: Rules) -> Desk {
        Desk {
            rules,
            services: HashMap::new(),
            workers: HashMap::new(),
            waiting: 0,
            bytes: 0,
            deeds: Vec::new(),
        }
    }

    /// Takes a message of a peer.
    ///
    /// # Errors
    /// Why it is nothing of the protocol; then nothing has changed.
    pub(crate) fn take(
        &mut self,
        peer: Bytes,
        frames: &[Bytes],
        now: Instant,
    ) -> Result<(), &'static str> {
        let (version, told) = ToBroker::read(frames)?;
        match told {
            ToBroker::Request { service, body } => {
                let request = Request {
                    client: peer,
                    version,
                    service,
                    body,
                    workers: 0,
                    expires: now + self.rules.patience,
                };
                self.ask(request, now);
            }
            ToBroker::Ready { service } => self.ready(peer, version, service, now),
            ToBroker::Disconnect => self.remove(&peer, now),
            told => {
                let known = self.workers.get_mut(&peer);
                let Some(worker) = known.filter(|worker| worker.version == version) else {
                    self.disconnect(peer, version, now);
                    return Ok(());
                };
                worker.expires = now + self.rules.heartbeat * self.rules.liveness;
                if let ToBroker::Reply {
                    client,
                    body,
                    is_final,
                } = told
                {
                    self.reply(peer, client, body, is_final, now);
                }
            }
        }
        Ok(())
    }

    /// Does what is due.
    pub(crate) fn tick(&mut self, now: Instant) {
        let dead = self
            .workers
            .iter()
            .filter(|(_, worker)| worker.expires <= now);
        let dead: Vec<Bytes> = dead.map(|(peer, _)| peer.clone()).collect();
        if !dead.is_empty() {
            // None of them is to get the request of another.
            for service in self.services.values_mut() {
                service.idle.retain(|idle| !dead.contains(idle));
            }
        }
        for peer in dead {
            self.remove(&peer, now);
        }
        for (peer, worker) in &mut self.workers {
            if worker.due <= now {
                worker.due = now + self.rules.heartbeat;
                let beat = ToWorker::Heartbeat.write(worker.version);
                self.deeds.push(Deed::Send(peer.clone(), beat));
            }
        }
        self.expire(now);
    }

    /// Notes that a peer cannot be reached.
    pub(crate) fn gone(&mut self, peer: &Bytes, now: Instant) {
        self.remove(peer, now);
    }

    /// Notes that a worker cannot be reached, and so has not had the request that it was to get.
    pub(crate) fn unasked(&mut self, peer: &Bytes, now: Instant) {
        let worker = self.workers.get_mut(peer);
        if let Some(request) = worker.and_then(|worker| worker.request.as_mut()) {
            request.workers -= 1;
        }
        self.remove(peer, now);
    }

    /// Ends: gives all requests up, and sends the workers away.
    pub(crate) fn end(&mut self) {
        let mut left = Vec::new();
        for (peer, worker) in self.workers.drain() {
            let bye = ToWorker::Disconnect.write(worker.version);
            self.deeds.push(Deed::Send(peer, bye));
            left.extend(worker.request);
        }
        for (_, service) in self.services.drain() {
            left.extend(service.waiting);
        }
        (self.waiting, self.bytes) = (0, 0);
        for request in left {
            self.lose(request, Error::unavailable("the broker stops"));
        }
    }

    fn ask(&mut self, request: Request, now: Instant) {
        if request.service.starts_with(MMI) {
            return self.tell_about_us(request);
        }
        let size = size(&request.body);
        let is_full =
            self.waiting >= self.rules.most_waiting || self.bytes + size > self.rules.most_bytes;
        let has_idle = |service: &Service| !service.idle.is_empty();
        if is_full && !self.services.get(&request.service).is_some_and(has_idle) {
            let error = Error::unavailable("too many requests wait for a worker already");
            return self.lose(request, error);
        }
        let name = request.service.clone();
        self.waiting += 1;
        self.bytes += size;
        let service = self.services.entry(name.clone()).or_default();
        service.waiting.push_back(request);
        self.hand_out(&name, now);
    }

    /// Answers a request about the broker itself (RFC 8).
    fn tell_about_us(&mut self, request: Request) {
        let asked = request.body.last().cloned().unwrap_or_default();
        let has_workers = |service: &Service| service.workers > 0;
        let code: &'static [u8] = match &request.service[..] {
            b"mmi.service" if self.services.get(&asked).is_some_and(has_workers) => b"200",
            b"mmi.service" => b"404",
            _ => b"501",
        };
        self.answer(&request, vec![Bytes::from_static(code)], true);
    }

    fn ready(&mut self, peer: Bytes, version: Version, name: Bytes, now: Instant) {
        if self.workers.contains_key(&peer) || name.starts_with(MMI) {
            return self.disconnect(peer, version, now);
        }
        let worker = Worker {
            version,
            service: name.clone(),
            expires: now + self.rules.heartbeat * self.rules.liveness,
            due: now + self.rules.heartbeat,
            request: None,
        };
        self.workers.insert(peer.clone(), worker);
        let service = self.services.entry(name.clone()).or_default();
        service.workers += 1;
        service.idle.push_back(peer);
        self.hand_out(&name, now);
    }

    fn reply(&mut self, peer: Bytes, client: Bytes, body: Frames, is_final: bool, now: Instant) {
        let Some(worker) = self.workers.get_mut(&peer) else {
            return;
        };
        let is_its = |request: &Request| request.client == client;
        if !worker.request.as_ref().is_some_and(is_its) {
            let version = worker.version;
            return self.disconnect(peer, version, now);
        }
        if !is_final {
            let request = worker.request.clone();
            return request
                .iter()
                .for_each(|request| self.answer(request, body.clone(), false));
        }
        let name = worker.service.clone();
        if let Some(request) = worker.request.take() {
            self.answer(&request, body, true);
        }
        if let Some(service) = self.services.get_mut(&name) {
            service.idle.push_back(peer);
        }
        self.hand_out(&name, now);
    }

    /// Gives waiting requests of a service to its idle workers.
    fn hand_out(&mut self, name: &Bytes, now: Instant) {
        let Some(service) = self.services.get_mut(name) else {
            return;
        };
        while !service.waiting.is_empty() {
            let Some(peer) = service.idle.pop_front() else {
                break;
            };
            let Some(worker) = self.workers.get_mut(&peer) else {
                continue;
            };
            // There is one, and nothing else takes them off here.
            let Some(mut request) = service.waiting.pop_front() else {
                break;
            };
            self.waiting -= 1;
            self.bytes -= size(&request.body);
            request.workers += 1;
            let (client, body) = (request.client.clone(), request.body.clone());
            let told = ToWorker::Request { client, body }.write(worker.version);
            worker.request = Some(request);
            worker.due = now + self.rules.heartbeat;
            self.deeds.push(Deed::Ask(peer, told));
        }
        if service.waiting.is_empty() && service.workers == 0 {
            self.services.remove(name);
        }
    }

    /// Forgets a worker, and finds another one for its request.
    fn remove(&mut self, peer: &Bytes, now: Instant) {
        let Some(worker) = self.workers.remove(peer) else {
            return;
        };
        let name = worker.service;
        let service = self.services.entry(name.clone()).or_default();
        service.workers = service.workers.saturating_sub(1);
        service.idle.retain(|idle| idle != peer);
        if let Some(mut request) = worker.request {
            let has_had_it = request.workers;
            match has_had_it == 0 || (self.rules.retries && has_had_it == 1) {
                true => {
                    request.expires = now + self.rules.patience;
                    self.waiting += 1;
                    self.bytes += size(&request.body);
                    service.waiting.push_front(request);
                }
                false => self.lose(request, Error::unavailable("the worker was lost")),
            }
        }
        self.hand_out(&name, now);
    }

    /// Sends a worker away that has said what it should not.
    fn disconnect(&mut self, peer: Bytes, version: Version, now: Instant) {
        self.remove(&peer, now);
        let bye = ToWorker::Disconnect.write(version);
        self.deeds.push(Deed::Send(peer, bye));
    }

    fn expire(&mut self, now: Instant) {
        let names: Vec<Bytes> = self.services.keys().cloned().collect();
        for name in names {
            self.expire_of(&name, now);
        }
    }

    fn expire_of(&mut self, name: &Bytes, now: Instant) {
        let Some(service) = self.services.get_mut(name) else {
            return;
        };
        let mut expired = Vec::new();
        service.waiting.retain(|request| {
            let stays = request.expires > now;
            if !stays {
                expired.push(request.clone());
            }
            stays
        });
        if service.waiting.is_empty() && service.workers == 0 {
            self.services.remove(name);
        }
        for request in expired {
            self.waiting -= 1;
            self.bytes -= size(&request.body);
            let service = String::from_utf8_lossy(name).into_owned();
            let error = Error::timeout(format!("no worker for `{service}` was there in time"));
            self.lose(request, error);
        }
    }

    fn answer(&mut self, request: &Request, body: Frames, is_final: bool) {
        let said = ToClient {
            service: request.service.clone(),
            body,
            is_final,
        };
        let answer = Box::new(Answer {
            client: request.client.clone(),
            version: request.version,
            said,
        });
        self.deeds.push(match (request.version, is_final) {
            (Version::V01, false) => Deed::Drop(answer),
            _ => Deed::Answer(answer),
        });
    }

    fn lose(&mut self, request: Request, error: Error) {
        self.deeds.push(Deed::Lose(Box::new(request), error));
    }
}

fn size(body: &[Bytes]) -> usize {
    body.iter().map(Bytes::len).sum()
}

#[cfg(test)]
#[path = "desk_tests.rs"]
mod tests;
