//! A desk's adapter: three residual maps that turn a live moment's frozen vectors into those the index is asked with, and a classifier that
//! says what kind of reply to expect ([`super::replies`]).
//!
//! Each probe of [`DenseField`] has a head of its own, `f(v) = normalise(v + W·v + b)`; the question's head reads the question, those of the
//! situation and of the answer read the situation. Only the side that asks is mapped. Archived vectors stay as the encoder made them: an
//! adapter is switched on and off without writing a point, and grouping, consensus and clusters keep their measure of likeness.
//! How an adapter is learnt is `adapt`'s matter; here it is kept, checked and applied.
//!
//! On disk it is a folder: [`MANIFEST_FILE`], written last, and [`WEIGHTS_FILE`].

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::encode::{EncodedQuery, dot, normalise};
use super::replies::{GRAINS, ReplyModel, ReplyWeights, input_width, reply_input};
use crate::domain::{DeskId, Timestamp};
use crate::index::DenseField;

/// Name of the manifest in an adapter's folder.
pub const MANIFEST_FILE: &str = "adapter.json";
/// Name of the weights in an adapter's folder.
pub const WEIGHTS_FILE: &str = "adapter.safetensors";
/// Version of the format.
pub const VERSION: u32 = 2;

/// Names of the classifier's tensors, in the order of [`ReplyWeights`].
const REPLY_TENSORS: [&str; 5] = ["replies.input", "replies.input_bias", "replies.output", "replies.output_bias", "replies.centres"];
/// Name of the tensor of parents.
const PARENTS: &str = "replies.parents";

/// Why an adapter can't be used.
#[derive(Debug, thiserror::Error)]
pub enum AdapterError {
    /// It was learnt on another encoder's vectors.
    #[error(
        "the adapter of desk `{desk}` was learnt with encoder {adapter}, this encoder has fingerprint {encoder}: run `riposte adapt --desk {desk}` \
         to adapt the present one, or `riposte adapt --desk {desk} --off`"
    )]
    OtherEncoder {
        /// The desk.
        desk: DeskId,
        /// Fingerprint in the manifest.
        adapter: String,
        /// Fingerprint of the encoder in use.
        encoder: String,
    },
    /// A file is missing or unreadable.
    #[error("cannot read or write {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The manifest is not one.
    #[error("{} is no adapter manifest of this program", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// The weights are damaged or of another shape.
    #[error("{}: {problem}; adapt the desk again", path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
}

/// What the newest part of the archive said of an adapter learnt on the older part.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = AdapterTrial)]
pub struct Trial {
    /// Moments asked.
    pub asked: u32,
    /// Whether the parts were divided by time; otherwise conversations were drawn, because the archive has no times.
    pub by_time: bool,
    /// Mean chrF of the best of the first three answers against the answer really given (0–1), without the adapter.
    pub before: f64,
    /// The same with it.
    pub after: f64,
    /// Standard error of the mean difference, moment by moment.
    pub standard_error: f64,
    /// The same for the first answer only, without and with.
    pub first_before: f64,
    /// See `first_before`.
    pub first_after: f64,
    /// How often what is shown was right, where more than words tells that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<JudgedTrial>,
}

/// How often one of the first three answers was right, without and with an adapter, where it is known which answers are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = AdapterJudgedTrial)]
pub struct JudgedTrial {
    /// Moments of the trial that could be judged.
    pub asked: u32,
    /// Share of them (0–1) with a right one among the first three answers, without the adapter.
    pub before: f64,
    /// The same with it.
    pub after: f64,
    /// Standard error of the difference.
    pub standard_error: f64,
}

impl JudgedTrial {
    /// Whether fewer are right than before, by more than the standard error and by more than one moment.
    fn is_lost(&self) -> bool {
        // The margin settles ties, which rounding would decide: one moment lost of many is just as much as its error.
        self.before - self.after > self.standard_error.max(1.0 / f64::from(self.asked.max(1))) + 1e-9
    }
}

impl Trial {
    /// Whether the gain is larger than its standard error, and of what is known to be right no more is lost than chance may take: words can be
    /// alike and mean another thing.
    #[must_use]
    pub fn is_won(&self) -> bool {
        self.after - self.before > self.standard_error && !self.judged.is_some_and(|judged| judged.is_lost())
    }
}

