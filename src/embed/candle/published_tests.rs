//! Tiny encoders as they are published, against PyTorch's vectors (`tests/cases/encoders/make.py`); weights in every form that is read.

use std::collections::{BTreeMap, HashMap};

use candle_core::{DType, Device, Tensor};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, View};
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::embed::check::{Reference, read_references};
use crate::embed::proposal::{self, Wishes, propose};

/// A tensor of a file: type, shape, bytes.
type Stored = (Dtype, Vec<usize>, Vec<u8>);

fn cases(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/encoders").join(name)
}

/// Which file of weights to take, and the pooling where the folder does not say.
fn wishes(weights: &str, pooling: Option<Pooling>) -> Wishes {
    Wishes { weights: Some(weights.to_owned()), pooling, ..Wishes::default() }
}

/// Loads `files` with a manifest as `riposte models manifest` writes it.
fn load(folder: &TempDir, wishes: &Wishes) -> Result<CandleModel, LoadError> {
    let manifest = propose(folder.path(), wishes).unwrap().manifest;
    proposal::write(folder.path(), &manifest).unwrap();
    CandleModel::load(folder.path())
}

/// Every tiny encoder, and what `propose` has to be told of it.
fn every_encoder() -> [(&'static str, Wishes); 4] {
    [
        ("bert-wordpiece", wishes("model.safetensors", None)),
        ("xlmr-unigram", wishes("model.safetensors", Some(Pooling::Mean))),
        ("new-unigram", wishes("model.safetensors", Some(Pooling::Cls))),
        ("qwen3-bpe", wishes("model.safetensors", None)),
    ]
}

fn references_of(name: &str) -> Vec<Reference> {
    read_references(&cases(name).join("reference.jsonl")).unwrap()
}

/// Changes `config.json` of a copy.
fn change_config(folder: &TempDir, change: impl FnOnce(&mut serde_json::Map<String, Value>)) {
    let path = folder.path().join("config.json");
    let mut config: Value = serde_json::from_slice(&fs_err::read(&path).unwrap()).unwrap();
    change(config.as_object_mut().unwrap());
    fs_err::write(&path, config.to_string()).unwrap();
}

/// A copy of a tiny encoder's top-level files and its pooling.
fn copy(name: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for item in fs_err::read_dir(cases(name)).unwrap() {
        let item = item.unwrap().path();
        if item.is_file() {
            fs_err::copy(&item, folder.path().join(item.file_name().unwrap())).unwrap();
        }
    }
    if cases(name).join("1_Pooling").is_dir() {
        fs_err::create_dir(folder.path().join("1_Pooling")).unwrap();
        fs_err::copy(cases(name).join("1_Pooling/config.json"), folder.path().join("1_Pooling/config.json")).unwrap();
    }
    folder
}

fn vectors(model: &mut CandleModel, references: &[Reference]) -> Vec<Vec<f32>> {
    let rows: Vec<Vec<u32>> = references.iter().map(|reference| reference.ids.clone().unwrap()).collect();
    model.forward(&rows).unwrap()
}

/// Tokens, where texts are cut, and vectors, each text alone and all in one batch.
fn assert_parity(model: &mut CandleModel, references: &[Reference]) {
    assert_eq!(references.len(), 8);
    assert!(model.tokenize(&references[7].text, TextKind::Query).unwrap().1, "the last text is longer than the model allows");
    let together = vectors(model, references);
    for (reference, vector) in references.iter().zip(together) {
        let (ids, truncated) = model.tokenize(&reference.text, TextKind::Query).unwrap();
        assert_eq!(Some(&ids), reference.ids.as_ref(), "{:?}", reference.text);
        // None of the texts fits exactly.
        assert_eq!(truncated, ids.len() == model.info().max_tokens, "{:?}", reference.text);
        let alone = model.forward(&[ids]).unwrap().remove(0);
        for found in [alone, vector] {
            let worst = found.iter().zip(&reference.vector).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
            assert!(worst <= 1e-5, "{:?}: {worst}", reference.text);
        }
    }
}

#[test]
fn bert_with_cls_pooling_and_a_query_prefix_gives_the_vectors_of_pytorch() {
    let mut model = load(&copy("bert-wordpiece"), &wishes("model.safetensors", None)).unwrap();
    assert_parity(&mut model, &read_references(&cases("bert-wordpiece/reference.jsonl")).unwrap());
    assert_eq!(model.manifest().pooling, Pooling::Cls);
    assert_eq!(model.stored().types.len(), 1);
}

#[test]
fn xlm_roberta_with_mean_pooling_gives_the_vectors_of_pytorch() {
    let folder = copy("xlmr-unigram");
    let references = read_references(&cases("xlmr-unigram/reference.jsonl")).unwrap();
    let mean = wishes("model.safetensors", Some(Pooling::Mean));
    assert_parity(&mut load(&folder, &mean).unwrap(), &references);

    // Without `pad_token_id` the family's usual one counts.
    change_config(&folder, |config| assert_eq!(config.remove("pad_token_id"), Some(1.into())));
    assert_parity(&mut load(&folder, &mean).unwrap(), &references);
}

#[test]
fn new_with_cls_pooling_gives_the_vectors_of_pytorch() {
    let wishes = wishes("model.safetensors", Some(Pooling::Cls));
    let folder = copy("new-unigram");
    let mut model = load(&folder, &wishes).unwrap();
    assert_eq!((model.manifest().architecture, model.info().max_tokens), (crate::embed::manifest::Architecture::New, 48));
    assert_parity(&mut model, &references_of("new-unigram"));

    // The other form, and the defaults of what may be left out.
    change_config(&folder, |config| {
        let mut scaling = config.remove("rope_scaling").unwrap();
        scaling["rope_theta"] = config.remove("rope_theta").unwrap();
        config.insert("rope_parameters".to_owned(), scaling);
        for field in ["pack_qkv", "layer_norm_type", "layer_norm_eps", "type_vocab_size", "position_embedding_type"] {
            config.remove(field).unwrap();
        }
    });
    assert_parity(&mut load(&folder, &wishes).unwrap(), &references_of("new-unigram"));
}

#[test]
fn qwen3_with_last_token_pooling_and_an_instruction_gives_the_vectors_of_pytorch() {
    let wishes = wishes("model.safetensors", None);
    let folder = copy("qwen3-bpe");
    let mut model = load(&folder, &wishes).unwrap();
    assert_eq!(
        (model.manifest().pooling, model.manifest().query_prefix.as_str()),
        (Pooling::LastToken, "Instruct: find the answer\nQuery:")
    );
    assert_parity(&mut model, &references_of("qwen3-bpe"));

    change_config(&folder, |config| {
        config.remove("rope_scaling").unwrap();
        let theta = config.remove("rope_theta").unwrap();
        config.insert("rope_parameters".to_owned(), serde_json::json!({"rope_type": "default", "rope_theta": theta}));
    });
    assert_parity(&mut load(&folder, &wishes).unwrap(), &references_of("qwen3-bpe"));
}

#[test]
fn a_text_has_the_same_vector_in_any_batch_whatever_the_architecture() {
    for (name, wishes) in every_encoder() {
        let mut model = load(&copy(name), &wishes).unwrap();
        let rows: Vec<Vec<u32>> = references_of(name).into_iter().map(|reference| reference.ids.unwrap()).collect();
        let alone: Vec<Vec<f32>> = rows.iter().map(|row| model.forward(std::slice::from_ref(row)).unwrap().remove(0)).collect();
        for size in [2, 3, rows.len()] {
            for (batch, expected) in rows.chunks(size).zip(alone.chunks(size)) {
                assert_eq!(model.forward(batch).unwrap(), expected, "{name}, {size} at a time");
            }
        }
    }
}

#[test]
fn every_instruction_set_runs_every_architecture() {
    for (name, wishes) in every_encoder() {
        let folder = copy(name);
        let (mut model, references) = (load(&folder, &wishes).unwrap(), references_of(name));
        let config = EncoderConfig::parse(&fs_err::read(folder.path().join("config.json")).unwrap(), model.manifest()).unwrap();
        let bytes = fs_err::read(folder.path().join("model.safetensors")).unwrap();
        let weights = Weights::parse(&bytes, config.token_table()).unwrap();
        for kernels in kernel::Kernels::all() {
            model.network = Network::with_kernels(kernels, &weights, &config).unwrap();
            assert_parity(&mut model, &references);
        }
    }
}

#[test]
fn networks_that_would_be_run_wrongly_are_refused_by_field() {
    let refused = |name: &str, field: &str, value: Value| {
        let folder = copy(name);
        change_config(&folder, |config| drop(config.insert(field.to_owned(), value)));
        let (_, wishes) = every_encoder().into_iter().find(|(encoder, _)| *encoder == name).unwrap();
        match load(&folder, &wishes) {
            Err(LoadError::Unsupported { field, .. }) => field,
            Err(other) => panic!("{name} {field}: {other}"),
            Ok(_) => panic!("{name} {field} was accepted"),
        }
    };
    let new = [
        ("hidden_act", Value::from("silu")),
        ("layer_norm_type", "rms_norm".into()),
        ("position_embedding_type", "absolute".into()),
        ("pack_qkv", false.into()),
        ("logn_attention_scale", true.into()),
        ("logn_attention_clip1", true.into()),
        ("rope_scaling", serde_json::json!({"type": "ntk", "factor": 8.0, "mixed_b": 0.6})),
        ("rope_scaling", serde_json::json!({"type": "ntk", "factor": 0.5})),
        ("rope_scaling", serde_json::json!({"type": "dynamic", "factor": 8.0})),
    ];
    for (field, value) in new {
        assert_eq!(refused("new-unigram", field, value), field);
    }
    let qwen3 = [
        ("hidden_act", Value::from("gelu")),
        ("num_key_value_heads", 3.into()),
        ("head_dim", 7.into()),
        ("use_sliding_window", true.into()),
        ("is_causal", false.into()),
        ("use_bidirectional_attention", true.into()),
        ("rope_scaling", serde_json::json!({"rope_type": "yarn", "factor": 4.0})),
        ("rope_scaling", serde_json::json!({"type": "ntk", "factor": 4.0})),
    ];
    for (field, value) in qwen3 {
        assert_eq!(refused("qwen3-bpe", field, value), field);
    }
}

#[test]
fn last_token_pooling_needs_a_tokenizer_that_ends_a_text() {
    let folder = copy("qwen3-bpe");
    let path = folder.path().join("tokenizer.json");
    let mut tokenizer: Value = serde_json::from_slice(&fs_err::read(&path).unwrap()).unwrap();
    tokenizer["post_processor"] = Value::Null;
    fs_err::write(&path, tokenizer.to_string()).unwrap();
    assert!(matches!(load(&folder, &wishes("model.safetensors", None)), Err(LoadError::EndToken)));
}

#[test]
fn weights_in_8_bits_give_the_vectors_of_pytorch() {
    let mut model = load(&copy("bert-wordpiece"), &wishes("model.int8.safetensors", None)).unwrap();
    assert_parity(&mut model, &read_references(&cases("bert-wordpiece/reference.int8.jsonl")).unwrap());
    let kinds: Vec<&str> = model.stored().types.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["i8", "f32"]);
}

