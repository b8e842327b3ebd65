//! The console's files: `web/dist`, or, where it was not built, the page that says how to build it: the crate builds without
//! Node.js. Served without credentials: they hold no data, only the program that asks for it.
//!
//! A file whose name carries a hash of its content is kept by browsers for a year; pages are never kept; everything else is asked for
//! again with its ETag, so that a newer program is never met by an older one's scripts.
//!
//! The console has one page and addresses of its own (`/desk`, `/clusters/…`): a browser that asks for one gets the page. Each answer with
//! the page has a new nonce, in its policy and in its text: the only styles that may be made at run time are those that carry it.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rust_embed::{EmbeddedFile, RustEmbed};

use super::frames;
use super::middleware::page_policy;
use super::problem::{Code, Problem};

const PAGE: &str = "index.html";
/// What stands in the page where the nonce goes.
const NONCE_MARK: &str = "__CSP_NONCE__";
const NONCE_BYTES: usize = 16;
/// First parts of addresses that are never the console's.
const NOT_THE_CONSOLE: [&str; 7] = ["v1", "errors", "livez", "readyz", "assets", frames::WIDGET, frames::ADAPTERS];

/// The console as it was built.
#[derive(RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Dist;

/// What stands in for it where it was not.
#[derive(RustEmbed)]
#[folder = "web/placeholder"]
struct Placeholder;

fn embedded(path: &str) -> Option<EmbeddedFile> {
    Dist::get(path).or_else(|| Placeholder::get(path))
}

/// The console's first address; the others are what no route takes ([`file()`]).
pub(super) fn routes() -> Router {
    Router::new().route("/", get(|method: Method| async move { page(&method) }))
}

/// Whatever is no route: a file, an address of the console, or nothing.
pub(super) async fn file(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return Problem::new(Code::NotFound).into_response();
    }
    let path = uri.path().trim_start_matches('/');
    if path == PAGE || is_console_address(path, &headers) {
        page(&method)
    } else if is_page(path) {
        // The pages for frames have addresses of their own (`frames`); as files they would lack their policy.
        Problem::new(Code::NotFound).into_response()
    } else {
        serve(path, &method, &headers)
    }
}

/// Whether a person's browser goes to a page of the console. Programs that mistype an address do not ask for HTML and are told so.
fn is_console_address(path: &str, headers: &HeaderMap) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    let wants_a_page = headers.get_all(header::ACCEPT).iter().any(|value| value.to_str().is_ok_and(|value| value.contains("text/html")));
    wants_a_page && !path.contains('.') && !NOT_THE_CONSOLE.contains(&first)
}

/// The console's page.
fn page(method: &Method) -> Response {
    page_with_nonce(PAGE, method, page_policy, |text| text)
}

/// A page with a nonce that has never been used, in its text and in its policy; `fill` completes the text.
pub(super) fn page_with_nonce(
    path: &str,
    method: &Method,
    policy: impl FnOnce(&str) -> String,
    fill: impl FnOnce(String) -> String,
) -> Response {
    let mut bytes = [0; NONCE_BYTES];
    let filled = getrandom::fill(&mut bytes).map_err(std::io::Error::from);
    if let Err(error) = filled {
        return Problem::internal(error).into_response();
    }
    let nonce = URL_SAFE_NO_PAD.encode(bytes);
    let Some(file) = embedded(path) else {
        return Problem::new(Code::NotFound).into_response();
    };
    let text = fill(String::from_utf8_lossy(&file.data).replace(NONCE_MARK, &nonce));
    let policy = match HeaderValue::from_str(&policy(&nonce)) {
        Ok(policy) => policy,
        Err(error) => return Problem::internal(error).into_response(),
    };
    let body = if *method == Method::HEAD { Body::empty() } else { Body::from(text) };
    let mut response = body.into_response();
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control(path)));
    fields.insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

fn serve(path: &str, method: &Method, headers: &HeaderMap) -> Response {
    let Some(file) = embedded(path) else {
        return Problem::new(Code::NotFound).into_response();
    };
    // The console's build leaves a compressed copy beside what is worth it.
    let squeezed = accepts_gzip(headers).then(|| Dist::get(&format!("{path}.gz"))).flatten();
    let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&file.metadata.sha256_hash()[..16]));
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == etag.as_bytes());
    let compressed = squeezed.is_some();
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else if *method == Method::HEAD {
        Body::empty().into_response()
    } else {
        Body::from(squeezed.unwrap_or(file).data).into_response()
    };
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control(path)));
    fields.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if compressed && !known {
        fields.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if let Ok(value) = HeaderValue::from_str(&etag) {
        fields.insert(header::ETAG, value);
    }
    response
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let offers = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    offers.flat_map(|value| value.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        parts.next() == Some("gzip") && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

fn cache_control(path: &str) -> &'static str {
    if is_page(path) {
        "no-store"
    } else if has_content_hash(path) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    }
}

fn is_page(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| extension == "html")
}