/// Brings an adapted ranking's scores to the scale of an unadapted one, on which the calibration and a desk's threshold were set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScoreScale {
    /// Factor; positive, so that the order stays.
    pub slope: f32,
    /// Added afterwards.
    pub intercept: f32,
}

impl ScoreScale {
    /// Leaves scores as they are.
    pub const SAME: Self = Self { slope: 1.0, intercept: 0.0 };

    /// The score on the unadapted scale.
    #[must_use]
    pub fn apply(self, score: f32) -> f32 {
        self.slope * score + self.intercept
    }
}

/// What an adapter says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdapterManifest {
    /// Version of the format.
    pub version: u32,
    /// Names the adapter (the job that made it).
    pub id: String,
    /// The desk it was learnt on and is used for.
    pub desk: DeskId,
    /// Fingerprint of the encoder whose vectors it maps.
    pub encoder: String,
    /// Length of a vector.
    pub dimension: usize,
    /// When it was made.
    pub created_at: Timestamp,
    /// Archived moments it was learnt from.
    pub lessons: u32,
    /// Passes over them; 0 where vectors are left as they are.
    pub epochs: u32,
    /// How it fared on the newest part of the archive.
    pub trial: Trial,
    /// Length of the vector the answers are asked with: what one unit of its cosine is worth to the ranker.
    pub answer_gain: f32,
    /// The classifier of replies; none where it was worth nothing.
    pub replies: Option<ReplyManifest>,
    /// How the ranking's scores become comparable with unadapted ones.
    pub scale: ScoreScale,
    /// SHA-256 of the weights, 64 lower-case hexadecimal digits.
    pub sha256: String,
}

/// The shape of a classifier of replies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplyManifest {
    /// Width of the hidden layer.
    pub hidden: usize,
    /// Numbers of kinds, coarse to fine.
    pub kinds: [usize; GRAINS],
    /// What a unit of each grain's log probability is worth in the ranker's score.
    pub worth: [f32; GRAINS],
}

/// One residual map.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// `dimension` rows of `dimension` values.
    pub weight: Vec<f32>,
    /// `dimension` values.
    pub bias: Vec<f32>,
}

impl Head {
    /// The map that changes nothing but length.
    #[must_use]
    pub fn identity(dimension: usize) -> Self {
        Self { weight: vec![0.0; dimension * dimension], bias: vec![0.0; dimension] }
    }

    /// `normalise(v + W·v + b)`.
    #[must_use]
    pub fn apply(&self, vector: &[f32]) -> Vec<f32> {
        let rows = self.weight.chunks_exact(vector.len());
        let mut mapped: Vec<f32> =
            vector.iter().zip(rows.zip(&self.bias)).map(|(value, (row, bias))| value + dot(row, vector) + bias).collect();
        normalise(&mut mapped);
        mapped
    }
}

/// A loaded adapter.
#[derive(Debug, Clone, PartialEq)]
pub struct Adapter {
    manifest: AdapterManifest,
    /// In the order of [`DenseField::ALL`]; none where maps were worth nothing.
    heads: Option<[Head; 3]>,
    replies: Option<ReplyModel>,
}

impl Adapter {
    /// Puts an adapter together; the manifest's hash is set by [`Self::write`].
    #[must_use]
    pub fn new(mut manifest: AdapterManifest, heads: Option<[Head; 3]>, replies: Option<ReplyModel>) -> Self {
        manifest.replies = replies.as_ref().map(|model| ReplyManifest {
            hidden: model.weights().input_bias.len(),
            kinds: model.kinds(),
            worth: model.weights().worth,
        });
        Self { manifest, heads, replies }
    }

    /// Whether what led up to a moment matters to it.
    #[must_use]
    pub const fn looks_back(&self) -> bool {
        self.replies.is_some()
    }

    /// What it says about itself.
    #[must_use]
    pub const fn manifest(&self) -> &AdapterManifest {
        &self.manifest
    }

    /// One vector as the archive's `field` is asked with it, of length 1.
    #[must_use]
    pub fn map(&self, field: DenseField, vector: &[f32]) -> Vec<f32> {
        self.heads.as_ref().map_or_else(|| vector.to_vec(), |heads| heads[field as usize].apply(vector))
    }

