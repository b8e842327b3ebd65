//! `riposte user` and `riposte key`.

use std::collections::BTreeSet;
use std::io::Read;

use anyhow::Context;
use clap::Subcommand;
use serde_json::{Value, json};

use super::backend::Backend;
use super::remote::encoded;
use super::{desk, print};
use crate::app::local_principal;
use crate::config::Config;
use crate::domain::{AccessRole, ApiKeyId, DeskId, DeskScope};

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Adds an account and prints its password once
    Add {
        /// Name to sign in with
        name: String,
        /// agent, supervisor, kb_editor, auditor or admin
        #[arg(long, value_parser = role)]
        role: AccessRole,
        /// Desk the account may touch; repeat for several [default: every desk]
        #[arg(long = "desk", value_parser = desk)]
        desks: Vec<DeskId>,
        /// Read the password from standard input instead of making one
        #[arg(long)]
        password_stdin: bool,
    },
    /// Lists accounts
    List,
    /// Sets another password and prints it once; the account's sessions end
    Password {
        /// Name of the account
        name: String,
        /// Read the password from standard input instead of making one
        #[arg(long)]
        password_stdin: bool,
    },
    /// Removes an account; what the person decided keeps their name
    Remove {
        /// Name of the account
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    /// Adds an API key and prints it once
    Add {
        /// What it is for
        name: String,
        /// agent, supervisor, kb_editor, auditor or admin
        #[arg(long, value_parser = role, default_value = "agent")]
        role: AccessRole,
        /// Desk the key may touch; repeat for several [default: every desk]
        #[arg(long = "desk", value_parser = desk)]
        desks: Vec<DeskId>,
    },
    /// Lists keys
    List,
    /// Withdraws a key
    Revoke {
        /// Id of the key, as listed
        id: ApiKeyId,
    },
}

fn role(text: &str) -> Result<AccessRole, String> {
    AccessRole::from_code(text).ok_or_else(|| format!("write one of {}", AccessRole::ALL.map(AccessRole::as_str).join(", ")))
}

fn scope(desks: Vec<DeskId>) -> DeskScope {
    if desks.is_empty() { DeskScope::All } else { DeskScope::Only(desks.into_iter().collect::<BTreeSet<_>>()) }
}

fn desks_text(scope: &DeskScope) -> String {
    match scope {
        DeskScope::All => "all desks".to_owned(),
        DeskScope::Only(desks) => desks.iter().map(DeskId::as_str).collect::<Vec<_>>().join(", "),
    }
}

/// The wire form of a scope.
fn desks_body(scope: &DeskScope) -> Value {
    match scope {
        DeskScope::All => json!("all"),
        DeskScope::Only(desks) => json!(desks),
    }
}

pub(super) async fn run_user(config: Config, command: UserCommand) -> anyhow::Result<()> {
    let backend = Backend::open(config).await?;
    match (command, &backend) {
        (UserCommand::Add { name, role, desks, password_stdin }, backend) => {
            let given = password_stdin.then(read_password).transpose()?;
            let scope = scope(desks);
            let generated = match backend {
                Backend::Direct(app) => app.auth.add_account(&name, given, role, scope.clone()).await?.1,
                Backend::Server(remote) => {
                    let body = json!({ "name": name, "role": role, "desks": desks_body(&scope), "password": given });
                    let answer: Value = remote.post("/v1/accounts", &body)?;
                    answer["generated_password"].as_str().map(str::to_owned)
                }
            };
            print(&format!("account {name} ({}, {}) added", role.as_str(), desks_text(&scope)));
            print_generated(generated);
        }
        (UserCommand::Password { name, password_stdin }, backend) => {
            let given = password_stdin.then(read_password).transpose()?;
            let generated = match backend {
                Backend::Direct(app) => app.auth.reset_password(&name, given).await?,
                Backend::Server(remote) => {
                    let answer: Value = remote.put(&format!("/v1/accounts/{}/password", encoded(&name)), &json!({ "password": given }))?;
                    answer["generated_password"].as_str().map(str::to_owned)
                }
            };
            print(&format!("account {name} has another password"));
            print_generated(generated);
        }
        (UserCommand::Remove { name }, backend) => {
            match backend {
                Backend::Direct(app) => app.auth.remove_account(&local_principal(), &name).await?,
                Backend::Server(remote) => remote.delete(&format!("/v1/accounts/{}", encoded(&name)))?,
            }
            print(&format!("account {name} removed"));
        }
        (UserCommand::List, Backend::Direct(app)) => {
            for account in app.auth.accounts().await? {
                print(&format!("{}\t{}\t{}", account.name, account.role.as_str(), desks_text(&account.desks)));
            }
        }
        (UserCommand::List, Backend::Server(remote)) => list(remote, "/v1/accounts", &["name", "role", "desks"])?,
    }
    backend.close().await
}

pub(super) async fn run_key(config: Config, command: KeyCommand) -> anyhow::Result<()> {
    let backend = Backend::open(config).await?;
    match (command, &backend) {
        (KeyCommand::Add { name, role, desks }, backend) => {
            let scope = scope(desks);
            let (id, secret) = match backend {
                Backend::Direct(app) => {
                    let (key, secret) = app.auth.add_api_key(&name, role, scope.clone()).await?;
                    (key.id.to_string(), secret)
                }
                Backend::Server(remote) => {
                    let answer: Value = remote.post("/v1/api-keys", &json!({ "name": name, "role": role, "desks": desks_body(&scope) }))?;
                    let text =
                        |key: &str| answer[key].as_str().map(str::to_owned).with_context(|| format!("the server's answer has no `{key}`"));
                    (text("id")?, text("key")?)
                }
            };
            print(&format!("key {name} ({}, {}) added, id {id}", role.as_str(), desks_text(&scope)));
            print(&format!("key: {secret}"));
            print("it is shown this once and kept only as a hash");
        }
        (KeyCommand::List, Backend::Direct(app)) => {
            for key in app.auth.api_keys().await? {
                let state = if key.revoked_at.is_some() { "withdrawn" } else { "valid" };
                print(&format!("{}\t{}\t{}\t{}\t{state}", key.id, key.name, key.role.as_str(), desks_text(&key.desks)));
            }
        }
        (KeyCommand::List, Backend::Server(remote)) => list(remote, "/v1/api-keys", &["id", "name", "role", "desks", "revoked_at"])?,
        (KeyCommand::Revoke { id }, Backend::Direct(app)) => {
            app.auth.revoke_api_key(id).await?;
            print("withdrawn");
        }
        (KeyCommand::Revoke { id }, Backend::Server(remote)) => {
            remote.delete(&format!("/v1/api-keys/{id}"))?;
            print("withdrawn");
        }
    }
    backend.close().await
}

fn list(remote: &super::remote::Remote, path: &str, fields: &[&str]) -> anyhow::Result<()> {
    for item in remote.items(path)? {
        let row: Vec<String> =
            fields.iter().map(|field| item[*field].as_str().map_or_else(|| item[*field].to_string(), str::to_owned)).collect();
        print(&row.join("\t"));
    }
    Ok(())
}

fn print_generated(password: Option<String>) {
    if let Some(password) = password {
        print(&format!("password: {password}"));
        print("it is shown this once and kept only as a hash");
    }
}

fn read_password() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("standard input can't be read")?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
