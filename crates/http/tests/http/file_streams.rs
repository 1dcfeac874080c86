//! Large files, and those who take them.

use std::process::Command;
use std::time::Duration;

use compysition_http::HttpServer;
use tokio::io::AsyncReadExt;

use crate::files::{LARGE, folder, pattern, public, serve};
use crate::support::ANYWHERE;

#[tokio::test]
async fn curl_continues_a_download_over_both_protocols() {
    let folder = folder("curl");
    let site = serve(HttpServer::at(ANYWHERE), public(&folder)).await;
    let url = format!("http://{}/large.bin", site.address);
    for version in ["--http1.1", "--http2-prior-knowledge"] {
        let target = folder.path("download");
        std::fs::write(&target, &pattern(LARGE)[..1_000_000]).unwrap();
        let mut command = Command::new("curl");
        command
            .args([
                "--silent",
                "--fail",
                "--max-time",
                "20",
                "--continue-at",
                "-",
            ])
            .args([version, "--output"])
            .arg(&target)
            .arg(&url);
        let output = tokio::task::spawn_blocking(move || command.status());
        assert!(output.await.unwrap().unwrap().success(), "{version}");
        let read = std::fs::read(folder.path("download")).unwrap();
        assert!(read == pattern(LARGE), "{version}: {}", read.len());
    }
    site.stop().await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_off() {
    let folder = folder("slow");
    folder.write("public/huge.bin", vec![0; 32 << 20]);
    let patience = Duration::from_millis(200);
    let server = HttpServer::at(ANYWHERE).header_timeout(patience);
    let site = serve(server, public(&folder)).await;
    let mut client = site.connect().await;
    client.send("GET /huge.bin", "").await;
    let mut start = [0; 100];
    client.0.read_exact(&mut start).await.unwrap();
    // All that was asked for has been answered, and one that does not read holds up nobody at the end.
    let before = std::time::Instant::now();
    let stopped = site.flow.stop().await;
    assert!(stopped.is_clean(), "{stopped:?}");
    assert!(before.elapsed() < Duration::from_secs(5));
    let rest = client.bytes().await;
    assert!(rest.len() < 32 << 20, "{}", rest.len());
}

#[tokio::test]
async fn a_client_that_stops_reading_does_not_keep_its_connection() {
    let folder = folder("idle");
    folder.write("public/huge.bin", vec![0; 32 << 20]);
    let patience = Duration::from_millis(100);
    let server = HttpServer::at(ANYWHERE).header_timeout(patience);
    let site = serve(server, public(&folder)).await;
    let mut client = site.connect().await;
    client.send("GET /huge.bin", "").await;
    let mut start = [0; 100];
    client.0.read_exact(&mut start).await.unwrap();
    // The server has its end: nothing but its giving up ends the wait for the file to be closed.
    let is_open = || {
        let open = std::fs::read_dir("/proc/self/fd").unwrap();
        let mut links = open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
        links.any(|path| path == folder.path("public/huge.bin").canonicalize().unwrap())
    };
    let closed = async {
        while is_open() {
            tokio::task::yield_now().await;
        }
    };
    let closed = tokio::time::timeout(Duration::from_secs(20), closed).await;
    assert!(closed.is_ok());
    site.stop().await;
}

#[tokio::test]
async fn a_file_that_becomes_shorter_ends_its_connection() {
    let folder = folder("shorter");
    folder.write("public/huge.bin", vec![1; 32 << 20]);
    let site = serve(HttpServer::at(ANYWHERE), public(&folder)).await;
    let mut client = site.connect().await;
    client.send("GET /huge.bin", "").await;
    let mut start = [0; 100];
    client.0.read_exact(&mut start).await.unwrap();
    let file = std::fs::OpenOptions::new()
        .write(true)
        .open(folder.path("public/huge.bin"))
        .unwrap();
    file.set_len(100).unwrap();
    let rest = client.bytes().await;
    assert!(rest.len() < 32 << 20, "{}", rest.len());
    assert_eq!(site.fetch("GET /a.txt", b"").await.status(), 200);
    site.stop().await;
}