    /// Maps what the index will be asked with, and forecasts the reply; words are left alone.
    #[must_use]
    pub fn adapt(&self, query: EncodedQuery) -> EncodedQuery {
        let input = |query: &EncodedQuery| reply_input(&query.question, &query.situation, &query.history);
        let forecast = self.replies.as_ref().map(|replies| Arc::new(replies.forecast(&input(&query))));
        let query = EncodedQuery { forecast, scale: self.manifest.scale, ..query };
        if self.heads.is_none() {
            return query;
        }
        let mut answers = self.map(DenseField::Answer, &query.situation);
        for value in &mut answers {
            *value *= self.manifest.answer_gain;
        }
        EncodedQuery {
            answer: answers,
            situation: self.map(DenseField::Situation, &query.situation),
            question: self.map(DenseField::Question, &query.question),
            ..query
        }
    }

    /// Writes the adapter into `folder`, the manifest last, so that a folder with a manifest is whole. Gives the adapter back with its hash.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write(mut self, folder: &Path) -> Result<Self, AdapterError> {
        let path = folder.join(WEIGHTS_FILE);
        let dimension = self.manifest.dimension;
        let mut tensors = HashMap::new();
        for (field, head) in DenseField::ALL.into_iter().zip(self.heads.iter().flatten()) {
            let name = field.vector_name();
            for (part, values, shape) in [("weight", &head.weight, vec![dimension, dimension]), ("bias", &head.bias, vec![dimension])] {
                let tensor = Tensor::from_slice(values, shape, &Device::Cpu).map_err(|error| damaged(&path, &error))?;
                tensors.insert(format!("{name}.{part}"), tensor);
            }
        }
        if let Some(replies) = &self.replies {
            let ReplyWeights { input, input_bias, output, output_bias, centres, parents, .. } = replies.weights();
            for (name, values) in REPLY_TENSORS.into_iter().zip([&input[..], input_bias, output, output_bias, centres]) {
                let tensor = Tensor::from_slice(values, values.len(), &Device::Cpu).map_err(|error| damaged(&path, &error))?;
                tensors.insert(name.to_owned(), tensor);
            }
            let parents = Tensor::from_slice(parents.as_flattened(), parents.len() * (GRAINS - 1), &Device::Cpu);
            tensors.insert(PARENTS.to_owned(), parents.map_err(|error| damaged(&path, &error))?);
        }
        fs_err::create_dir_all(folder).map_err(file_error(folder))?;
        candle_core::safetensors::save(&tensors, &path).map_err(|error| damaged(&path, &error))?;
        self.manifest.sha256 = sha256_hex(&fs_err::read(&path).map_err(file_error(&path))?);
        let path = folder.join(MANIFEST_FILE);
        let json = serde_json::to_vec_pretty(&self.manifest).map_err(|source| AdapterError::Manifest { path: path.clone(), source })?;
        fs_err::write(&path, json).map_err(file_error(&path))?;
        Ok(self)
    }

    /// Reads and checks the adapter in `folder`.
    ///
    /// # Errors
    /// When a file is missing, changed, or the adapter is another encoder's.
    pub fn read(folder: &Path, encoder: &str) -> Result<Self, AdapterError> {
        let path = folder.join(MANIFEST_FILE);
        let json = fs_err::read(&path).map_err(file_error(&path))?;
        let manifest: AdapterManifest = serde_json::from_slice(&json).map_err(|source| AdapterError::Manifest { path, source })?;
        let path = folder.join(WEIGHTS_FILE);
        if manifest.version != VERSION {
            return Err(damaged(&path, &format_args!("version {} is not known, this program knows {VERSION}", manifest.version)));
        }
        if manifest.encoder != encoder {
            let AdapterManifest { desk, encoder: adapter, .. } = manifest;
            return Err(AdapterError::OtherEncoder { desk, adapter, encoder: encoder.to_owned() });
        }
        let bytes = fs_err::read(&path).map_err(file_error(&path))?;
        if sha256_hex(&bytes) != manifest.sha256 {
            return Err(damaged(&path, &"the file is not the one its manifest speaks of"));
        }
        let tensors = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu).map_err(|error| damaged(&path, &error))?;
        let values = |name: &str, length: usize| -> Result<Vec<f32>, AdapterError> {
            let tensor = tensors.get(name).ok_or_else(|| damaged(&path, &format_args!("`{name}` is missing")))?;
            let values: Vec<f32> = tensor.flatten_all().and_then(|flat| flat.to_vec1()).map_err(|error| damaged(&path, &error))?;
            if values.len() == length && values.iter().all(|value| value.is_finite()) {
                Ok(values)
            } else {
                Err(damaged(&path, &format_args!("`{name}` has another shape, or numbers that are none")))
            }
        };
        let dimension = manifest.dimension;
        let head = |field: DenseField| -> Result<Head, AdapterError> {
            let name = field.vector_name();
            Ok(Head {
                weight: values(&format!("{name}.weight"), dimension * dimension)?,
                bias: values(&format!("{name}.bias"), dimension)?,
            })
        };
        let heads = match manifest.epochs {
            0 => None,
            _ => Some([head(DenseField::Question)?, head(DenseField::Situation)?, head(DenseField::Answer)?]),
        };
        let replies = match &manifest.replies {
            None => None,
            Some(shape) => {
                let (all, fine) = (shape.kinds.iter().sum::<usize>(), shape.kinds[GRAINS - 1]);
                let lengths = [shape.hidden * input_width(dimension), shape.hidden, shape.hidden * all, all, fine * dimension];
                let mut parts = Vec::with_capacity(lengths.len());
                for (name, length) in REPLY_TENSORS.into_iter().zip(lengths) {
                    parts.push(values(name, length)?);
                }
                let parents: Option<Vec<u32>> = tensors.get(PARENTS).and_then(|parents| parents.to_vec1().ok());
                let model = <[Vec<f32>; 5]>::try_from(parts).ok().zip(parents).and_then(|(parts, parents)| {
                    let [input, input_bias, output, output_bias, centres] = parts;
                    let parents = parents.as_chunks::<{ GRAINS - 1 }>().0.to_vec();
                    let weights =
                        ReplyWeights { input, input_bias, output, output_bias, centres: centres.into(), parents, worth: shape.worth };
                    ReplyModel::new(dimension, shape.kinds, weights)
                });
                Some(model.ok_or_else(|| damaged(&path, &"the kinds of replies do not fit each other"))?)
            }
        };
        Ok(Self { manifest, heads, replies })
    }
}

