//! What goes over one line, from the hello to its end.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout, timeout_at};

use crate::exchange::{Exchange, new_epoch};
use crate::peer::Peer;
use crate::session::Arrived;
use crate::transport::{Line, LinkError, Receiver, Sender};
use crate::wire::{Frame, Hello};

/// How long what has come may wait for a frame that says so, before one is sent for that alone.
const ACK_DELAY: Duration = Duration::from_millis(20);

/// Says hello on a line that this side has opened, and talks until it ends. `known` is who answered before.
pub(crate) async fn call(
    exchange: &Arc<Exchange>,
    mut line: Line,
    process: &str,
    known: &mut Option<Arc<Peer>>,
    session: &mut u64,
) -> Result<(), LinkError> {
    if known.as_ref().is_some_and(|peer| peer.is_over()) {
        // What there was between the two was given up.
        *known = None;
        *session = new_epoch();
    }
    let own = *session;
    let hello = exchange.hello(own, known.as_deref());
    line.sender.send(Frame::Hello(hello).write()).await?;
    let welcome = match first_frame(exchange, &mut line).await? {
        Frame::Welcome(welcome) => welcome,
        Frame::Refused(reason) => {
            let message = format!("process `{process}` refuses the connection: {reason}");
            return Err(LinkError::Refused(message));
        }
        _ => return Err(passing("the other side does not answer to hello")),
    };
    if welcome.process != process {
        let message = format!(
            "process `{}` listens at the address of `{process}`; see the addresses under `nodes`",
            welcome.process
        );
        return Err(LinkError::Refused(message));
    }
    let (peer, received) = greeted(exchange, &welcome, own)?;
    *known = Some(peer.clone());
    talk(exchange, line, peer, received).await
}

/// Answers to the hello on a line that another side has opened, and talks until it ends.
pub(crate) async fn answer(exchange: &Arc<Exchange>, mut line: Line) -> Result<(), LinkError> {
    let hello = match first_frame(exchange, &mut line).await? {
        Frame::Hello(hello) => hello,
        _ => {
            // It goes on where it was with a process that is no more.
            let refused = Frame::Refused("say hello first".to_owned());
            line.sender.send(refused.write()).await?;
            return Err(passing("the other side does not say hello"));
        }
    };
    let (peer, received) = loop {
        let taken = match objection(exchange, &hello) {
            None => tokio::select! {
                taken = exchange.taken(&hello) => taken,
                said = line.receiver.receive() => {
                    said?;
                    return Err(passing("the other side does not wait for a welcome"));
                }
            },
            objection => objection,
        };
        // It may have begun to end while it waited.
        if let Some(reason) = taken.or_else(|| objection(exchange, &hello)) {
            let refused = Frame::Refused(reason.clone());
            line.sender.send(refused.write()).await?;
            return Err(LinkError::Refused(reason));
        }
        // Else another one was faster.
        if let Some(met) = exchange.let_in(&hello, new_epoch()) {
            break met;
        }
    };
    let welcome = exchange.hello(peer.session, Some(&peer));
    if let Err(error) = line.sender.send(Frame::Welcome(welcome).write()).await {
        expect_again(exchange, peer);
        return Err(error);
    }
    talk(exchange, line, peer, received).await
}

/// Says why nobody is let in who says hello so.
fn objection(exchange: &Exchange, hello: &Hello) -> Option<String> {
    let is_closing = exchange.is_closing.load(SeqCst);
    let closing = is_closing.then(|| "it has ended".to_owned());
    closing.or_else(|| exchange.objection(hello))
}

fn greeted(
    exchange: &Arc<Exchange>,
    hello: &Hello,
    own: u64,
) -> Result<(Arc<Peer>, u64), LinkError> {
    let unknown = || LinkError::Refused(format!("process `{}` is not of this flow", hello.process));
    match exchange.objection(hello) {
        Some(reason) => Err(LinkError::Refused(reason)),
        None => exchange.meet(hello, own).ok_or_else(unknown),
    }
}

async fn first_frame(exchange: &Exchange, line: &mut Line) -> Result<Frame, LinkError> {
    let frame = timeout(exchange.patience.silence(), line.receiver.receive()).await;
    let frame = frame.map_err(|_| passing("the other side says nothing"))??;
    Frame::read(&frame).map_err(|error| LinkError::Passing(error.to_string()))
}

async fn talk(
    exchange: &Arc<Exchange>,
    line: Line,
    peer: Arc<Peer>,
    received: u64,
) -> Result<(), LinkError> {
    let Ok(number) = peer.attach(received) else {
        exchange.lose(&peer, "it speaks of what was never sent");
        return Err(passing("the other side has had more than was sent"));
    };
    let ended = both_ways(exchange, line, &peer, number).await;
    let is_gone = peer.detach(number);
    exchange.changed.notify_one();
    match (is_gone, &ended) {
        (true, Ok(Ended::There)) => exchange.lose(&peer, "it has ended"),
        (true, _) => expect_again(exchange, peer),
        (false, _) => {}
    }
    ended.map(drop)
}

/// Writes and reads until one side ends or the line breaks.
async fn both_ways(
    exchange: &Arc<Exchange>,
    mut line: Line,
    peer: &Arc<Peer>,
    number: u64,
) -> Result<Ended, LinkError> {
    let mut reading = std::pin::pin!(read(exchange, peer, number, &mut *line.receiver));
    tokio::select! {
        ended = &mut reading => ended,
        ended = write(exchange, peer, number, &mut *line.sender) => match ended {
            // The last that the other side has said may be on its way: that all has come, and that it ends.
            Err(error) if peer.is_present(number) => {
                let said = timeout(exchange.patience.heartbeat, reading).await;
                said.ok().and_then(Result::ok).ok_or(error)
            }
            ended => ended,
        },
    }
}

