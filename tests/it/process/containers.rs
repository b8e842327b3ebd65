//! The files of `docker/` against the program: what they set is known to it, they agree with each other, and their start-up works.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::Value;

use crate::support::encoder_folder;

fn text(path: &str) -> String {
    fs_err::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docker").join(path)).unwrap()
}

/// The documents of a YAML file.
fn documents(path: &str) -> Vec<Value> {
    yaml_serde::Deserializer::from_str(&text(path)).map(|document| Value::deserialize(document).unwrap()).collect()
}

/// What follows an instruction of the Dockerfile's last stage.
fn instruction(name: &str) -> String {
    let file = text("Dockerfile");
    let last = file.rsplit_once("\nFROM ").unwrap().1;
    let found = last.lines().rev().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("no {name}")).to_owned()
}

fn list(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap()
}

/// The stateful set's container.
fn container() -> Value {
    let set = documents("kubernetes/riposte.yaml").into_iter().find(|document| document["kind"] == "StatefulSet").unwrap();
    set["spec"]["template"]["spec"].clone()
}

/// What the files set in the environment, by file.
fn environments() -> BTreeMap<&'static str, BTreeMap<String, String>> {
    let string = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{value} is no text: quote it")).to_owned();
    let compose = documents("compose.yaml").remove(0);
    let of_compose = compose["services"]["riposte"]["environment"].as_object().unwrap();
    let of_container = container()["containers"][0]["env"].clone();
    BTreeMap::from([
        ("compose.yaml", of_compose.iter().map(|(name, value)| (name.clone(), string(value))).collect()),
        (
            "kubernetes/riposte.yaml",
            of_container.as_array().unwrap().iter().map(|entry| (string(&entry["name"]), string(&entry["value"]))).collect(),
        ),
    ])
}

#[test]
fn the_files_agree() {
    let compose = documents("compose.yaml").remove(0);
    let service = &compose["services"]["riposte"];
    let pod = container();
    let inner = &pod["containers"][0];

    let version = format!("riposte:{}", env!("CARGO_PKG_VERSION"));
    assert_eq!((&service["image"], &inner["image"]), (&Value::from(version.clone()), &Value::from(version)));
    let user = instruction("USER");
    assert_eq!(service["user"], user.as_str());
    let security = &pod["securityContext"];
    assert_eq!(format!("{}:{}", security["runAsUser"], security["runAsGroup"]), user);
    assert!(!user.starts_with('0') && user.bytes().all(|byte| byte.is_ascii_digit() || byte == b':'), "{user} is not numeric");
    assert_eq!((&service["read_only"], &inner["securityContext"]["readOnlyRootFilesystem"]), (&Value::from(true), &Value::from(true)));

    let port = instruction("EXPOSE");
    assert!(service["ports"][0].as_str().unwrap().ends_with(&format!(":{port}")));
    assert_eq!(inner["ports"][0]["containerPort"].to_string(), port);
    let volume = instruction("VOLUME");
    assert_eq!(instruction("ENV"), format!("RIPOSTE__DATA_DIR={volume}"));
    assert_eq!(service["volumes"][0].as_str().unwrap().split_once(':').unwrap().1, volume);
    let mounts: Vec<&str> = inner["volumeMounts"].as_array().unwrap().iter().filter_map(|mount| mount["mountPath"].as_str()).collect();
    assert!(mounts.contains(&volume.as_str()) && mounts.contains(&"/tmp"), "{mounts:?}");
    let key = PathBuf::from(&environments()["kubernetes/riposte.yaml"]["RIPOSTE__SECURITY__MASTER_KEY_FILE"]);
    assert!(mounts.iter().any(|mount| key.parent() == Some(Path::new(mount))), "{key:?} lies in no volume");
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        assert!(["/livez", "/readyz"].contains(&inner[probe]["httpGet"]["path"].as_str().unwrap()), "{probe}");
    }
}

#[test]
fn prometheus_asks_where_the_program_answers() {
    let scraped = documents("prometheus/prometheus.yaml").remove(0)["scrape_configs"][0]["static_configs"][0]["targets"][0].clone();
    let port = scraped.as_str().unwrap().rsplit_once(':').unwrap().1.to_owned();
    for (file, environment) in environments() {
        assert!(environment["RIPOSTE__METRICS__LISTEN"].ends_with(&format!(":{port}")), "{file}");
    }
    let published = documents("compose.yaml").remove(0)["services"]["riposte"]["ports"][1].clone();
    assert_eq!(published, format!("127.0.0.1:{port}:{port}"), "published to this machine only");
    let inner = container()["containers"][0].clone();
    assert_eq!((&inner["ports"][1]["name"], inner["ports"][1]["containerPort"].to_string()), (&Value::from("metrics"), port));
    let policy = documents("kubernetes/riposte.yaml").into_iter().find(|document| document["kind"] == "NetworkPolicy").unwrap();
    for rule in policy["spec"]["ingress"].as_array().unwrap() {
        let opens_metrics = rule["ports"].as_array().unwrap().iter().any(|port| port["port"] == "metrics");
        assert_eq!(opens_metrics, rule["from"].is_array(), "metrics are for Prometheus alone");
    }
}