/// The adapters in force, by desk: read by every request, changed by whoever switches.
#[derive(Debug, Default)]
pub struct Adapters {
    in_force: RwLock<HashMap<DeskId, Arc<Adapter>>>,
}

impl Adapters {
    /// The desk's adapter, if it has one.
    #[must_use]
    pub fn of(&self, desk: &DeskId) -> Option<Arc<Adapter>> {
        self.in_force.read().unwrap_or_else(PoisonError::into_inner).get(desk).cloned()
    }

    /// Switches a desk to an adapter, or back to the bare encoder. Requests under way end with what they began with.
    pub fn switch(&self, desk: &DeskId, adapter: Option<Arc<Adapter>>) {
        let mut in_force = self.in_force.write().unwrap_or_else(PoisonError::into_inner);
        match adapter {
            Some(adapter) => in_force.insert(desk.clone(), adapter),
            None => in_force.remove(desk),
        };
    }
}

fn damaged(path: &Path, problem: &dyn std::fmt::Display) -> AdapterError {
    AdapterError::Weights { path: path.to_owned(), problem: problem.to_string() }
}

fn file_error(path: &Path) -> impl FnOnce(std::io::Error) -> AdapterError {
    let path = path.to_owned();
    move |source| AdapterError::File { path, source }
}

fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retrieve::QueryTerms;
    use crate::retrieve::encode::History;

    fn manifest() -> AdapterManifest {
        AdapterManifest {
            version: VERSION,
            id: "1".to_owned(),
            desk: "shop".parse().unwrap(),
            encoder: "0123".to_owned(),
            dimension: 2,
            created_at: Timestamp::from_micros(1_700_000_000_000_000),
            lessons: 300,
            epochs: 4,
            trial: Trial {
                asked: 80,
                by_time: true,
                before: 0.2,
                after: 0.23,
                standard_error: 0.01,
                first_before: 0.1,
                first_after: 0.1,
                judged: None,
            },
            answer_gain: 4.0,
            replies: None,
            scale: ScoreScale { slope: 0.5, intercept: 1.0 },
            sha256: String::new(),
        }
    }

    /// Turns by 90 degrees: `v + W·v` with `W = rotation - 1`.
    fn quarter_turn() -> Head {
        Head { weight: vec![-1.0, -1.0, 1.0, -1.0], bias: vec![0.0, 0.0] }
    }

    fn replies() -> ReplyModel {
        let weights = ReplyWeights {
            input: (0..input_width(2)).map(|place| place as f32).collect(),
            input_bias: vec![0.5],
            output: vec![1.0, 2.0, 3.0, 4.0],
            output_bias: vec![0.0, 0.1, 0.2, 0.3],
            centres: std::sync::Arc::from([1.0, 0.0, 0.0, 1.0]),
            parents: vec![[0, 0], [0, 0]],
            worth: [0.1, 0.2, 0.3],
        };
        ReplyModel::new(2, [1, 1, 2], weights).unwrap()
    }

    fn query() -> EncodedQuery {
        EncodedQuery {
            question: vec![1.0, 0.0],
            situation: vec![0.0, 1.0],
            answer: vec![1.0, 0.0],
            plain_question: vec![1.0, 0.0],
            history: History::default(),
            forecast: None,
            terms: QueryTerms::default(),
            has_previous: false,
            context_terms: Vec::new(),
            scale: ScoreScale::SAME,
        }
    }

    #[test]
    fn each_probe_has_its_own_head() {
        let biased = Head { bias: vec![1.0, 0.0], ..Head::identity(2) };
        let adapted = Adapter::new(manifest(), Some([quarter_turn(), Head::identity(2), biased]), None).adapt(query());
        assert_eq!(adapted.question, [0.0, 1.0]);
        assert_eq!(adapted.situation, [0.0, 1.0]);
        let half = 4.0 * 0.5f32.sqrt();
        assert!(
            adapted.answer.iter().all(|value| (value - half).abs() < 1e-5),
            "the situation, shifted, of length 4: {:?}",
            adapted.answer
        );
        assert_eq!(adapted.plain_question, [1.0, 0.0], "what tells foreign questions stays frozen");
        assert_eq!(adapted.scale.apply(2.0), 2.0);
        assert!(adapted.forecast.is_none());
        let expecting = Adapter::new(AdapterManifest { epochs: 0, ..manifest() }, None, Some(replies()));
        let expecting_query = expecting.adapt(query());
        assert!(expecting.looks_back() && expecting_query.forecast.is_some());
        assert_eq!((expecting_query.answer, expecting_query.question), (query().answer, query().question), "without maps vectors stay");
    }

    #[test]
    fn comes_back_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let written = Adapter::new(manifest(), Some([quarter_turn(), Head::identity(2), quarter_turn()]), Some(replies()))
            .write(folder.path())
            .unwrap();
        assert_eq!(written.manifest().sha256.len(), 64);
        assert_eq!(Adapter::read(folder.path(), "0123").unwrap(), written);
    }

    #[test]
    fn another_encoders_adapter_is_refused_with_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        Adapter::new(manifest(), Some(std::array::from_fn(|_| Head::identity(2))), None).write(folder.path()).unwrap();
        let refused = Adapter::read(folder.path(), "4567").unwrap_err();
        assert!(matches!(refused, AdapterError::OtherEncoder { .. }));
        assert!(refused.to_string().contains("riposte adapt --desk shop"), "{refused}");
    }

    #[test]
    fn changed_weights_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        Adapter::new(manifest(), Some(std::array::from_fn(|_| Head::identity(2))), None).write(folder.path()).unwrap();
        let path = folder.path().join(WEIGHTS_FILE);
        let mut bytes = fs_err::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs_err::write(&path, bytes).unwrap();
        assert!(matches!(Adapter::read(folder.path(), "0123"), Err(AdapterError::Weights { .. })));
    }

    #[test]
    fn a_gain_within_its_error_is_none() {
        let trial = manifest().trial;
        assert!(trial.is_won());
        assert!(!Trial { after: 0.209, ..trial }.is_won());
    }
}
