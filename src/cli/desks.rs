//! `riposte desks`: which there are, and their settings.

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::backend::{Backend, known_desk};
use super::{desk, print};
use crate::config::Config;
use crate::domain::{DeskId, DeskSettings, Pool};

#[derive(Debug, Subcommand)]
pub(super) enum DesksCommand {
    /// Lists desks with the settings that differ from the product's
    List,
    /// Changes a desk's settings, from the next suggestion on; what is not named stays
    Set(Box<SetArgs>),
}

/// Every setting takes a value, or `default`.
#[derive(Debug, Args)]
pub(super) struct SetArgs {
    /// The desk
    #[arg(long, value_parser = desk)]
    desk: DeskId,
    /// Score below which a suggestion is not shown, 0 to 1
    #[arg(long, value_name = "SCORE|default", value_parser = number)]
    threshold: Option<Value>,
    /// How often what is shown should be right, 0 to below 1; the threshold follows from it where none is set
    #[arg(long, value_name = "SHARE|default", value_parser = number)]
    precision: Option<Value>,
    /// Replies where the request names no number, 1 to 20
    #[arg(long, value_name = "COUNT|default", value_parser = count)]
    limit: Option<Value>,
    /// Pools used where the request names none: archive, knowledge, or both with a comma between
    #[arg(long, value_name = "POOLS|default", value_parser = pools)]
    pools: Option<Value>,
    /// Whether an answer in another language than the customer's may be suggested
    #[arg(long, value_name = "on|off|default", value_parser = switch)]
    cross_language: Option<Value>,
    /// Distinct customers a cluster needs before it is listed, 1 or more
    #[arg(long, value_name = "COUNT|default", value_parser = count)]
    min_cluster_customers: Option<Value>,
}

impl SetArgs {
    /// The change as the API takes it: what is not named is absent, `null` goes back to the default.
    fn patch(&self) -> Map<String, Value> {
        let named = [
            ("threshold", &self.threshold),
            ("precision", &self.precision),
            ("limit", &self.limit),
            ("pools", &self.pools),
            ("cross_language", &self.cross_language),
            ("min_cluster_customers", &self.min_cluster_customers),
        ];
        named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?))).collect()
    }
}

/// Reads a setting's value; `default` is null.
fn setting<T: Into<Value>>(text: &str, read: impl Fn(&str) -> Option<T>, hint: &str) -> Result<Value, String> {
    if text == "default" {
        return Ok(Value::Null);
    }
    read(text).map(Into::into).ok_or_else(|| format!("write {hint}, or default"))
}

fn number(text: &str) -> Result<Value, String> {
    setting(text, |text| text.parse::<f64>().ok(), "a number")
}

fn count(text: &str) -> Result<Value, String> {
    setting(text, |text| text.parse::<u32>().ok(), "a whole number")
}

fn switch(text: &str) -> Result<Value, String> {
    let read = |text: &str| match text {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    };
    setting(text, read, "on or off")
}

fn pools(text: &str) -> Result<Value, String> {
    let read = |text: &str| text.split(',').map(|code| Some(Pool::from_code(code.trim())?.as_str())).collect::<Option<Vec<_>>>();
    setting(text, read, "archive, knowledge, or both with a comma between")
}

pub(super) async fn run(config: Config, command: DesksCommand) -> anyhow::Result<()> {
    let backend = Backend::open(config).await?;
    let done = match command {
        DesksCommand::List => list(&backend).await,
        DesksCommand::Set(args) => set(&backend, &args).await,
    };
    backend.close().await?;
    done
}

async fn list(backend: &Backend) -> anyhow::Result<()> {
    match backend {
        Backend::Direct(app) => {
            for desk in app.store.desks().await? {
                print(&format!("{}\t{}", desk.id, text(&desk.settings)?));
            }
        }
        Backend::Server(remote) => {
            for desk in remote.items("/v1/desks")? {
                let settings = serde_json::from_value(desk["settings"].clone())?;
                print(&format!("{}\t{}", desk["id"].as_str().unwrap_or_default(), text(&settings)?));
            }
        }
    }
    Ok(())
}

