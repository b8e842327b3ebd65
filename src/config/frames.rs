//! Settings of the pages that other sites show in a frame: the widget, and an adapter for each desk that has one.

use axum::http::Uri;
use serde::Deserialize;

use super::ConfigError;

/// A page that other sites show in a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// Several addresses, as a list or (in the environment and on the command line) divided by spaces or commas.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Addresses {
    List(Vec<String>),
    Line(String),
}

impl Default for Addresses {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawWidget {
    origins: Addresses,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawAdapters {
    chatwoot: RawChatwoot,
    zendesk: RawZendesk,
    wecom: RawWecom,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawChatwoot {
    enabled: bool,
    origins: Addresses,
    server_url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawZendesk {
    enabled: bool,
    origins: Addresses,
    sdk_url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawWecom {
    enabled: bool,
    origins: Addresses,
    sdk_url: Option<String>,
    server_url: Option<String>,
}

/// The pages that are served: the widget always, an adapter when it is switched on.
pub(super) fn check(widget: RawWidget, adapters: RawAdapters) -> Result<Vec<FramedPage>, ConfigError> {
    let mut pages =
        vec![FramedPage { name: "widget", origins: origins("widget.origins", widget.origins)?, sdk_url: None, server_url: None }];
    let RawAdapters { chatwoot, zendesk, wecom } = adapters;
    if chatwoot.enabled {
        pages.push(FramedPage {
            name: "chatwoot",
            origins: at_least_one("adapters.chatwoot.origins", origins("adapters.chatwoot.origins", chatwoot.origins)?)?,
            sdk_url: None,
            server_url: Some(server("adapters.chatwoot.server_url", chatwoot.server_url)?),
        });
    }
    if zendesk.enabled {
        pages.push(FramedPage {
            name: "zendesk",
            origins: at_least_one("adapters.zendesk.origins", origins("adapters.zendesk.origins", zendesk.origins)?)?,
            sdk_url: Some(address("adapters.zendesk.sdk_url", zendesk.sdk_url)?),
            server_url: None,
        });
    }
    if wecom.enabled {
        pages.push(FramedPage {
            name: "wecom",
            origins: origins("adapters.wecom.origins", wecom.origins)?,
            sdk_url: Some(address("adapters.wecom.sdk_url", wecom.sdk_url)?),
            server_url: Some(server("adapters.wecom.server_url", wecom.server_url)?),
        });
    }
    Ok(pages)
}

fn origins(key: &'static str, written: Addresses) -> Result<Vec<String>, ConfigError> {
    let items = match written {
        Addresses::List(items) => items,
        Addresses::Line(line) => line.split([' ', ',']).filter(|item| !item.is_empty()).map(str::to_owned).collect(),
    };
    items.iter().map(|item| origin(key, item)).collect()
}

fn at_least_one(key: &'static str, origins: Vec<String>) -> Result<Vec<String>, ConfigError> {
    if origins.is_empty() {
        return Err(ConfigError::Invalid {
            key,
            detail: "name the site that shows the adapter, such as [\"https://desk.example.com\"]".to_owned(),
        });
    }
    Ok(origins)
}

/// An origin as browsers write it: scheme and host in small letters, the port only where it is not the scheme's own.
fn origin(key: &'static str, text: &str) -> Result<String, ConfigError> {
    let wrong = || ConfigError::Invalid {
        key,
        detail: format!("`{text}` is no origin; write it as https://HOST or https://HOST:PORT, without a path"),
    };
    let uri: Uri = text.trim_end_matches('/').parse().map_err(|_not_an_address| wrong())?;
    let (scheme, port) = web(&uri).ok_or_else(wrong)?;
    let host = uri.host().filter(|host| !host.contains('*')).ok_or_else(wrong)?.to_ascii_lowercase();
    if uri.path() != "/" || uri.query().is_some() {
        return Err(wrong());
    }
    Ok(match uri.port_u16().filter(|chosen| *chosen != port) {
        Some(chosen) => format!("{scheme}://{host}:{chosen}"),
        None => format!("{scheme}://{host}"),
    })
}

fn server(key: &'static str, text: Option<String>) -> Result<String, ConfigError> {
    address(key, text).map(|address| address.trim_end_matches('/').to_owned())
}

/// An address that can stand in a content security policy.
fn address(key: &'static str, text: Option<String>) -> Result<String, ConfigError> {
    let text = text.filter(|text| !text.is_empty()).ok_or_else(|| ConfigError::Invalid {
        key,
        detail: "the adapter does not work without it; write an address such as https://desk.example.com/riposte".to_owned(),
    })?;
    let fits = text.parse::<Uri>().ok().is_some_and(|uri| web(&uri).is_some() && uri.query().is_none());
    // In a policy these end a source or a directive.
    if !fits || text.contains([';', ',', '\'', '"', '#']) {
        return Err(ConfigError::Invalid {
            key,
            detail: format!("`{text}` is no address to take; write it as https://HOST/PATH, without `?`, `#`, `;`, `,` and quotes"),
        });
    }
    Ok(text)
}

/// Scheme and its own port, if the address is a site's without credentials.
fn web(uri: &Uri) -> Option<(&'static str, u16)> {
    if uri.authority()?.as_str().contains('@') {
        return None;
    }
    match uri.scheme_str()? {
        "https" => Some(("https", 443)),
        "http" => Some(("http", 80)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapters(toml: &str) -> Result<Vec<FramedPage>, String> {
        let raw = config::Config::builder().add_source(config::File::from_str(toml, config::FileFormat::Toml)).build().unwrap();
        let adapters: RawAdapters = raw.try_deserialize().map_err(|error| error.to_string())?;
        check(RawWidget::default(), adapters).map_err(|error| error.to_string())
    }

    #[test]
    fn adapters_are_off_until_they_are_switched_on() {
        let pages = adapters("").unwrap();
        assert_eq!(pages.iter().map(|page| page.name).collect::<Vec<_>>(), ["widget"]);
        assert!(pages[0].origins.is_empty());
        let pages = adapters(
            "[chatwoot]\nenabled = true\norigins = [\"HTTPS://Chat.example.com:443/\"]\nserver_url = \"https://desk.example.com/riposte/\"\n",
        )
        .unwrap();
        assert_eq!(pages[1].origins, ["https://chat.example.com"]);
        assert_eq!(pages[1].server_url.as_deref(), Some("https://desk.example.com/riposte"));
    }

    #[test]
    fn an_adapter_without_what_it_needs_is_refused_by_its_key() {
        for (toml, key) in [
            ("[chatwoot]\nenabled = true\nserver_url = \"https://a.example\"", "adapters.chatwoot.origins"),
            ("[chatwoot]\nenabled = true\norigins = \"https://a.example\"", "adapters.chatwoot.server_url"),
            ("[zendesk]\nenabled = true\norigins = \"https://a.example\"", "adapters.zendesk.sdk_url"),
            ("[wecom]\nenabled = true\nsdk_url = \"https://a.example/sdk.js\"", "adapters.wecom.server_url"),
        ] {
            let refused = adapters(toml).unwrap_err();
            assert!(refused.contains(key), "{refused}");
        }
    }

    #[test]
    fn nothing_gets_into_a_policy_but_plain_addresses() {
        for text in [
            "*",
            "https://*.example.com",
            "desk.example.com",
            "https://a.example/path",
            "javascript:alert(1)",
            "https://a@b.example",
            "https://a.example; script-src *",
            "",
        ] {
            assert!(origin("widget.origins", text).is_err(), "{text}");
        }
        for text in [
            "ftp://a.example/x",
            "https://a.example/x;y",
            "https://a.example/x,y",
            "https://a.example/x?y",
            "https://a.example/'x'",
            "a.example/x",
            "https://a.example/x y",
        ] {
            assert!(address("adapters.zendesk.sdk_url", Some(text.to_owned())).is_err(), "{text}");
        }
        assert_eq!(origin("widget.origins", "http://127.0.0.1:9000").unwrap(), "http://127.0.0.1:9000");
        assert_eq!(origin("widget.origins", "http://desk.local:80").unwrap(), "http://desk.local");
        assert_eq!(
            origins("widget.origins", Addresses::Line("https://a.example, https://b.example".into())).unwrap(),
            ["https://a.example", "https://b.example"]
        );
    }
}
