//! Something between two processes that harms their connections.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use socket2::SockRef;

use super::pause;

/// How often the ways look whether they are to be cut.
const LOOK: Duration = Duration::from_millis(20);

/// What becomes of what goes one way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It goes on.
    Pass = 0,
    /// It is taken, and never seen again.
    Swallow = 1,
    /// It goes on later.
    Hold = 2,
}

/// Passes bytes on, both ways, until it is told otherwise.
pub(super) struct Proxy {
    address: SocketAddr,
    connections: Arc<Mutex<Vec<Arc<Connection>>>>,
}

/// A connection, with the fates of what goes to the target and what comes back.
#[derive(Default)]
struct Connection {
    fates: [AtomicU8; 2],
    is_cut: AtomicBool,
}

impl Proxy {
    /// Listens before an address of TCP.
    pub(super) fn before(target: &str) -> Proxy {
        let target = target.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(Mutex::new(Vec::new()));
        let known = connections.clone();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // Nobody listens there: it is closed.
                let Ok(server) = TcpStream::connect(&target) else {
                    continue;
                };
                let connection = Arc::new(Connection::default());
                known.lock().unwrap().push(connection.clone());
                for (way, from, to) in [(0, &client, &server), (1, &server, &client)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let connection = connection.clone();
                    thread::spawn(move || connection.pass(way, from, to));
                }
            }
        });
        Proxy {
            address,
            connections,
        }
    }

    pub(super) fn address(&self) -> String {
        format!("tcp://{}", self.address)
    }

    /// Says what becomes of all that goes over the connections that there are, to the target and back; new ones are whole.
    pub(super) fn harm(&self, there: Fate, back: Fate) {
        for connection in self.connections.lock().unwrap().iter() {
            connection.fates[0].store(there as u8, SeqCst);
            connection.fates[1].store(back as u8, SeqCst);
        }
    }

    /// Resets all connections that there are.
    pub(super) fn reset(&self) {
        for connection in self.connections.lock().unwrap().drain(..) {
            connection.is_cut.store(true, SeqCst);
        }
    }
}

impl Connection {
    fn pass(&self, way: usize, mut from: TcpStream, mut to: TcpStream) {
        // Its end is a reset, and no farewell, unless one of the two says farewell.
        let _ = SockRef::from(&from).set_linger(Some(Duration::ZERO));
        from.set_read_timeout(Some(LOOK)).unwrap();
        to.set_nodelay(true).unwrap();
        let fate = || self.fates[way].load(SeqCst);
        let mut bytes = vec![0; 64 << 10];
        while !self.is_cut.load(SeqCst) {
            let count = match from.read(&mut bytes) {
                // A farewell is as lost as all else.
                Ok(0) if fate() == Fate::Pass as u8 => {
                    break;
                }
                Ok(0) => {
                    pause(LOOK);
                    continue;
                }
                Ok(count) => count,
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    continue;
                }
                Err(_) => break,
            };
            while fate() == Fate::Hold as u8 && !self.is_cut.load(SeqCst) {
                pause(LOOK);
            }
            if fate() == Fate::Pass as u8 && to.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        self.is_cut.store(true, SeqCst);
    }
}
