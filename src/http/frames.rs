//! Pages that other sites show in a frame: the widget (`/widget`) and the adapters (`/adapters/…`), each with a policy of its own that
//! names only what the settings name. What the page must know of them stands in its text.

use axum::Router;
use axum::http::Method;
use axum::response::Response;
use axum::routing::get;

use super::assets::page_with_nonce;
use super::middleware::{Framed, framed_policy};

/// The widget's address and the name of its page.
pub(super) const WIDGET: &str = "widget";
/// First part of the adapters' addresses.
pub(super) const ADAPTERS: &str = "adapters";
/// What stands in a page where its settings go.
const SETTINGS_MARK: &str = "__SETTINGS__";

/// A page that other sites show in a frame.
#[derive(Debug, Clone)]
pub struct FramedPage {
    /// Which one; also the last part of its address.
    pub name: &'static str,
    /// Origins that may show it, and whose messages it takes.
    pub origins: Vec<String>,
    /// The script by which it talks with the desk.
    pub sdk_url: Option<String>,
    /// The customer's own server that it asks for tokens, without a slash at its end.
    pub server_url: Option<String>,
}

impl FramedPage {
    fn path(&self) -> String {
        if self.name == WIDGET { WIDGET.to_owned() } else { format!("{ADAPTERS}/{}", self.name) }
    }

    fn answer(&self, method: &Method) -> Response {
        let file = format!("{}/index.html", self.path());
        let policy = |nonce: &str| framed_policy(nonce, &self.origins, self.sdk_url.as_deref(), self.server_url.as_deref());
        let mut response = page_with_nonce(&file, method, policy, |text| text.replace(SETTINGS_MARK, &self.attribute()));
        response.extensions_mut().insert(Framed);
        response
    }

    /// What the page must know, as the value of an attribute.
    fn attribute(&self) -> String {
        let settings = serde_json::json!({"origins": self.origins, "sdk": self.sdk_url, "server": self.server_url});
        settings.to_string().replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
    }
}

/// One route for each page; an adapter that is not switched on has none.
pub(super) fn routes(pages: &[FramedPage]) -> Router {
    pages.iter().fold(Router::new(), |router, page| {
        let served = page.clone();
        router.route(&format!("/{}", page.path()), get(move |method: Method| async move { served.answer(&method) }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(name: &'static str) -> FramedPage {
        FramedPage {
            name,
            origins: vec!["https://desk.example".to_owned(), "https://two.example".to_owned()],
            sdk_url: Some("https://sdk.example/2.0/sdk.min.js".to_owned()),
            server_url: Some("https://desk.example/riposte".to_owned()),
        }
    }

    #[test]
    fn a_policy_names_what_the_settings_name_and_nothing_else() {
        let page = page("zendesk");
        let policy = framed_policy("n", &page.origins, page.sdk_url.as_deref(), page.server_url.as_deref());
        let directives: Vec<_> = policy.split(';').map(str::trim).collect();
        assert!(directives.contains(&"frame-ancestors https://desk.example https://two.example"), "{policy}");
        assert!(directives.contains(&"script-src 'self' https://sdk.example/2.0/sdk.min.js"), "{policy}");
        assert!(directives.contains(&"connect-src 'self' https://desk.example/riposte/"), "{policy}");
        assert!(directives.contains(&"default-src 'self'"), "{policy}");

        let closed = framed_policy("n", &[], None, None);
        assert!(
            closed.contains("frame-ancestors 'none'") && closed.contains("connect-src 'self';") && closed.contains("script-src 'self';"),
            "{closed}"
        );
    }

    #[test]
    fn settings_stay_inside_their_attribute() {
        let mut page = page("wecom");
        page.server_url = Some("https://desk.example/\"><script>&".to_owned());
        let attribute = page.attribute();
        assert!(!attribute.contains(['"', '<', '>']), "{attribute}");
        assert!(attribute.contains("&quot;sdk&quot;:&quot;https://sdk.example/2.0/sdk.min.js&quot;"), "{attribute}");
    }
}