async fn set(backend: &Backend, args: &SetArgs) -> anyhow::Result<()> {
    let patch = args.patch();
    if patch.is_empty() {
        bail!("name at least one setting to change, such as --threshold 0.4; `riposte desks set --help` lists them");
    }
    let desk = &args.desk;
    let settings: DeskSettings = match backend {
        Backend::Direct(app) => {
            let settings = patched(&known_desk(app, desk).await?.settings, patch)?;
            app.store.set_desk_settings(desk, &settings).await?;
            settings
        }
        Backend::Server(remote) => remote.patch(&format!("/v1/desks/{}/settings", desk.path_segment()), &Value::Object(patch))?,
    };
    print(&format!("{desk}\t{}", text(&settings)?));
    Ok(())
}

/// Settings after a change.
fn patched(settings: &DeskSettings, patch: Map<String, Value>) -> anyhow::Result<DeskSettings> {
    let mut fields = fields(settings)?;
    for (name, value) in patch {
        // A field that is absent has its default.
        fields.remove(&name);
        if !value.is_null() {
            fields.insert(name, value);
        }
    }
    let settings: DeskSettings = serde_json::from_value(Value::Object(fields))?;
    settings.check()?;
    Ok(settings)
}

fn fields(settings: &DeskSettings) -> anyhow::Result<Map<String, Value>> {
    match serde_json::to_value(settings)? {
        Value::Object(fields) => Ok(fields),
        other => bail!("settings are no object: {other}"),
    }
}

/// The settings that are not the product's, in one line.
fn text(settings: &DeskSettings) -> anyhow::Result<String> {
    let usual = fields(&DeskSettings::default()).context("the defaults")?;
    let mut own = fields(settings)?;
    own.retain(|name, value| usual.get(name) != Some(&*value));
    Ok(if own.is_empty() { "all settings as the product has them".to_owned() } else { Value::Object(own).to_string() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(values: &[(&str, Value)]) -> Map<String, Value> {
        values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    #[test]
    fn values_are_read_or_refused_with_a_hint() {
        assert_eq!(number("0.35"), Ok(json!(0.35)));
        assert_eq!(count("5"), Ok(json!(5)));
        assert_eq!(switch("on"), Ok(json!(true)));
        assert_eq!(pools("knowledge, archive"), Ok(json!(["knowledge", "archive"])));
        for read in [number, count, switch, pools] {
            assert_eq!(read("default"), Ok(Value::Null));
            assert!(read("surely").unwrap_err().contains("or default"));
        }
    }

    #[test]
    fn a_change_leaves_the_rest_as_it_is() {
        let before = DeskSettings { threshold: Some(0.3), limit: Some(5), cross_language: true, ..DeskSettings::default() };
        let after = patched(&before, change(&[("limit", json!(7)), ("threshold", Value::Null), ("pools", json!(["archive"]))])).unwrap();
        let expected = DeskSettings { threshold: None, limit: Some(7), pools: vec![Pool::Archive], ..before.clone() };
        assert_eq!(after, expected);
        let back = patched(&after, change(&[("pools", Value::Null), ("cross_language", Value::Null)])).unwrap();
        assert_eq!(back, DeskSettings { limit: Some(7), ..DeskSettings::default() });
        let refused = patched(&before, change(&[("limit", json!(21))])).unwrap_err();
        assert!(refused.to_string().contains("limit"), "{refused}");
    }

    #[test]
    fn a_line_tells_what_is_not_as_usual() {
        assert!(text(&DeskSettings::default()).unwrap().contains("as the product"));
        let own = DeskSettings { limit: Some(5), ..DeskSettings::default() };
        assert_eq!(text(&own).unwrap(), r#"{"limit":5}"#);
    }
}
