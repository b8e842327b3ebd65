//! The OpenAPI document: a committed copy, so that a change of the contract is seen; and the list of operations for other tests.

use serde_json::Value;

/// One operation of the document.
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: String,
    pub(super) path: String,
    /// Needs no credentials.
    pub(super) public: bool,
}

pub(super) fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(riposte::http::openapi()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "patch", "delete"] {
            let Some(operation) = item.get(method) else { continue };
            operations.push(Operation {
                id: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase(),
                path: path.clone(),
                public: operation["security"].as_array().unwrap().is_empty(),
            });
        }
    }
    operations
}

/// Run with `RIPOSTE_UPDATE_SNAPSHOTS=1` to take over a change that is meant.
#[test]
fn the_contract_changes_only_on_purpose() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/snapshots/openapi.json");
    let document: Value = serde_json::to_value(riposte::http::openapi()).unwrap();
    let present = format!("{}\n", serde_json::to_string_pretty(&document).unwrap());
    if std::env::var_os("RIPOSTE_UPDATE_SNAPSHOTS").is_some() {
        fs_err::write(path, present).unwrap();
        return;
    }
    let committed = fs_err::read_to_string(path).unwrap_or_default();
    let differs = present.lines().zip(committed.lines()).zip(1..).find(|((present, committed), _)| present != committed);
    let place = differs.map(|((present, committed), line)| format!("line {line}: `{}` is now `{}`", committed.trim(), present.trim()));
    assert!(present == committed, "tests/it/snapshots/openapi.json: {}", place.unwrap_or_else(|| "another length".to_owned()));
}
