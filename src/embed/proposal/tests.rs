//! Folders as they are published, made of the tiny encoders in `tests/cases/encoders`.

use serde_json::json;
use tempfile::TempDir;

use super::*;

/// A copy of a tiny encoder.
fn copy(name: &str) -> TempDir {
    fn copy_into(from: &Path, to: &Path) {
        for item in fs_err::read_dir(from).unwrap() {
            let item = item.unwrap().path();
            let target = to.join(item.file_name().unwrap());
            if item.is_dir() {
                fs_err::create_dir(&target).unwrap();
                copy_into(&item, &target);
            } else {
                fs_err::copy(&item, &target).unwrap();
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    copy_into(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/encoders").join(name), folder.path());
    folder
}

fn put(folder: &TempDir, file: &str, content: &Value) {
    fs_err::write(folder.path().join(file), serde_json::to_vec(content).unwrap()).unwrap();
}

fn change(folder: &TempDir, file: &str, key: &str, value: Value) {
    let mut content: Value = serde_json::from_slice(&fs_err::read(folder.path().join(file)).unwrap()).unwrap();
    content[key] = value;
    put(folder, file, &content);
}

fn with_pooling(pooling: Pooling) -> Wishes {
    Wishes { pooling: Some(pooling), ..Wishes::default() }
}

fn refusal(folder: &TempDir) -> ProposalError {
    propose(folder.path(), &Wishes::default()).unwrap_err()
}

#[test]
fn a_sentence_transformers_folder_says_everything() {
    let folder = copy("bert-wordpiece");
    fs_err::write(folder.path().join("README.md"), "---\nlanguage: zh\nlicense: mit\n---\nlicense: other\n").unwrap();
    let manifest = propose(folder.path(), &Wishes::default()).unwrap().manifest;
    assert_eq!((manifest.architecture, manifest.pooling, manifest.normalise), (Architecture::Bert, Pooling::Cls, true));
    assert_eq!((manifest.max_tokens, manifest.dimension), (24, 16));
    assert_eq!((manifest.query_prefix.as_str(), manifest.passage_prefix.as_str()), ("query: ", "passage: "));
    assert_eq!(manifest.licence, "mit");
    assert_eq!(manifest.name, folder.path().file_name().unwrap().to_str().unwrap());
    write(folder.path(), &manifest).unwrap();
    assert_eq!(Manifest::read(folder.path()).unwrap(), manifest);
    for file in [&manifest.files.weights, &manifest.files.tokenizer, &manifest.files.config] {
        Manifest::read_file(folder.path(), file).unwrap();
    }
}

#[test]
fn a_plain_folder_needs_the_pooling() {
    let folder = copy("xlmr-unigram");
    assert!(matches!(refusal(&folder), ProposalError::NoPooling));
    let manifest = propose(folder.path(), &with_pooling(Pooling::Mean)).unwrap().manifest;
    assert_eq!((manifest.architecture, manifest.pooling), (Architecture::XlmRoberta, Pooling::Mean));
    assert_eq!(manifest.max_tokens, 32, "34 positions, two of them before the first token");
    assert_eq!((manifest.query_prefix.as_str(), manifest.licence.as_str()), ("", "unknown"));
}

#[test]
fn what_the_user_says_counts_more() {
    let folder = copy("bert-wordpiece");
    let wishes = Wishes {
        name: Some("tiny".to_owned()),
        pooling: Some(Pooling::Mean),
        max_tokens: Some(12),
        query_prefix: Some(String::new()),
        passage_prefix: Some("p ".to_owned()),
        fold_to_simplified: true,
        licence: Some("Apache-2.0".to_owned()),
        weights: Some("model.int8.safetensors".to_owned()),
    };
    let manifest = propose(folder.path(), &wishes).unwrap().manifest;
    assert_eq!((manifest.name.as_str(), manifest.pooling, manifest.max_tokens), ("tiny", Pooling::Mean, 12));
    assert_eq!((manifest.query_prefix.as_str(), manifest.passage_prefix.as_str()), ("", "p "));
    assert_eq!((manifest.fold_to_simplified, manifest.files.weights.path.as_str()), (true, "model.int8.safetensors"));
}

#[test]
fn texts_are_cut_at_the_lowest_of_the_limits_and_at_512_unless_asked() {
    let folder = copy("xlmr-unigram");
    let limit = |wishes: &Wishes| propose(folder.path(), wishes).unwrap().manifest.max_tokens;
    let mean = with_pooling(Pooling::Mean);
    change(&folder, "config.json", "max_position_embeddings", json!(8194));
    put(&folder, "tokenizer_config.json", &json!({"model_max_length": 1e30}));
    assert_eq!(limit(&mean), 512);
    assert_eq!(limit(&Wishes { max_tokens: Some(2048), ..mean.clone() }), 2048);
    put(&folder, "tokenizer_config.json", &json!({"model_max_length": 200}));
    put(&folder, "sentence_bert_config.json", &json!({"max_seq_length": null}));
    assert_eq!(limit(&mean), 200);
    put(&folder, "sentence_bert_config.json", &json!({"max_seq_length": 128}));
    assert_eq!(limit(&mean), 128);
}

#[test]
fn both_forms_of_the_pooling_file_are_read() {
    let folder = copy("bert-wordpiece");
    put(&folder, "1_Pooling/config.json", &json!({"pooling_mode": "mean", "include_prompt": true}));
    assert_eq!(propose(folder.path(), &Wishes::default()).unwrap().manifest.pooling, Pooling::Mean);
    put(&folder, "1_Pooling/config.json", &json!({"pooling_mode_mean_tokens": true, "include_prompt": false}));
    assert!(matches!(refusal(&folder), ProposalError::PromptLeftOut { .. }));
    put(&folder, "config_sentence_transformers.json", &json!({"prompts": {"query": "", "document": ""}}));
    assert_eq!(propose(folder.path(), &Wishes::default()).unwrap().manifest.pooling, Pooling::Mean);
    put(&folder, "1_Pooling/config.json", &json!({"pooling_mode_lasttoken": true, "pooling_mode_mean_tokens": false}));
    assert_eq!(propose(folder.path(), &Wishes::default()).unwrap().manifest.pooling, Pooling::LastToken);
    for other in
        [json!({"pooling_mode": "weightedmean"}), json!({"pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": true}), json!({})]
    {
        put(&folder, "1_Pooling/config.json", &other);
        assert!(matches!(refusal(&folder), ProposalError::Pooling { .. }), "{other}");
    }
}

#[test]
fn layers_and_families_that_are_not_run_are_refused_by_name() {
    let folder = copy("bert-wordpiece");
    let module = |path: &str, class: &str| json!({"idx": 0, "name": "0", "path": path, "type": class});
    let transformer = module("", "sentence_transformers.base.modules.transformer.Transformer");
    put(&folder, "modules.json", &json!([transformer, module("2_Dense", "sentence_transformers.base.modules.dense.Dense")]));
    assert!(matches!(refusal(&folder), ProposalError::Module { kind } if kind == "Dense"));
    put(&folder, "modules.json", &json!([module("0_BERT", "sentence_transformers.models.Transformer")]));
    assert!(matches!(refusal(&folder), ProposalError::Nested { path } if path.ends_with("0_BERT")));
    change(&folder, "config.json", "model_type", json!("distilbert"));
    let refused = refusal(&folder);
    assert!(matches!(&refused, ProposalError::Family { found } if found == "distilbert") && refused.to_string().contains("docs/models.md"));
}

#[test]
fn weights_in_other_forms_come_with_the_command_that_converts_them() {
    let folder = copy("bert-wordpiece");
    for file in ["model.safetensors", "model.int8.safetensors"] {
        fs_err::remove_file(folder.path().join(file)).unwrap();
    }
    assert!(matches!(refusal(&folder), ProposalError::Weights { found: 0, .. }));
    for file in ["pytorch_model.bin", "pytorch_model.bin.index.json", "model.safetensors.index.json"] {
        fs_err::write(folder.path().join(file), "x").unwrap();
        let text = refusal(&folder).to_string();
        assert!(text.contains(file) && text.contains("save_pretrained"), "{text}");
    }
    let folder = copy("bert-wordpiece");
    fs_err::remove_file(folder.path().join("model.safetensors")).unwrap();
    assert_eq!(propose(folder.path(), &Wishes::default()).unwrap().manifest.files.weights.path, "model.int8.safetensors");
    fs_err::remove_file(folder.path().join("tokenizer.json")).unwrap();
    assert!(refusal(&folder).to_string().contains("AutoTokenizer"));
}
