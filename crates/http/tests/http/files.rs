//! Files as answers.

use std::os::unix::fs::symlink;
use std::process::Command;

use compysition_core::{Event, map};
use compysition_http::{Compression, HttpServer, StaticFiles};
use serde_json::json;

use crate::support::{ANYWHERE, Folder, Raw, Site, site};

pub(crate) const LARGE: usize = 3 << 20;

/// `http -> files -> http`, and errors too.
pub(crate) async fn serve(server: HttpServer, files: StaticFiles) -> Site {
    site(server, |director, http| {
        let files = director.register("files", files);
        director.connect(http, files);
        director.connect(files, http);
        director.connect_error(files, http);
    })
    .await
}

pub(crate) fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 7 % 251) as u8).collect()
}

/// A directory, and something beside it that nobody should see.
pub(crate) fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("secret.txt", "secret");
    folder.write("public/a.txt", "0123456789");
    folder.write("public/empty.txt", "");
    folder.write("public/é ü.html", "<p>é</p>");
    folder.write("public/large.bin", pattern(LARGE));
    folder.write("public/style.CSS", "p {}".repeat(1000));
    folder.write("public/docs/index.html", "the index");
    folder.write("public/bare/x", "x");
    folder.write("public/.hidden/x", "hidden");
    folder.write("public/.env", "hidden");
    folder
}

pub(crate) fn public(folder: &Folder) -> StaticFiles {
    StaticFiles::of(folder.path("public")).unwrap()
}

