//! Traces, as a collector gets them.

use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::json;
use tonic::transport::server::TcpIncoming;

use super::{Server, fails, riposte};

/// The caller's trace and the span in it from which it asks.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// Keeps the spans that it is sent.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<Span>>>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        let spans = request.into_inner().resource_spans.into_iter().flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans);
        self.0.lock().unwrap().extend(spans);
        Ok(tonic::Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    /// Listens on a free port, in the present runtime; tells its address.
    fn listen(&self) -> String {
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = incoming.local_addr().unwrap();
        let service = TraceServiceServer::new(self.clone());
        tokio::spawn(tonic::transport::Server::builder().add_service(service).serve_with_incoming(incoming));
        format!("http://{address}")
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suggestion_is_part_of_the_callers_trace_with_its_stages_and_without_words() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("data");
    fs_err::create_dir(&folder).unwrap();
    let collector = Collector::default();
    let endpoint = collector.listen();
    fs_err::write(folder.join("riposte.toml"), format!("[traces]\nendpoint = \"{endpoint}\"\n\n[log]\nfilter = \"warn\"\n")).unwrap();
    let question = "可以开发票给我爱人陈小满吗";
    let asked = tokio::task::spawn_blocking(move || {
        let server = Server::start(&folder);
        assert_eq!(server.post("/v1/desks", &json!({"id": "shop"})).0, 201);
        let made =
            server.post("/v1/entries", &json!({"desk": "shop", "questions": ["可以开发票吗"], "answer": "可以。", "status": "published"}));
        assert_eq!(made.0, 201, "{}", made.1);
        let body = json!({"desk": "shop", "conversation": {"messages": [{"role": "customer", "text": question}]}});
        let authorization = format!("Bearer {}", server.token);
        let ask = |traceparent: String| {
            let request = server.agent.post(format!("{}/v1/suggestions", server.url)).header("authorization", &authorization);
            assert_eq!(request.header("traceparent", traceparent).send_json(&body).unwrap().status(), 200);
        };
        ask(format!("00-{TRACE}-{PARENT}-01"));
        // This caller does not trace.
        ask(format!("00-{}-{PARENT}-00", TRACE.replace('4', "5")));
        // What has not been sent yet is sent at the end.
        assert_eq!(server.stop().code(), Some(0));
        fs_err::read_to_string(folder.with_extension("log")).unwrap()
    });
    let said = asked.await.unwrap();
    assert!(!said.contains("traces"), "{said}");

    let spans = collector.0.lock().unwrap().clone();
    let of_caller: Vec<&Span> = spans.iter().filter(|span| hex(&span.trace_id) == TRACE).collect();
    let named = |name: &str| of_caller.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no {name} in {of_caller:?}"));
    let request = named("POST /v1/suggestions");
    assert_eq!((hex(&request.parent_span_id).as_str(), request.kind), (PARENT, SpanKind::Server as i32));
    let suggest = named("suggest");
    assert_eq!(suggest.parent_span_id, request.span_id);
    for stage in ["embed", "search", "rank", "record"] {
        // Their ends may be told a little later than the request's: threads that worked for them let go of them then.
        let began = named(stage).start_time_unix_nano;
        assert!((request.start_time_unix_nano..=request.end_time_unix_nano).contains(&began), "{stage}");
    }
    // The entry was written in a trace that began here.
    assert!(spans.iter().any(|span| span.name == "POST /v1/entries" && hex(&span.trace_id) != TRACE && span.parent_span_id.is_empty()));
    assert!(!spans.iter().any(|span| span.name.contains("readyz") || hex(&span.trace_id).contains("5bf92f")), "{spans:?}");
    let everything = format!("{spans:?}");
    assert!(everything.contains("/v1/suggestions"));
    for word in ["发票", "陈小满", "shop.example", "Bearer"] {
        assert!(!everything.contains(word), "{word}");
    }
}

#[test]
fn a_collector_that_is_away_costs_a_line_and_no_answer() {
    let temp = tempfile::tempdir().unwrap();
    // Takes connections and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (name, collector) in [("nobody", nobody), ("silent", silent.local_addr().unwrap())] {
        let folder = temp.path().join(name);
        fs_err::create_dir(&folder).unwrap();
        fs_err::write(folder.join("riposte.toml"), format!("[traces]\nendpoint = \"http://{collector}\"\n")).unwrap();
        let server = Server::start(&folder);
        for _ in 0..3 {
            server.get("/v1/me");
        }
        assert_eq!(server.stop().code(), Some(0), "{name}");
        let said = fs_err::read_to_string(folder.with_extension("log")).unwrap();
        assert_eq!(said.matches("traces are lost").count(), 1, "{name}: {said}");
    }

    let folder = temp.path().join("nobody");
    let said = fails(riposte(&folder).args(["--set", "traces.endpoint=collector:4317", "serve"]));
    assert!(said.contains("traces.endpoint") && said.contains("http://127.0.0.1:4317"), "{said}");
}