/// Whether the file's name carries a hash of its content, as in `app.1f8a3c90.js` or `app-1f8a3c90.js`: such a name never means other bytes.
fn has_content_hash(path: &str) -> bool {
    const SHORTEST: usize = 8;
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    let Some((stem, _extension)) = name.rsplit_once('.') else { return false };
    stem.rsplit_once(['.', '-']).is_some_and(|(_, hash)| {
        hash.len() >= SHORTEST && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) && hash.bytes().any(|byte| byte.is_ascii_digit())
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that the console and the page in its place both have, and whose name has no hash.
    const KEPT_NAME: &str = "favicon.svg";

    fn asking(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    async fn ask(path: &str, headers: &HeaderMap) -> Response {
        file(Method::GET, path.parse().unwrap(), headers.clone()).await
    }

    #[test]
    fn every_embedded_file_is_served_with_a_type_of_its_own() {
        for path in Dist::iter().chain(Placeholder::iter()).filter(|path| !path.ends_with(".gz")) {
            let response = serve(&path, &Method::GET, &HeaderMap::new());
            assert_eq!(response.status(), 200, "{path}");
            assert_ne!(response.headers()["content-type"], "application/octet-stream", "{path}: add its type");
        }
    }

    #[tokio::test]
    async fn each_answer_with_the_page_has_a_nonce_of_its_own() {
        let mut seen = std::collections::BTreeSet::new();
        for path in ["/", "/index.html", "/desk", "/clusters/0192f0c1-a2b3-7c4d-8e5f-60718293a4b5"] {
            let response = ask(path, &asking(&[(header::ACCEPT, "text/html,*/*;q=0.8")])).await;
            assert_eq!(response.status(), 200, "{path}");
            assert_eq!(response.headers()["cache-control"], "no-store");
            let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
            let nonce = policy.split_once("style-src 'self' 'nonce-").unwrap().1.split_once('\'').unwrap().0.to_owned();
            let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
            let text = String::from_utf8(body.to_vec()).unwrap();
            assert!(text.contains(&nonce) && !text.contains(NONCE_MARK), "{path}");
            assert!(seen.insert(nonce), "{path}");
        }
    }

    #[tokio::test]
    async fn what_is_neither_file_nor_page_is_not_found() {
        let browser = asking(&[(header::ACCEPT, "text/html")]);
        for path in [
            "/nothing.js",
            "/assets/nothing",
            "/v1/nothing",
            "/v1",
            "/widget/index.html",
            "/adapters/zendesk",
            "/errors/a/b",
            "/livez/x",
            "/%2e%2e/Cargo.toml",
            "/a/../Cargo.toml",
        ] {
            assert_eq!(ask(path, &browser).await.status(), 404, "{path}");
        }
        // A program that mistypes an address.
        assert_eq!(ask("/desk", &asking(&[(header::ACCEPT, "*/*")])).await.status(), 404);
        assert_eq!(ask("/desk", &HeaderMap::new()).await.status(), 404);
        assert_eq!(serve("", &Method::GET, &HeaderMap::new()).status(), 404);
        assert_eq!(serve("../Cargo.toml", &Method::GET, &HeaderMap::new()).status(), 404);
    }

    #[test]
    fn only_names_with_a_content_hash_are_kept() {
        for path in ["assets/app.1f8a3c90.js", "assets/app-1f8a3c90d2.js", "logo.00000001.svg"] {
            assert_eq!(cache_control(path), "public, max-age=31536000, immutable", "{path}");
        }
        for path in
            ["assets/app.js", "assets/app.1a2b.js", "assets/some-defaced.js", "assets/app.min.js", "favicon.svg", "1f8a3c90.js", "1f8a3c90"]
        {
            assert_eq!(cache_control(path), "no-cache", "{path}");
        }
        assert_eq!(cache_control("index.html"), "no-store");
    }

    #[test]
    fn a_file_that_has_not_changed_is_not_sent_again() {
        let first = serve(KEPT_NAME, &Method::GET, &HeaderMap::new());
        assert_eq!(first.headers()["cache-control"], "no-cache");
        let etag = first.headers()["etag"].to_str().unwrap();
        assert_eq!(serve(KEPT_NAME, &Method::GET, &asking(&[(header::IF_NONE_MATCH, etag)])).status(), 304);
        assert_eq!(serve(KEPT_NAME, &Method::GET, &asking(&[(header::IF_NONE_MATCH, "\"older\"")])).status(), 200);
    }

    #[test]
    fn what_was_compressed_is_sent_so_to_whoever_takes_it() {
        for (offered, taken) in
            [("gzip, deflate, br", true), ("br;q=1.0, gzip;q=0.5", true), ("gzip;q=0", false), ("br", false), ("", false)]
        {
            assert_eq!(accepts_gzip(&asking(&[(header::ACCEPT_ENCODING, offered)])), taken, "{offered}");
        }
        let copies: Vec<_> = Dist::iter().filter_map(|path| path.strip_suffix(".gz").map(str::to_owned)).collect();
        for path in copies {
            let response = serve(&path, &Method::GET, &asking(&[(header::ACCEPT_ENCODING, "gzip")]));
            assert_eq!(response.headers()["content-encoding"], "gzip", "{path}");
            assert!(!serve(&path, &Method::GET, &HeaderMap::new()).headers().contains_key("content-encoding"), "{path}");
        }
    }
}