#[tokio::test]
async fn files_are_found_by_their_paths() {
    let folder = folder("found");
    folder.write("public/index.html", "home");
    let site = serve(HttpServer::at(ANYWHERE), public(&folder)).await;
    let get = async |path: &str| site.fetch(format!("GET {path}"), b"").await;
    for (path, media_type, text) in [
        ("/a.txt", "text/plain; charset=utf-8", "0123456789"),
        ("/a.txt?v=1", "text/plain; charset=utf-8", "0123456789"),
        ("/%61.txt", "text/plain; charset=utf-8", "0123456789"),
        (
            "/%C3%A9%20%C3%BC.html",
            "text/html; charset=utf-8",
            "<p>é</p>",
        ),
        ("/", "text/html; charset=utf-8", "home"),
        ("/docs/", "text/html; charset=utf-8", "the index"),
        ("/bare/x", "application/octet-stream", "x"),
        ("/empty.txt", "text/plain; charset=utf-8", ""),
    ] {
        let answer = get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.text(), text, "{path}");
        let seen = answer.header("content-type").unwrap_or_default();
        assert_eq!(seen, media_type, "{path}");
        assert_eq!(answer.header("accept-ranges"), Some("bytes"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    let answer = get("/docs?a=b").await;
    assert_eq!(answer.status(), 301);
    assert_eq!(answer.header("location"), Some("/docs/?a=b"));
    let large = get("/large.bin").await;
    assert_eq!(large.header("content-length"), Some(&*LARGE.to_string()));
    assert!(large.body == pattern(LARGE));
    let refused = site.fetch("POST /a.txt", b"x").await;
    assert_eq!(refused.status(), 405);
    assert_eq!(refused.header("allow"), Some("GET, HEAD"));
    assert_eq!(site.flow.snapshot().bytes, 0);
    site.stop().await;
}

#[tokio::test]
async fn what_is_not_there_is_not_found_in_the_words_of_the_door() {
    let folder = folder("nowhere");
    let secret = folder.path("secret.txt");
    symlink(&secret, folder.path("public/out.txt")).unwrap();
    symlink(&folder.0, folder.path("public/up")).unwrap();
    symlink(folder.path("public/.env"), folder.path("public/env.txt")).unwrap();
    symlink("a.txt", folder.path("public/in.txt")).unwrap();
    symlink("nowhere", folder.path("public/dangling")).unwrap();
    symlink("loop", folder.path("public/loop")).unwrap();
    let made = Command::new("mkfifo")
        .arg(folder.path("public/pipe"))
        .status();
    assert!(made.unwrap().success());
    let site = serve(HttpServer::at(ANYWHERE), public(&folder)).await;
    let inside = site.fetch("GET /in.txt", b"").await;
    assert_eq!((inside.status(), inside.text()), (200, "0123456789"));
    for path in [
        "/b.txt",
        "/a.txt/",
        "/a.txt/x",
        "/docs/nowhere",
        "/bare",
        "/bare/",
        "/../secret.txt",
        "/docs/../../secret.txt",
        "/docs/../a.txt",
        "/./a.txt",
        "/%2e%2e/secret.txt",
        "/.%2e/secret.txt",
        "/%2E%2E%2Fsecret.txt",
        "/..%2fsecret.txt",
        "/..%5csecret.txt",
        "/..\\secret.txt",
        "/%252e%252e/secret.txt",
        "/%c0%ae%c0%ae/secret.txt",
        "/a.txt%00",
        "/a.txt%00.png",
        "/%00",
        "/%ff",
        "//a.txt",
        "//docs",
        "/docs//index.html",
        "/docs//",
        "/.env",
        "/%2eenv",
        "/.hidden/x",
        "/env.txt",
        "/out.txt",
        "/up/secret.txt",
        "/up/",
        "/dangling",
        "/loop",
        "/pipe",
        &format!("/{}", "x".repeat(300)),
        &format!("/{}", "x/".repeat(3000)),
    ] {
        let head = format!("GET {path}\naccept: application/json");
        let answer = site.fetch(&head, b"").await;
        assert_eq!(answer.status(), 404, "{path}: {answer:?}");
        let errors: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(errors["errors"][0]["code"], "not_found");
        let wanted = format!("there is nothing at `{path}`");
        assert_eq!(errors["errors"][0]["message"], wanted);
    }
    let absolute = format!("GET {}", secret.display());
    assert_eq!(site.fetch(&absolute, b"").await.status(), 404);
    site.stop().await;
}

#[tokio::test]
async fn who_has_a_file_is_told_so() {
    let folder = folder("conditions");
    let files = public(&folder).cache("max-age=60").unwrap();
    let site = serve(HttpServer::at(ANYWHERE), files).await;
    let get = async |headers: &str| site.fetch(format!("GET /a.txt\n{headers}"), b"").await;
    let first = get("x: y").await;
    let tag = first.header("etag").unwrap().to_owned();
    let date = first.header("last-modified").unwrap().to_owned();
    assert_eq!(first.header("cache-control"), Some("max-age=60"));
    for headers in [
        format!("if-none-match: {tag}"),
        format!("if-none-match: \"x\", W/{tag}"),
        format!("if-modified-since: {date}"),
        format!("if-none-match: {tag}\nrange: bytes=0-1"),
    ] {
        let answer = get(&headers).await;
        assert_eq!(answer.status(), 304, "{headers}");
        assert!(answer.body.is_empty());
        assert_eq!(answer.header("etag"), Some(&*tag));
        assert_eq!(answer.header("last-modified"), Some(&*date));
        assert_eq!(answer.header("cache-control"), Some("max-age=60"));
        assert_eq!(answer.header("content-length"), None);
        assert_eq!(answer.header("content-type"), None);
    }
    let head = site.fetch(format!("HEAD /a.txt\nif-none-match: {tag}"), b"");
    assert_eq!(head.await.status(), 304);
    assert_eq!(
        get(&format!("if-none-match: \"x\"\nif-modified-since: {date}"))
            .await
            .status(),
        200
    );
    folder.write("public/a.txt", "something else");
    let changed = get(&format!("if-none-match: {tag}")).await;
    assert_eq!((changed.status(), changed.text()), (200, "something else"));
    assert_ne!(changed.header("etag"), Some(&*tag));
    site.stop().await;
}

#[tokio::test]
async fn parts_of_files_can_be_had() {
    let folder = folder("ranges");
    let site = serve(HttpServer::at(ANYWHERE), public(&folder)).await;
    let get =
        async |path: &str, headers: &str| site.fetch(format!("GET {path}\n{headers}"), b"").await;
    for (range, content_range, text) in [
        ("bytes=0-0", "bytes 0-0/10", "0"),
        ("bytes=2-5", "bytes 2-5/10", "2345"),
        ("bytes=7-", "bytes 7-9/10", "789"),
        ("bytes=7-99", "bytes 7-9/10", "789"),
        ("bytes=-3", "bytes 7-9/10", "789"),
        ("bytes=-99", "bytes 0-9/10", "0123456789"),
    ] {
        let part = get("/a.txt", &format!("range: {range}")).await;
        assert_eq!(part.status(), 206, "{range}");
        assert_eq!(part.header("content-range"), Some(content_range));
        assert_eq!(part.text(), text);
        let length = text.len().to_string();
        assert_eq!(part.header("content-length"), Some(&*length));
        let media_type = part.header("content-type");
        assert_eq!(media_type, Some("text/plain; charset=utf-8"));
    }
    for range in ["bytes=10-", "bytes=-0", "bytes=99999999999999999999-"] {
        let none = get("/a.txt", &format!("range: {range}")).await;
        assert_eq!(none.status(), 416, "{range}");
        assert_eq!(none.header("content-range"), Some("bytes */10"));
        assert_eq!(none.text(), "the file has 10 bytes\n");
    }
    assert_eq!(get("/empty.txt", "range: bytes=0-").await.status(), 416);
    for range in ["bytes=5-2", "bytes=0-1,4-5", "lines=0-1", "nonsense"] {
        let whole = get("/a.txt", &format!("range: {range}")).await;
        assert_eq!(
            (whole.status(), whole.text()),
            (200, "0123456789"),
            "{range}"
        );
    }
    let large = get("/large.bin", "range: bytes=100000-299999").await;
    assert_eq!(large.status(), 206);
    assert!(large.body == pattern(LARGE)[100_000..300_000]);
    let tag = large.header("etag").unwrap();
    let same = get("/large.bin", &format!("range: bytes=-1\nif-range: {tag}")).await;
    assert_eq!(same.status(), 206);
    for other in ["\"other\"".to_owned(), format!("W/{tag}")] {
        let whole = get("/large.bin", &format!("range: bytes=-1\nif-range: {other}")).await;
        assert_eq!((whole.status(), whole.body.len()), (200, LARGE));
    }
    site.stop().await;
}

#[tokio::test]
async fn head_has_the_headers_and_no_body() {
    let folder = folder("head");
    let server = HttpServer::at(ANYWHERE).compression(Compression::default());
    let site = serve(server, public(&folder)).await;
    for path in ["/a.txt", "/large.bin", "/style.CSS", "/docs/", "/docs"] {
        let rest = format!("{path}\naccept-encoding: gzip\nx-correlation-id: 1");
        let get = site.fetch(format!("GET {rest}"), b"").await;
        let head = site.fetch(format!("HEAD {rest}\nrange: bytes=0-1"), b"");
        let head = head.await;
        assert!(head.body.is_empty());
        let headers = |answer: &Raw| {
            let mut headers = answer.head.headers.clone();
            headers.retain(|(name, _)| name != "date");
            headers.sort();
            headers
        };
        assert_eq!(headers(&get), headers(&head), "{path}");
    }
    let style = site.fetch("GET /style.CSS\naccept-encoding: gzip", b"");
    let style = style.await;
    assert_eq!(style.header("content-encoding"), Some("gzip"));
    assert!(style.header("etag").unwrap().starts_with("W/\""));
    assert_eq!(style.header("accept-ranges"), None);
    // The client may come again with the tag that it was given.
    let tag = style.header("etag").unwrap();
    let again = format!("GET /style.CSS\naccept-encoding: gzip\nif-none-match: {tag}");
    let again = site.fetch(&again, b"").await;
    assert_eq!(again.status(), 304);
    assert_eq!(again.header("vary"), Some("accept-encoding"));
    site.stop().await;
}

#[tokio::test]
async fn a_prefix_stands_before_the_files() {
    let folder = folder("prefix");
    folder.write("public/index.html", "home");
    let settings = json!({
        "dir": folder.path("public"), "prefix": "/assets/", "hidden": true, "index": ["no.html", "index.html"]
    });
    let files: StaticFiles = serde_json::from_value(settings).unwrap();
    let server = HttpServer::at(ANYWHERE).route("files", "GET /assets/{*file}");
    let server = server.route("root", "GET /assets");
    let site = site(server, |director, http| {
        let files = director.register("files", files);
        director.connect((http, "files"), files);
        director.connect((http, "root"), (files, "root"));
        director.connect(files, http);
    })
    .await;
    let get = async |path: &str| site.fetch(format!("GET {path}"), b"").await;
    assert_eq!(get("/assets/a.txt").await.text(), "0123456789");
    assert_eq!(get("/assets/.env").await.text(), "hidden");
    assert_eq!(get("/assets/").await.text(), "home");
    assert_eq!(get("/assets").await.header("location"), Some("/assets/"));
    assert_eq!(get("/assets/%2e%2e/secret.txt").await.status(), 404);
    assert_eq!(get("/assetsa.txt").await.status(), 404);
    assert_eq!(get("/a.txt").await.status(), 404);
    site.stop().await;
}

#[tokio::test]
async fn an_actor_behind_may_change_small_files() {
    let folder = folder("change");
    let site = site(HttpServer::at(ANYWHERE), |director, http| {
        let files = director.register("files", public(&folder));
        let upper = map(|event: Event| {
            let text = event.text()?.to_uppercase();
            Ok(event.with(text))
        });
        let upper = director.register("upper", upper);
        director.connect(http, files);
        director.connect(files, upper);
        director.connect(upper, http);
    })
    .await;
    let answer = site.fetch("GET /docs/", b"").await;
    assert_eq!(answer.text(), "THE INDEX");
    // Without an error connection the door says the same.
    assert_eq!(site.fetch("GET /nothing", b"").await.status(), 404);
    site.stop().await;
}

#[test]
fn mistakes_in_the_settings_are_told() {
    let folder = folder("settings");
    let mistake = |settings: serde_json::Value| {
        let files = serde_json::from_value::<StaticFiles>(settings);
        files.err().unwrap().to_string()
    };
    let public = folder.path("public");
    for (settings, wanted) in [
        (json!({"dir": folder.path("nowhere")}), "No such file"),
        (json!({"dir": folder.path("secret.txt")}), "it is a file"),
        (json!({}), "missing field `dir`"),
        (
            json!({"dir": public, "prefix": "assets"}),
            "does not begin with a slash",
        ),
        (
            json!({"dir": public, "index": ["a/b"]}),
            "it is no name of a file",
        ),
        (
            json!({"dir": public, "cache": "a\nb"}),
            "cannot be a header",
        ),
        (json!({"dir": public, "whole": "much"}), "write it like 512"),
        (
            json!({"dir": public, "direct": 1}),
            "unknown field `direct`",
        ),
    ] {
        let mistake = mistake(settings);
        assert!(mistake.contains(wanted), "{mistake}");
    }
}
