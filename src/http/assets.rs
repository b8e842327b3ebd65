//! The console's files, embedded from `web/dist`. Served without credentials: they hold no data, only the program that asks for it.
//!
//! A file whose name carries a hash of its content is kept by browsers for a year; pages are never kept; everything else is asked for
//! again with its ETag, so that a newer program is never met by an older one's scripts.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rust_embed::RustEmbed;

use super::problem::{Code, Problem};

#[derive(RustEmbed)]
#[folder = "web/dist"]
struct Dist;

/// The pages with addresses of their own.
pub(super) fn routes() -> Router {
    let page = |name: &'static str| move |method: Method, headers: HeaderMap| async move { serve(name, &method, &headers) };
    Router::new().route("/", get(page("index.html"))).route("/docs", get(page("docs.html")))
}

/// Whatever is no route: a file, or nothing.
pub(super) async fn file(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return Problem::new(Code::NotFound).into_response();
    }
    serve(uri.path().trim_start_matches('/'), &method, &headers)
}

fn serve(path: &str, method: &Method, headers: &HeaderMap) -> Response {
    let Some(file) = Dist::get(path) else {
        return Problem::new(Code::NotFound).into_response();
    };
    let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&file.metadata.sha256_hash()[..16]));
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == etag.as_bytes());
    let cacheable = !is_page(path);
    let mut response = if known && cacheable {
        StatusCode::NOT_MODIFIED.into_response()
    } else if *method == Method::HEAD {
        Body::empty().into_response()
    } else {
        Body::from(file.data).into_response()
    };
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control(path)));
    if cacheable && let Ok(value) = HeaderValue::from_str(&etag) {
        fields.insert(header::ETAG, value);
    }
    response
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

    #[test]
    fn every_embedded_file_is_served_with_a_type_of_its_own() {
        for path in Dist::iter() {
            let response = serve(&path, &Method::GET, &HeaderMap::new());
            assert_eq!(response.status(), 200, "{path}");
            assert_ne!(response.headers()["content-type"], "application/octet-stream", "{path}: add its type");
        }
        assert_eq!(serve("index.html", &Method::GET, &HeaderMap::new()).headers()["cache-control"], "no-store");
    }

    #[test]
    fn what_is_not_embedded_is_not_found() {
        for path in ["", "nothing.js", "../Cargo.toml", "/etc/passwd", "%2e%2e/Cargo.toml"] {
            assert_eq!(serve(path, &Method::GET, &HeaderMap::new()).status(), 404, "{path}");
        }
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
        let first = serve("assets/app.js", &Method::GET, &HeaderMap::new());
        assert_eq!(first.headers()["cache-control"], "no-cache");
        let mut asking = HeaderMap::new();
        asking.insert(header::IF_NONE_MATCH, first.headers()["etag"].clone());
        assert_eq!(serve("assets/app.js", &Method::GET, &asking).status(), 304);
        asking.insert(header::IF_NONE_MATCH, HeaderValue::from_static("\"older\""));
        assert_eq!(serve("assets/app.js", &Method::GET, &asking).status(), 200);
    }
}
