//! A PostgreSQL server of the tests' own.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{LazyLock, Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The one server of all tests: it lives as long as the process. A test that stops it has it for itself.
static CLUSTER: LazyLock<RwLock<Cluster>> = LazyLock::new(|| RwLock::new(Cluster::new()));

/// A server, and the script that ends it when we end, however that comes.
pub(crate) struct Cluster {
    _script: Child,
    pipe: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    socket: String,
    pub(crate) port: u16,
    /// The file of the certificate that the server's is signed with: its own.
    pub(crate) certificate: PathBuf,
}

/// Returns the server, which nobody stops meanwhile.
pub(crate) fn cluster() -> RwLockReadGuard<'static, Cluster> {
    CLUSTER
        .read()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Returns the server when nobody else uses it.
pub(crate) fn cluster_alone() -> RwLockWriteGuard<'static, Cluster> {
    CLUSTER
        .write()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Cluster {
    fn new() -> Cluster {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate = Path::new(env!("CARGO_TARGET_TMPDIR")).join("postgres.crt");
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        // Who runs the tests in a container may be root, whom the server refuses.
        let mut command = match is_root() {
            true => {
                let mut command = Command::new("setpriv");
                command.args([
                    "--reuid=postgres",
                    "--regid=postgres",
                    "--init-groups",
                    "sh",
                ]);
                command
            }
            false => Command::new("sh"),
        };
        // As a text: another user may not be allowed to read the file.
        command
            .args(["-c", include_str!("server.sh"), "server.sh"])
            .arg(programs());
        command
            .env("CERTIFICATE", made.cert.pem())
            .env("KEY", made.signing_key.serialize_pem());
        command
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut script = command.spawn().unwrap();
        let pipe = (
            script.stdin.take().unwrap(),
            BufReader::new(script.stdout.take().unwrap()),
        );
        let mut cluster = Cluster {
            _script: script,
            pipe: Mutex::new(pipe),
            socket: String::new(),
            port: 0,
            certificate,
        };
        cluster.socket = cluster.line();
        // Another process may take the port before the server does.
        let started = (0..5).any(|_| {
            cluster.port = free_port();
            cluster.start()
        });
        assert!(started, "the database server does not start");
        cluster
    }

    /// Starts the server, where it was.
    pub(crate) fn start(&self) -> bool {
        self.tell(&format!("start {}", self.port)) == "ready"
    }

    /// Stops the server.
    pub(crate) fn stop(&self) {
        assert_eq!(self.tell("stop"), "stopped");
    }

    /// Returns the url of the socket.
    pub(crate) fn url(&self) -> String {
        format!(
            "postgres://postgres@/postgres?host={}&port={}",
            self.socket, self.port
        )
    }

    fn tell(&self, command: &str) -> String {
        writeln!(self.pipe.lock().unwrap().0, "{command}").unwrap();
        self.line()
    }

    fn line(&self) -> String {
        let mut line = String::new();
        self.pipe.lock().unwrap().1.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "there is no database server");
        line.trim().to_owned()
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}

/// Returns where the server's programs are; Debian puts them beside the path, by their version.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, path)| path.join("initdb").is_file())
        .collect();
    found.sort();
    if let Some((_, path)) = found.pop() {
        return path;
    }
    let asked = Command::new("pg_config").arg("--bindir").output();
    let asked = asked.expect("PostgreSQL is missing: `scripts/setup test` installs it");
    PathBuf::from(String::from_utf8(asked.stdout).unwrap().trim())
}
