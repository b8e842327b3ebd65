//! Starts that must not succeed, and whether they say why.

use std::path::Path;

use super::{Server, fails, riposte, succeeds};
use crate::support::archive::shop;
use crate::support::encoder_folder;

/// A data folder with a small archive.
fn used_folder(temp: &Path) -> std::path::PathBuf {
    let folder = temp.join("data");
    let archive = temp.join("archive.jsonl");
    fs_err::write(&archive, shop()).unwrap();
    succeeds(riposte(&folder).args(["import", "--desk", "shop"]).arg(&archive));
    folder
}

#[test]
fn another_key_does_not_open_the_folder() {
    let temp = tempfile::tempdir().unwrap();
    let folder = used_folder(temp.path());
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let other = "security.master_key=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let said = fails(riposte(&folder).args(["--set", other]).args(serve));
    assert!(said.contains("key") && !said.contains("AAAA"), "{said}");
    let said = fails(riposte(&folder).args(["--set", "security.master_key=short"]).args(serve));
    assert!(said.contains("key") && !said.contains("short"), "{said}");
    // A lost key file is not replaced by a new one, which would open nothing.
    let kept = fs_err::read(folder.join("master.key")).unwrap();
    fs_err::remove_file(folder.join("master.key")).unwrap();
    let said = fails(riposte(&folder).args(serve));
    assert!(said.contains("key"), "{said}");
    assert!(!folder.join("master.key").exists());
    fs_err::write(folder.join("master.key"), kept).unwrap();
    assert_eq!(Server::start(&folder).stop().code(), Some(0));
}

#[test]
fn a_damaged_encoder_is_told_at_the_start() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("data");
    let model = temp.path().join("model");
    fs_err::create_dir(&model).unwrap();
    for file in ["manifest.json", "config.json", "tokenizer.json", "model.safetensors"] {
        fs_err::copy(encoder_folder().join(file), model.join(file)).unwrap();
    }
    let encoder = format!("encoder.folder={}", model.display());
    let serve = || fails(riposte(&folder).args(["--set", &encoder, "serve", "--listen", "127.0.0.1:0"]));

    let manifest = fs_err::read_to_string(model.join("manifest.json")).unwrap();
    fs_err::write(model.join("manifest.json"), manifest.replace("\"dimension\": 384", "\"dimension\": 256")).unwrap();
    let said = serve();
    assert!(said.contains("dimension") && said.contains("256") && said.contains("384"), "{said}");
    fs_err::write(model.join("manifest.json"), manifest).unwrap();

    let mut weights = fs_err::read(model.join("model.safetensors")).unwrap();
    *weights.last_mut().unwrap() ^= 1;
    fs_err::write(model.join("model.safetensors"), weights).unwrap();
    let said = serve();
    assert!(said.contains("model.safetensors") && said.contains("SHA-256"), "{said}");

    fs_err::remove_file(model.join("tokenizer.json")).unwrap();
    assert!(serve().contains("tokenizer.json"));
    let said = fails(riposte(&folder).args(["--set", "encoder.folder=/nowhere", "serve", "--listen", "127.0.0.1:0"]));
    assert!(said.contains("/nowhere") && said.contains("manifest.json"), "{said}");
}

#[test]
fn mistakes_on_the_command_line_are_explained() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("data");
    for (arguments, hint) in [
        (vec!["--set", "server.lisen=1", "serve"], "lisen"),
        (vec!["--set", "nonsense", "serve"], "key=value"),
        (vec!["serve", "--listen", "everywhere"], "IP:PORT"),
        (vec!["import", "--desk", "shop", "/nowhere.jsonl"], "/nowhere.jsonl"),
        (vec!["suggest", "--desk", "shop", "--context", "/nowhere.txt"], "/nowhere.txt"),
    ] {
        let said = fails(riposte(&folder).args(&arguments));
        assert!(said.starts_with("riposte: ") && said.contains(hint), "{arguments:?}: {said}");
    }
}