#[test]
fn the_store_on_postgresql_is_the_one_that_is_started() {
    let compose = documents("compose.postgres.yaml").remove(0);
    let (program, server) = (&compose["services"]["riposte"], &compose["services"]["postgres"]);
    let secret = |path: &Value| path.as_str().unwrap().strip_prefix("/run/secrets/").unwrap().to_owned();
    for (path, service) in
        [(&program["environment"]["RIPOSTE__STORE__URL_FILE"], program), (&server["environment"]["POSTGRES_PASSWORD_FILE"], server)]
    {
        assert!(service["secrets"].as_array().unwrap().contains(&Value::from(secret(path))));
        assert!(compose["secrets"][secret(path)].is_object());
    }
    // The address in the file's head names the server, its user and its database.
    let address = format!("@postgres/{}", server["environment"]["POSTGRES_DB"].as_str().unwrap());
    let user = format!("postgres://{}:", server["environment"]["POSTGRES_USER"].as_str().unwrap());
    assert!(text("compose.postgres.yaml").lines().any(|line| line.starts_with('#') && line.contains(&user) && line.contains(&address)));

    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("riposte-store");
    fs_err::write(&file, "postgres://riposte:hidden@postgres/riposte\n").unwrap();
    let shown = super::succeeds(super::riposte(temp.path()).env("RIPOSTE__STORE__URL_FILE", &file).args(["config", "show"]));
    assert!(shown.contains("PostgreSQL") && !shown.contains("hidden"), "{shown}");
}

#[test]
fn the_index_on_qdrant_is_the_one_that_is_started() {
    let compose = documents("compose.qdrant.yaml").remove(0);
    let (program, services) = (&compose["services"]["riposte"], compose["services"].as_object().unwrap());
    let url = program["environment"]["RIPOSTE__INDEX__URL"].as_str().unwrap();
    let host = url.strip_prefix("http://").and_then(|rest| rest.strip_suffix(":6334")).unwrap();
    let shared = |name: &str| services[name]["networks"].as_array().unwrap().contains(&Value::from("index"));
    assert!(shared(host) && shared("riposte"));
    let file = program["environment"]["RIPOSTE__INDEX__API_KEY_FILE"].as_str().unwrap();
    let secret = file.strip_prefix("/run/secrets/").unwrap();
    assert!(program["secrets"].as_array().unwrap().contains(&Value::from(secret)) && compose["secrets"][secret].is_object());
    // The head of the file makes both: the key, and the environment with the same key.
    let text = text("compose.qdrant.yaml");
    for made in [compose["secrets"][secret]["file"].as_str().unwrap(), services[host]["env_file"].as_str().unwrap()] {
        let made = made.replacen("./", "> docker/", 1);
        assert!(text.lines().any(|line| line.starts_with('#') && line.ends_with(&made)), "{made}");
    }

    let temp = tempfile::tempdir().unwrap();
    let key = temp.path().join("key");
    fs_err::write(&key, "hidden\n").unwrap();
    let mut command = super::riposte(temp.path());
    command.env("RIPOSTE__INDEX__URL", url).env("RIPOSTE__INDEX__API_KEY_FILE", &key).args(["config", "show"]);
    let shown = super::succeeds(&mut command);
    assert!(shown.contains(url) && !shown.contains("hidden"), "{shown}");
}

#[test]
fn the_start_up_works_with_what_the_files_set() {
    let program = env!("CARGO_BIN_EXE_riposte");
    let entry = list(&instruction("ENTRYPOINT"));
    assert_eq!(entry, ["riposte"]);
    let health = instruction("HEALTHCHECK");
    let health = list(health.split_once("CMD ").unwrap().1);
    for (file, environment) in environments() {
        let temp = tempfile::tempdir().unwrap();
        let data = temp.path().join("data");
        let key = temp.path().join("master.key");
        fs_err::write(&key, "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=").unwrap();
        let command = |arguments: &[String]| {
            let mut command = Command::new(program);
            command.env_clear().envs(&environment).env("RIPOSTE__DATA_DIR", &data).stdin(Stdio::null());
            command.env("RIPOSTE__ENCODER__FOLDER", encoder_folder());
            if environment.contains_key("RIPOSTE__SECURITY__MASTER_KEY_FILE") {
                command.env("RIPOSTE__SECURITY__MASTER_KEY_FILE", &key);
            }
            if environment.contains_key("RIPOSTE__METRICS__LISTEN") {
                command.env("RIPOSTE__METRICS__LISTEN", "127.0.0.1:0");
            }
            command.args(arguments);
            command
        };
        // As in the image, but for the address: the tests share this machine.
        let arguments: Vec<String> =
            list(&instruction("CMD")).into_iter().map(|word| if word.contains(':') { "127.0.0.1:0".to_owned() } else { word }).collect();
        let mut server = command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let ready = (0..300).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(200));
            command(&health[1..]).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
        });
        let _ = Command::new("kill").arg("-TERM").arg(server.id().to_string()).status();
        let ended = server.wait().unwrap();
        assert!(ready, "{file}: not ready");
        assert_eq!(ended.code(), Some(0), "{file}");
    }
}
