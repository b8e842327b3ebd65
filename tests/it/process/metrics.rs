//! Metrics over their own socket, and the caller's trace in the log.

use super::{Server, fails, riposte};

/// A trace that the caller belongs to.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[test]
fn a_server_answers_prometheus_where_it_is_told_to() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("data");
    fs_err::create_dir(&folder).unwrap();
    fs_err::write(folder.join("riposte.toml"), "[metrics]\nlisten = \"127.0.0.1:0\"\n").unwrap();
    let server = Server::start(&folder);
    let log = || fs_err::read_to_string(folder.with_extension("log")).unwrap();
    let said = log();
    let (_, address) = said.split_once("metrics at ").unwrap();
    let address = address.split_whitespace().next().unwrap();

    let ask = |trace: &str| {
        let request = server.agent.get(format!("{}/v1/me", server.url)).header("authorization", format!("Bearer {}", server.token));
        assert_eq!(request.header("traceparent", trace).call().unwrap().status(), 200);
    };
    ask(&format!("00-{TRACE}-00f067aa0ba902b7-01"));
    ask("13912345678-of-a-customer");
    let answer = server.agent.get(address).call().unwrap();
    assert_eq!(answer.status(), 200);
    let text = answer.into_body().read_to_string().unwrap();
    assert!(text.contains("\nriposte_http_requests_total{method=\"GET\",route=\"/v1/me\",status=\"2xx\"} 2\n"), "{text}");
    assert!(text.contains(&format!("\nriposte_build_info{{version=\"{}\"}} 1\n", env!("CARGO_PKG_VERSION"))));
    if cfg!(target_os = "linux") {
        let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok()).unwrap();
        assert!(value("process_resident_memory_bytes ") > 1e6 && value("process_open_fds ") > 2.0);
    }
    assert_eq!(server.agent.get(format!("{}/metrics", server.url)).call().unwrap().status(), 404);
    assert_eq!(server.stop().code(), Some(0));
    let said = log();
    assert_eq!(said.lines().filter(|line| line.contains("request answered") && line.contains(TRACE)).count(), 1, "{said}");
    assert!(!said.contains("13912345678"));
}

#[test]
fn a_port_that_is_taken_is_told_with_its_setting() {
    let temp = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let setting = format!("metrics.listen={}", taken.local_addr().unwrap());
    let said = fails(riposte(&temp.path().join("data")).args(["--set", &setting, "serve", "--listen", "127.0.0.1:0"]));
    assert!(said.contains("metrics.listen"), "{said}");
}