/// The tensors of a file, changed, as another file in a copy of the BERT folder.
fn changed(weights: &str, change: impl FnOnce(&mut BTreeMap<String, Stored>)) -> TempDir {
    let folder = copy("bert-wordpiece");
    let bytes = fs_err::read(folder.path().join(weights)).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors: BTreeMap<String, Stored> =
        file.iter().map(|(name, view)| (name.to_owned(), (view.dtype(), view.shape().to_vec(), view.data().to_vec()))).collect();
    change(&mut tensors);
    let views: BTreeMap<&String, TensorView<'_>> =
        tensors.iter().map(|(name, (kind, shape, data))| (name, TensorView::new(*kind, shape.clone(), data).unwrap())).collect();
    fs_err::write(folder.path().join("changed.safetensors"), safetensors::serialize(views, None::<HashMap<String, String>>).unwrap())
        .unwrap();
    folder
}

fn load_changed(weights: &str, change: impl FnOnce(&mut BTreeMap<String, Stored>)) -> Result<CandleModel, LoadError> {
    load(&changed(weights, change), &wishes("changed.safetensors", None))
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

fn bytes(values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    values.into_iter().flat_map(f32::to_le_bytes).collect()
}

/// Replaces every matrix in 8 bits by its values in f32.
fn dequantise(tensors: &mut BTreeMap<String, Stored>) {
    let matrices: Vec<String> = tensors.iter().filter(|(_, stored)| stored.0 == Dtype::I8).map(|(name, _)| name.clone()).collect();
    assert!(matrices.len() > 12, "{matrices:?}");
    for name in matrices {
        let (_, shape, codes) = tensors.remove(&name).unwrap();
        let (_, _, scales) = tensors.remove(&format!("{name}.scale")).unwrap();
        let scales = floats(&scales);
        let values = codes.iter().enumerate().map(|(at, code)| f32::from(code.cast_signed()) * scales[at / shape[1]]);
        tensors.insert(name, (Dtype::F32, shape.clone(), bytes(values)));
    }
}

/// The vectors of two models for the reference texts, which must be the same to the last bit.
fn assert_same_vectors(left: &mut CandleModel, right: &mut CandleModel) {
    let references = read_references(&cases("bert-wordpiece/reference.jsonl")).unwrap();
    assert_eq!(vectors(left, &references), vectors(right, &references));
}

#[test]
fn weights_in_8_bits_are_their_codes_times_the_factor_of_the_row() {
    let mut restored = load_changed("model.int8.safetensors", dequantise).unwrap();
    let mut stored = load(&copy("bert-wordpiece"), &wishes("model.int8.safetensors", None)).unwrap();
    assert_same_vectors(&mut stored, &mut restored);
    // Out of the vocabulary.
    assert!(matches!(stored.forward(&[vec![2, 100_000, 3]]), Err(EmbedError::Model(_))));
}

#[test]
fn factors_may_be_in_f16() {
    // 2^-5, exact in both types.
    let with_scales = |kind: Dtype, scale: Vec<u8>| {
        load_changed("model.int8.safetensors", move |tensors| {
            for (_, stored) in tensors.iter_mut().filter(|(name, _)| name.strip_suffix(".scale").is_some()) {
                *stored = (kind, stored.1.clone(), scale.repeat(stored.1[0]));
            }
        })
        .unwrap()
    };
    let mut narrow = with_scales(Dtype::F16, vec![0x00, 0x28]);
    let mut wide = with_scales(Dtype::F32, bytes([0.031_25]));
    assert_same_vectors(&mut narrow, &mut wide);
}

#[test]
fn weights_in_16_bits_are_widened() {
    let narrow = |kind: DType, back: bool| {
        load_changed("model.safetensors", move |tensors| {
            for (of_kind, shape, data) in tensors.values_mut() {
                let tensor = Tensor::from_vec(floats(data), shape.as_slice(), &Device::Cpu).unwrap().to_dtype(kind).unwrap();
                let tensor = if back { tensor.to_dtype(DType::F32).unwrap() } else { tensor };
                (*of_kind, *data) = (View::dtype(&tensor), tensor.data().into_owned());
            }
        })
        .unwrap()
    };
    for kind in [DType::F16, DType::BF16] {
        assert_same_vectors(&mut narrow(kind, false), &mut narrow(kind, true));
    }
}

#[test]
fn names_may_have_any_prefix_and_those_of_tensorflow() {
    let mut original = load(&copy("bert-wordpiece"), &wishes("model.safetensors", None)).unwrap();
    let renamed = |rename: fn(&str) -> String| {
        load_changed("model.safetensors", |tensors| {
            *tensors = std::mem::take(tensors).into_iter().map(|(name, stored)| (rename(&name), stored)).collect();
        })
        .unwrap()
    };
    let renames: [fn(&str) -> String; 3] = [
        |name| name.replacen("bert.", "", 1),
        |name| format!("0.auto_model.{}", name.replacen("bert.", "", 1)),
        |name| name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"),
    ];
    for rename in renames {
        assert_same_vectors(&mut renamed(rename), &mut original);
    }
}

#[test]
fn weights_that_do_not_make_the_network_are_refused_by_name() {
    const MATRIX: &str = "bert.encoder.layer.0.attention.self.query.weight";
    let refusal = |weights: &str, change: fn(&mut BTreeMap<String, Stored>)| match load_changed(weights, change) {
        Err(LoadError::Weights(error)) => error,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("the weights were accepted"),
    };
    let int8 = "model.int8.safetensors";
    let missing = refusal(int8, |tensors| drop(tensors.remove(&format!("{MATRIX}.scale"))));
    assert!(matches!(&missing, WeightsError::ScaleMissing { name } if name == MATRIX));
    let short = refusal(int8, |tensors| drop(tensors.insert(format!("{MATRIX}.scale"), (Dtype::F32, vec![1], vec![0; 4]))));
    assert!(matches!(&short, WeightsError::ScaleShape { found, rows: 16, .. } if *found == [1]));
    let integers = refusal(int8, |tensors| drop(tensors.insert(format!("{MATRIX}.scale"), (Dtype::I32, vec![16], vec![0; 64]))));
    assert!(matches!(&integers, WeightsError::Type { found: Dtype::I32, .. }));
    let table = "bert.embeddings.word_embeddings.weight";
    let no_table_scale = refusal(int8, |tensors| drop(tensors.remove("bert.embeddings.word_embeddings.weight.scale")));
    assert!(matches!(&no_table_scale, WeightsError::ScaleMissing { name } if name == table));
    let vector = refusal("model.safetensors", |tensors| {
        tensors.insert("bert.embeddings.LayerNorm.bias".to_owned(), (Dtype::I8, vec![16], vec![0; 16]));
    });
    assert!(matches!(&vector, WeightsError::Type { found: Dtype::I8, .. }));
    let gone = refusal("model.safetensors", |tensors| drop(tensors.remove(MATRIX)));
    assert!(matches!(&gone, WeightsError::Missing { name } if name == MATRIX));
    let narrow = refusal("model.safetensors", |tensors| drop(tensors.insert(MATRIX.to_owned(), (Dtype::F32, vec![16, 8], vec![0; 512]))));
    assert!(matches!(&narrow, WeightsError::Shape { found, expected, .. } if *found == [16, 8] && *expected == [16, 16]));
}

#[test]
fn files_that_are_not_safetensors_are_told_apart() {
    let folder = copy("bert-wordpiece");
    let refusal = |content: &[u8]| {
        fs_err::write(folder.path().join("model.safetensors"), content).unwrap();
        match load(&folder, &wishes("model.safetensors", None)) {
            Err(LoadError::Weights(error)) => error,
            _ => panic!("the file was accepted"),
        }
    };
    assert!(matches!(refusal(b"PK\x03\x04rest"), WeightsError::PyTorch));
    assert!(matches!(refusal(b"\x80\x02}q"), WeightsError::PyTorch));
    assert!(matches!(refusal(b"version https://git-lfs.github.com/spec/v1"), WeightsError::NotSafetensors(_)));
}