/// Which side has ended.
enum Ended {
    Here,
    There,
}

/// Gives a process up that does not come back in time.
fn expect_again(exchange: &Arc<Exchange>, peer: Arc<Peer>) {
    let Some(spawner) = exchange.spawner() else {
        return;
    };
    let exchange = exchange.clone();
    spawner.spawn(async move {
        let line = peer.last_line();
        tokio::time::sleep(exchange.patience.lost_after).await;
        if peer.last_line() == line && !peer.has_line() {
            let why = format!(
                "nothing was heard of it for {:?}",
                exchange.patience.lost_after
            );
            exchange.lose(&peer, &why);
        }
    });
}

async fn write(
    exchange: &Exchange,
    peer: &Peer,
    line: u64,
    sender: &mut dyn Sender,
) -> Result<Ended, LinkError> {
    let _writing = peer.writing.lock().await;
    let mut sent_at = Instant::now();
    loop {
        while let Some(frame) = peer.next_frame(line) {
            sender.send(frame).await?;
            sent_at = Instant::now();
        }
        if !peer.is_present(line) {
            return Err(passing("another line has taken its place"));
        }
        if exchange.is_closing.load(SeqCst) {
            // The other side may wait to know that its last frame has come.
            sender.send(peer.alive()).await?;
            sender.send(Frame::Bye.write()).await?;
            return Ok(Ended::Here);
        }
        // Counted from what was sent: what the other side sends wakes this one as well, but says nothing to it.
        let beat = timeout_at(sent_at + exchange.patience.heartbeat, peer.wake.notified());
        if beat.await.is_err() {
            sender.send(peer.alive()).await?;
            sent_at = Instant::now();
        }
    }
}

async fn read(
    exchange: &Arc<Exchange>,
    peer: &Arc<Peer>,
    line: u64,
    receiver: &mut dyn Receiver,
) -> Result<Ended, LinkError> {
    let patience = exchange.patience.silence();
    loop {
        let silent_at = Instant::now() + patience;
        let mut came = None;
        if peer.owes_ack() {
            came = timeout(ACK_DELAY.min(patience), receiver.receive())
                .await
                .ok();
            if came.is_none() {
                peer.acknowledge_now();
            }
        }
        let frame = match came {
            Some(frame) => frame,
            None => timeout_at(silent_at, receiver.receive())
                .await
                .map_err(|_| passing("the other side is silent"))?,
        }?;
        let length = frame.len();
        let frame = Frame::read(&frame).map_err(|error| LinkError::Passing(error.to_string()))?;
        let impossible = |_| passing("the other side speaks of frames that were never sent");
        match frame {
            Frame::Batch {
                number,
                received,
                records,
            } => {
                peer.acknowledge(received).map_err(impossible)?;
                take_in(exchange, peer, line, (number, length), Taken::All(records))?;
            }
            Frame::Part {
                number,
                received,
                bytes,
            } => {
                peer.acknowledge(received).map_err(impossible)?;
                take_in(exchange, peer, line, (number, length), Taken::Part(bytes))?;
            }
            Frame::Alive {
                sent,
                received,
                again,
            } => {
                peer.acknowledge(received).map_err(impossible)?;
                peer.hear_alive(sent, again);
            }
            Frame::Bye => return Ok(Ended::There),
            Frame::Refused(reason) => return Err(LinkError::Passing(reason)),
            Frame::Hello(_) | Frame::Welcome(_) => return Err(passing("a hello in mid-line")),
        }
    }
}

/// What a numbered frame brings.
enum Taken {
    All(Bytes),
    Part(Bytes),
}

fn take_in(
    exchange: &Arc<Exchange>,
    peer: &Arc<Peer>,
    line: u64,
    (number, length): (u64, usize),
    taken: Taken,
) -> Result<(), LinkError> {
    // Before it counts as arrived: a process that has ended takes nothing in.
    let Some(intake) = exchange.intake() else {
        return Err(passing("this process has ended"));
    };
    let mut parts = peer.parts.lock();
    if !peer.is_present(line) {
        return Err(passing("another line has taken its place"));
    }
    if peer.arrive(number, length) != Arrived::Next {
        return Ok(());
    }
    let heard = match taken {
        Taken::Part(bytes) if parts.len().saturating_add(bytes.len()) > exchange.largest => {
            let most = exchange.largest;
            Err(format!("a batch has more than {most} bytes"))
        }
        Taken::Part(bytes) => {
            parts.extend_from_slice(&bytes);
            Ok(())
        }
        Taken::All(records) => {
            let records = match parts.is_empty() {
                true => records,
                false => {
                    parts.extend_from_slice(&records);
                    std::mem::take(&mut *parts).into()
                }
            };
            exchange.take_in(peer, &records, &intake)
        }
    };
    heard.map_err(|wrong| {
        tracing::error!(flow = %exchange.flow, process = %peer.process, "what it sent cannot be read: {wrong}");
        // It would come again for ever.
        exchange.lose(peer, "what it sent cannot be read");
        LinkError::Passing(wrong)
    })
}

fn passing(reason: &str) -> LinkError {
    LinkError::Passing(reason.to_owned())
}
