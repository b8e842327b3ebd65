//! The shipped model against its reference vectors, and folders that must be refused.

use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

#[derive(Deserialize)]
struct Reference {
    text: String,
    ids: Vec<u32>,
    vector: Vec<f32>,
}

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/riposte-zh-en")
}

fn references() -> Vec<Reference> {
    let lines = fs_err::read_to_string(shipped().join("reference.jsonl")).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// One load for the tests that run in this process.
fn model() -> MutexGuard<'static, CandleModel> {
    static MODEL: LazyLock<Mutex<CandleModel>> = LazyLock::new(|| Mutex::new(CandleModel::load(&shipped()).unwrap()));
    MODEL.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ids(model: &CandleModel, text: &str) -> Vec<u32> {
    model.tokenize(text, TextKind::Query).unwrap().0
}

fn cosine(left: &[f32], right: &[f32]) -> f32 {
    let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f32>();
    dot(left, right) / (dot(left, left) * dot(right, right)).sqrt()
}

#[test]
fn reference_texts_have_their_tokens_and_vectors() {
    let mut model = model();
    let references = references();
    assert_eq!(references.len(), 64);
    let (unfolded, folded): (Vec<&Reference>, Vec<&Reference>) =
        references.iter().partition(|reference| matches!(to_simplified(&reference.text), Cow::Borrowed(_)));
    // The vectors were made of the texts as they stand; a text in traditional script is another text once it is folded.
    assert_eq!(folded.len(), 0, "reference texts in traditional script");

    let mut worst = 0.0_f32;
    for reference in unfolded {
        let ids = ids(&model, &reference.text);
        assert_eq!(ids, reference.ids, "{}", reference.text);
        let vector = model.forward(&[ids]).unwrap().remove(0);
        worst = vector.iter().zip(&reference.vector).map(|(x, y)| (x - y).abs()).fold(worst, f32::max);
    }
    assert!(worst <= 1e-5, "largest difference {worst}");
}

#[test]
fn a_text_has_the_same_vector_alone_and_in_any_batch() {
    let mut model = model();
    let rows: Vec<Vec<u32>> = references().into_iter().map(|reference| reference.ids).collect();
    let alone: Vec<Vec<f32>> = rows.iter().map(|row| model.forward(std::slice::from_ref(row)).unwrap().remove(0)).collect();
    for size in [2, 7, rows.len()] {
        for (batch, expected) in rows.chunks(size).zip(alone.chunks(size)) {
            for (vector, expected) in model.forward(batch).unwrap().iter().zip(expected) {
                assert_eq!(vector, expected, "not the same to the last bit");
            }
        }
    }
}

#[test]
fn every_instruction_set_gives_the_same_vectors() {
    let (mut model, folder) = (CandleModel::load(&shipped()).unwrap(), shipped());
    let rows: Vec<Vec<u32>> = references().into_iter().take(12).map(|reference| reference.ids).collect();
    let expected = model.forward(&rows).unwrap();
    let config = EncoderConfig::parse(&fs_err::read(folder.join("config.json")).unwrap(), model.manifest()).unwrap();
    let bytes = fs_err::read(folder.join("model.safetensors")).unwrap();
    let weights = Weights::parse(&bytes, config.token_table()).unwrap();
    for kernels in kernel::Kernels::all() {
        model.network = Network::with_kernels(kernels, &weights, &config).unwrap();
        let found = model.forward(&rows).unwrap();
        let worst = found.iter().flatten().zip(expected.iter().flatten()).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
        assert!(worst <= 2e-6, "{}: {worst}", kernels.name);
    }
}

#[test]
fn vectors_have_length_one_even_without_text() {
    let mut model = model();
    let empty = ids(&model, "");
    assert_eq!(empty.len(), 2);
    assert_eq!(ids(&model, " \n\u{3000}"), empty);
    let batch = [empty, ids(&model, "什么时候发货"), ids(&model, "\u{200b}")];
    for vector in model.forward(&batch).unwrap() {
        assert_eq!(vector.len(), 384);
        assert!((vector.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-5);
    }
    assert!(model.forward(&[]).unwrap().is_empty());
}

#[test]
fn traditional_script_is_the_same_text() {
    let model = model();
    assert_eq!(ids(&model, "請問這個訂單什麼時候發貨"), ids(&model, "请问这个订单什么时候发货"));
}

#[test]
fn long_texts_are_cut_at_the_limit_and_said_so() {
    let model = model();
    let limit = model.info().max_tokens;
    let (exact, truncated) = model.tokenize(&"a ".repeat(limit - 2), TextKind::Query).unwrap();
    assert_eq!((exact.len(), truncated), (limit, false));
    for text in ["a ".repeat(limit - 1), "退款".repeat(200_000), " ".repeat(200_000) + "x"] {
        let (tokens, truncated) = model.tokenize(&text, TextKind::Query).unwrap();
        assert!(truncated && tokens.len() <= limit);
        assert_eq!(tokens.last(), exact.last(), "the closing token stays");
    }
}

#[test]
fn names_of_special_tokens_in_a_text_are_words() {
    let model = model();
    let tokens = ids(&model, "a [SEP] b [PAD]");
    assert!(tokens[1..tokens.len() - 1].iter().all(|&token| token > 3 || token == 1), "{tokens:?}");
}

#[test]
fn rows_that_are_no_texts_are_refused() {
    let mut model = model();
    let limit = model.info().max_tokens;
    for row in [vec![], vec![5; limit + 1], vec![2, 1_000_000, 3]] {
        assert!(matches!(model.forward(&[row]), Err(EmbedError::Model(_))));
    }
}

/// A copy of the shipped folder whose manifest and config were changed; the config's hash is made right again.
fn changed(manifest: impl FnOnce(&mut Value), config: impl FnOnce(&mut Value)) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["tokenizer.json", "model.safetensors"] {
        std::os::unix::fs::symlink(shipped().join(file), folder.path().join(file)).unwrap();
    }
    let read = |file: &str| serde_json::from_slice::<Value>(&fs_err::read(shipped().join(file)).unwrap()).unwrap();
    let (mut manifest_json, mut config_json) = (read("manifest.json"), read("config.json"));
    config(&mut config_json);
    let config_bytes = serde_json::to_vec(&config_json).unwrap();
    fs_err::write(folder.path().join("config.json"), &config_bytes).unwrap();
    manifest_json["files"]["config"]["sha256"] = json!(crate::embed::manifest::sha256_hex(&config_bytes));
    manifest(&mut manifest_json);
    fs_err::write(folder.path().join("manifest.json"), serde_json::to_vec(&manifest_json).unwrap()).unwrap();
    folder
}

fn refusal(manifest: impl FnOnce(&mut Value), config: impl FnOnce(&mut Value)) -> LoadError {
    match CandleModel::load(changed(manifest, config).path()) {
        Ok(_) => panic!("the folder was accepted"),
        Err(error) => error,
    }
}

#[test]
fn folders_that_do_not_fit_together_are_refused() {
    let wrong_hash = refusal(|manifest| manifest["files"]["weights"]["sha256"] = json!("0".repeat(64)), |_| ());
    assert!(matches!(wrong_hash, LoadError::Manifest(ManifestError::HashMismatch { .. })));
    let missing = refusal(|manifest| manifest["files"]["weights"]["path"] = json!("weights.safetensors"), |_| ());
    assert!(matches!(missing, LoadError::Manifest(ManifestError::Unreadable { .. })));
    let dimension = refusal(|manifest| manifest["dimension"] = json!(383), |_| ());
    assert!(matches!(dimension, LoadError::Dimension { manifest: 383, config: 384 }));
    let too_long = refusal(|manifest| manifest["max_tokens"] = json!(513), |_| ());
    assert!(matches!(too_long, LoadError::MaxTokens { manifest: 513, positions: 512 }));
    let family = refusal(|manifest| manifest["architecture"] = json!("xlm_roberta"), |_| ());
    assert!(matches!(family, LoadError::Unsupported { field: "model_type", .. }));
    let activation = refusal(|_| (), |config| config["hidden_act"] = json!("relu"));
    assert!(matches!(activation, LoadError::Unsupported { field: "hidden_act", .. }));
    let vocabulary = refusal(|_| (), |config| config["vocab_size"] = json!(100));
    assert!(matches!(vocabulary, LoadError::Vocabulary { tokenizer: 26143, config: 100 }));
    let shapes = refusal(|_| (), |config| config["intermediate_size"] = json!(1024));
    assert!(matches!(shapes, LoadError::Weights(_)));
}

#[test]
fn positions_of_the_xlm_roberta_family_start_behind_the_padding_token() {
    let as_xlm = |config: &mut Value| {
        config["model_type"] = json!("xlm-roberta");
        config["pad_token_id"] = json!(1);
    };
    let of_family = |manifest: &mut Value| manifest["architecture"] = json!("xlm_roberta");
    let too_long = refusal(|manifest| (of_family(manifest), manifest["max_tokens"] = json!(511)).1, as_xlm);
    assert!(matches!(too_long, LoadError::MaxTokens { manifest: 511, positions: 510 }));

    // The same weights with positions moved by two: another vector, but a vector.
    let mut moved = CandleModel::load(changed(of_family, as_xlm).path()).unwrap();
    let row = vec![2, 22396, 16029, 15760, 3];
    let there = moved.forward(std::slice::from_ref(&row)).unwrap().remove(0);
    let here = model().forward(&[row]).unwrap().remove(0);
    let likeness = cosine(&there, &here);
    assert!(likeness > 0.5 && likeness < 0.9999, "{likeness}");
}

#[test]
fn prefixes_and_pooling_follow_the_manifest() {
    let folder = changed(
        |manifest| {
            manifest["query_prefix"] = json!("query: ");
            manifest["pooling"] = json!("cls");
            manifest["normalise"] = json!(false);
        },
        |_| (),
    );
    let mut other = CandleModel::load(folder.path()).unwrap();
    let plain = model();
    assert_eq!(ids(&other, "refund"), ids(&plain, "query: refund"));
    assert_eq!(other.tokenize("refund", TextKind::Passage).unwrap().0, ids(&plain, "refund"));
    let vector = other.forward(&[ids(&plain, "refund")]).unwrap().remove(0);
    assert!((vector.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() > 0.01, "a raw hidden state");
}
